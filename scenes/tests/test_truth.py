"""From what is seen to truth rows."""

import numpy as np
import pytest

from scenes import truth
from scenes.camera import View

BOX = [0.4, 0.4, 0.1, 0.1]
SEEN = {"px": 900, "outline": 1000.0, "box": BOX}
FAINT = {"px": 3, "outline": 4.0, "box": BOX}
SLIVER = {"px": 100, "outline": 1000.0, "box": BOX}
UPRIGHT = {"posture": "upright", "behaviour": "idle", "smoking": False}


def seen(**changes):
    row = {
        "person": SEEN,
        "label": UPRIGHT,
        "keypoints": [[0.5, 0.5, 2]] * 17,
        "badge": SEEN,
        "cigarette": None,
        "items": [],
    }
    return {**row, **changes}


def check(window, expected, camera_kind="front_high"):
    row = truth.window_truth(window, camera_kind)
    assert {key: row.get(key) for key in expected} == expected


ELBOWS_ALONE = [[0.5, 0.5, 1]] * 7 + [[0.5, 0.5, 2]] * 10
HIDDEN_SHOULDER = [[0.5, 0.5, 2]] * 6 + [[0.5, 0.5, 1]] + [[0.5, 0.5, 2]] * 10


@pytest.mark.parametrize(
    "window, expected",
    [
        (
            seen(),
            {
                "presence": "present",
                "people": 1,
                "posture": "upright",
                "badge": "worn",
                "badge_box": BOX,
                "smoking": False,
            },
        ),
        (seen(person=None), {"presence": "absent", "people": 0, "posture": None}),
        (seen(person=FAINT), {"presence": None, "posture": None, "badge": None}),
        (seen(badge=FAINT), {"badge": None}),
        (seen(badge=SLIVER), {"badge": None}),
        (seen(badge=None), {"badge": "missing"}),
        (seen(badge=None, keypoints=HIDDEN_SHOULDER), {"badge": None}),
        (seen(badge=None, label={**UPRIGHT, "posture": "slumped"}), {"posture": "slumped", "badge": None}),
        (seen(keypoints=ELBOWS_ALONE), {"presence": "present", "posture": None}),
        (seen(keypoints=ELBOWS_ALONE, label={**UPRIGHT, "posture": "slumped"}), {"posture": "slumped"}),
        (seen(label={**UPRIGHT, "smoking": True}, cigarette=SEEN), {"smoking": True, "cigarette_box": BOX}),
        (seen(label={**UPRIGHT, "smoking": True}, cigarette=FAINT), {"smoking": None}),
        (seen(label={**UPRIGHT, "smoking": True}, cigarette=SLIVER), {"smoking": None}),
        (seen(label={**UPRIGHT, "smoking": True}), {"smoking": None}),
    ],
)
def test_a_window(window, expected):
    check(window, expected)


@pytest.mark.parametrize(
    "kind, badge", [("front_wall", "missing"), ("near", "missing"), ("side", None), ("behind34", None)]
)
def test_a_badge_is_missing_only_where_the_chest_is_seen(kind, badge):
    check(seen(badge=None), {"badge": badge}, kind)


def item(cls, px=900, outline=1000.0, in_hand=False):
    return {"id": cls, "class": cls, "in_hand": in_hand, "px": px, "outline": outline, "box": BOX}


def test_items():
    items = [item("cup"), item("toy", px=3), item("mobile_phone", in_hand=True)]
    row = truth.still_row("2", seen(items=items), "front_high")
    assert row["items"] == [{"class": "cup", "box": BOX}, {"class": "ignore", "box": BOX}]
    assert (row["window"], row["from"], row["to"]) == ("2", 0, 0)


@pytest.mark.parametrize(
    "thing, expected",
    [
        (item("book", px=160), "book"),
        (item("book", px=140), "ignore"),
        (item("telephone", px=140), "telephone"),
        (item("umbrella", px=30, outline=180.0), "umbrella"),
    ],
)
def test_clutter_behind_a_screen_scores_neither_way(thing, expected):
    assert truth.items([thing]) == [{"class": expected, "box": BOX}]


@pytest.mark.parametrize(
    "points, expected",
    [
        ([(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.5, 0.5)], 0.25),
        ([(0.5, 0.0), (1.5, 0.0), (1.5, 1.0), (0.5, 1.0)], 0.5),
        ([(2.0, 2.0), (3.0, 2.0), (3.0, 3.0)], 0),
    ],
)
def test_an_outline_ends_where_the_picture_does(points, expected):
    assert truth.outline_px(np.array(points), (100, 50)) == pytest.approx(expected * 5000)


def test_a_seat_is_drawn_as_wide_as_its_installer_is_generous():
    view = View.of({"loc": [0, -2.5, 2.3], "at": [0, -0.2, 1.0], "fov": 55, "roll": 0, "kind": "front_high"}, (640, 360))

    def extent(margin):
        style = {"pitch": 1.6, "ledge": 0.8, "seat_margin": margin}
        return np.ptp(truth.geometry(view, style, 1)[0]["seat"], axis=0)

    assert (extent(0.3) > extent(0.1)).all() and (extent(0.1) > extent(0.0)).all()
