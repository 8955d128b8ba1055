"""The demo's verdict must be able to fail: missing, unexpected and doubled events are all found."""

import pytest
from expected import Raised, expected, judge

CLIP = {
    "events": [
        {"window": "1", "rule": "slumped", "opened": 10.0, "closed": 20.0},
        {"window": "2", "rule": "badge_missing", "opened": 0.0, "closed": None},
        {"window": "2", "rule": "tilted", "opened": 30.0, "closed": 32.0},
    ],
    "policy": {"slumped": {"raise_after_s": 4}, "badge_missing": {"raise_after_s": 6}, "tilted": {"raise_after_s": 4}},
}
SLUMPED, BADGE = Raised("1", "slumped", 10.0), Raised("2", "badge_missing", 0.0)


@pytest.mark.parametrize(
    "name, loops, end, must, may",
    [
        ("one whole loop; what is shorter than its dwell is not expected", [0], 50, [SLUMPED, BADGE], []),
        ("ended before the first dwell was full", [0], 2.5, [], []),
        ("ended while a dwell may just have been full", [0], 14, [BADGE], [SLUMPED]),
        ("second loop", [0, 40], 55, [SLUMPED, BADGE, Raised("2", "badge_missing", 40.0)], [Raised("1", "slumped", 50.0)]),
    ],
)
def test_expected(name, loops, end, must, may):
    assert expected(CLIP, loops, end) == (must, may), name


@pytest.mark.parametrize(
    "name, got, exact",
    [
        ("both came", [SLUMPED, BADGE], True),
        ("a little late", [Raised("1", "slumped", 11.5), BADGE], True),
        ("one is missing", [BADGE], False),
        ("far too late", [Raised("1", "slumped", 13.0), BADGE], False),
        ("at another window", [Raised("2", "slumped", 10.0), BADGE], False),
        ("one more than expected", [SLUMPED, BADGE, Raised("1", "smoking", 20.0)], False),
        ("one came twice", [SLUMPED, SLUMPED, BADGE], False),
        ("nothing came", [], False),
    ],
)
def test_judge(name, got, exact):
    assert judge([SLUMPED, BADGE], [], got).exact is exact, name


def test_what_may_come_may_stay_away():
    assert judge([BADGE], [SLUMPED], [BADGE]).exact
    assert judge([BADGE], [SLUMPED], [BADGE, SLUMPED]).exact
    assert not judge([BADGE], [SLUMPED], [BADGE, SLUMPED, SLUMPED]).exact
