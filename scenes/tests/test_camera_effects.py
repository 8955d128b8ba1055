"""What a cheap camera does to a picture."""

import numpy as np
import pytest
from PIL import Image

from scenes import camera

PLAIN = {"blur_px": 0, "gamma": 1.0, "white_balance": [1, 1, 1], "infrared": False, "noise": 0.0, "quality": 80}


def grey(value, size=(8, 6)):
    return Image.new("RGB", size, (value, value, value))


def applied(changes, picture, seed=0):
    return np.asarray(camera.apply_effects(picture, {**PLAIN, **changes}, np.random.RandomState(seed)))


def test_no_effect_changes_nothing():
    out = applied({}, grey(120))
    assert out.shape == (6, 8, 3)
    assert abs(out.astype(int) - 120).max() <= 1


@pytest.mark.parametrize("gamma, brighter", [(0.8, True), (1.25, False)])
def test_gamma(gamma, brighter):
    assert (applied({"gamma": gamma}, grey(120)).mean() > 121) == brighter


def test_white_balance_tints():
    red, green, blue = applied({"white_balance": [1.06, 1, 0.94]}, grey(120)).reshape(-1, 3).mean(0)
    assert red > green > blue


def test_infrared_is_grey():
    out = applied({"infrared": True}, Image.new("RGB", (4, 4), (200, 100, 30)))
    assert (out == out[:, :, :1]).all()


def test_noise_is_of_the_seed_and_never_the_same_twice():
    rng = np.random.RandomState(3)
    first, second = (np.asarray(camera.apply_effects(grey(120), {**PLAIN, "noise": 0.008}, rng)) for _ in range(2))
    assert (first != second).any()
    assert (first == applied({"noise": 0.008}, grey(120), seed=3)).all()


def test_blur_softens_an_edge():
    picture = Image.fromarray(np.repeat(np.repeat([[0, 255]], 4, 1), 8, 0).astype(np.uint8)).convert("RGB")
    assert applied({"blur_px": 0.9}, picture)[4, 3, 0] > 10


def test_random_effects_are_of_the_seed():
    draw = [camera.random_effects(np.random.RandomState(s)) for s in (5, 5, 6)]
    assert draw[0] == draw[1] != draw[2]
    assert all(62 <= d["quality"] < 93 for d in draw)
