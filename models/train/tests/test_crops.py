"""Quick checks without base models: `pytest models/train/tests` (numpy and pillow)."""
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import augment, crops, data, golden  # noqa: E402

CASES = json.loads(golden.PATH.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_golden(case):
    again = golden.case(case["name"], case["width"], case["height"], case["seat"], case["desk"], np.array(case["keypoints"]))
    assert json.loads(json.dumps(again)) == case


def test_golden_has_crops_and_refusals():
    for name in ("chest", "head", "head_hands"):
        given = [c["expected"][name] is not None for c in CASES]
        assert any(given) and not all(given)
    assert {len(c["expected"]["closer"]) for c in CASES} >= {0, 1, 2, 3}


def test_mask_keeps_the_polygon_and_greys_the_rest():
    picture = np.full((40, 60, 3), 200, np.uint8)
    out = crops.masked(picture, [[[.25, .25], [.75, .25], [.75, .75], [.25, .75]]])
    assert (out[10:30, 15:45] == 200).all() and (out[:10] == crops.PAD).all() and (out[:, 45:] == crops.PAD).all()
    assert crops.polygon_mask(60, 40, [[[.25, .25], [.75, .25], [.75, .75], [.25, .75]]]).sum() == 30 * 20


def test_cut_letterboxes_in_the_centre():
    picture = np.full((100, 100, 3), 10, np.uint8)
    out = crops.cut(picture, [10.0, 20.0, 90.0, 60.0], (64, 64))
    assert (out[16:48] == 10).all() and (out[:16] == crops.PAD).all() and (out[48:] == crops.PAD).all()


def test_points_go_there_and_back():
    box, size = [13.5, 7.25, 210.0, 99.0], (256, 256)
    points = np.array([[20.0, 30.0], [200.0, 90.0]])
    assert np.allclose(crops.to_picture(crops.to_net(points, box, size), box, size), points)


def test_stands_on_leaves_out_the_neighbour():
    desk = [[.1, .5], [.4, .5], [.4, .8], [.1, .8]]
    assert crops.stands_on([100, 100, 120, 200], desk, 640, 360)
    assert not crops.stands_on([300, 100, 320, 200], desk, 640, 360)
    assert not crops.stands_on([100, 100, 120, 150], desk, 640, 360)      # ends above the desk


@pytest.mark.parametrize("scene, part", [("s000005", "test"), ("s005001", "tune"), ("s040002", "train"), ("s000004", "train")])
def test_split_by_seed(scene, part):
    assert data.split_of(scene) == part


def test_labels():
    assert len(data.ITEMS) == 28 and len(set(data.ITEMS)) == 28
    assert data.item_label("ignore") == -1 and data.item_label("cup") == 14
    assert data.label(data.POSTURE, None) == -1 and data.label(data.POSTURE, "slumped") == 1
    assert [data.smoking_label({"smoking": v}) for v in (True, False, None)] == [1, 0, -1]


def test_augmentation_keeps_size_and_is_repeatable():
    picture = np.random.default_rng(0).integers(0, 255, (36, 64, 3)).astype(np.uint8)
    one, two = (augment.photometric(picture, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == picture.shape and one.dtype == np.uint8 and (one == two).all()
    polygon = np.array(augment.jittered([[0, 0], [1, 0], [1, 1], [0, 1]], np.random.default_rng(1)))
    assert polygon.min() >= 0 and polygon.max() <= 1
