"""The demo stops what it started, however often it is told to end."""

import os
import signal

import demo
import pytest

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def handlers_put_back():
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("first", NUMBERS)
def test_asked_again_it_goes_on_stopping_its_parts(first, handlers_put_back):
    demo.end_on_signals()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), first)
    for number in NUMBERS:
        os.kill(os.getpid(), number)  # would raise where somebody still listens
