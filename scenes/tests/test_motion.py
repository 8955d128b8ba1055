"""Movement between poses, and the way out."""

import numpy as np
import pytest

from scenes import motion, rotation
from scenes.timeline import OUT_M


def canonical(x, turn, holds):
    """A canonical pose that differs in what a blend must treat differently."""
    pose = dict.fromkeys(motion.ANGLES, x)
    pose.update(
        root=np.full(3, x), head_R=rotation.about([0, 0, 1], turn), cigarette=holds, prop=None, label={"holds": holds}
    )
    for side in "LR":
        for key in ("hand", "fing", "palm", "pole", "foot", "knee"):
            pose[f"{key}_{side}"] = np.full(3, x)
        pose[f"curl_{side}"] = np.full(5, x)
    return pose


A, B = canonical(0.0, 0, None), canonical(1.0, 90, "hand_R")


def test_a_blend_begins_and_ends_at_its_poses():
    for f, pose in ((0, A), (-1, A), (1, B), (2, B)):
        blended = motion.blend(A, B, f)
        assert all(np.array_equal(blended[key], pose[key]) for key in pose if key != "label")


def test_half_way():
    half = motion.blend(A, B, 0.5)
    assert half["root"] == pytest.approx([0.5] * 3)
    assert half["head_R"] == pytest.approx(rotation.about([0, 0, 1], 45))
    assert half["hand_L"] == pytest.approx([0.5, 0.5, 0.57])  # hands travel in an arc


@pytest.mark.parametrize("f, holds", [(0.4, None), (0.6, "hand_R")])
def test_what_is_held_changes_half_way(f, holds):
    assert motion.blend(A, B, f)["cigarette"] == holds


def test_who_sits_has_not_moved():
    assert motion.walk(0, -1, 3.0) == pytest.approx(np.eye(4))


@pytest.mark.parametrize("side", [-1, 1])
def test_the_way_out_leads_aside(side):
    places = np.array([motion.walk(away, side, 0.0)[:3, 3] for away in np.linspace(0, OUT_M, 30)])
    assert (np.diff(places[:, 0] * side) > 0).all()
    assert abs(places[-1, 0]) > 2
    facing = motion.walk(1.0, side, 0.0)[:3, :3] @ [0, -1, 0]
    assert facing[0] * side > 0.9


def test_the_living_move_and_the_napping_hardly():
    def sway(behaviour):
        return np.ptp([motion.alive(A, t, 0.0, behaviour)["torso_roll"] for t in np.arange(0, 20, 0.5)])

    assert sway("idle") > 3 * sway("nap_side") > 0
    taps = [motion.alive(A, t, 0.0, "typing")["curl_R"] for t in (0.0, 0.2)]
    assert not np.array_equal(*taps)
