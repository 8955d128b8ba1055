"""A cigarette where nobody may look counts in the figures, and is not taught; what a sharp crop is."""
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import crop_data, data  # noqa: E402

LEFT = [[0, 0], [.5, 0], [.5, 1], [0, 1]]
IN_LEFT, IN_RIGHT, ON_THE_EDGE = (.3, .3, .04, .02), (.6, .3, .04, .02), (.47, .3, .04, .02)
SIDE = 200
# Head in the middle of the upper half, shoulders and hands below it.
POSE = np.array([(90, 50, 1)] + [(90 + d, 48, 1) for d in (-4, 4, -8, 8)] + [(70, 80, 1), (110, 80, 1), (65, 110, 1), (115, 110, 1), (80, 60, 1), (120, 90, 1)] + [(0, 0, 0)] * 6, float)


@pytest.mark.parametrize("box, polygons, expected", [
    (IN_LEFT, [LEFT], False), (IN_RIGHT, [LEFT], True), (ON_THE_EDGE, [LEFT], False), (IN_RIGHT, None, False), (None, [LEFT], False),
    (IN_RIGHT, [LEFT, [[.55, .2], [.9, .2], [.9, .6], [.55, .6]]], False),
])
def test_outside(box, polygons, expected):
    assert crop_data.outside(box, polygons) is expected


def smoker(tmp_path, seed, cigarette):
    path = tmp_path / f"{seed}.png"
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(path)
    truth = {"presence": "present", "smoking": True, "cigarette_box": cigarette}
    return data.Window("set", f"s{seed:06d}", path, {"window": "1", "seat": LEFT}, truth, {"source": "synthetic"})


@pytest.mark.parametrize("seed, cigarette, label", [(2, IN_LEFT, 1), (2, IN_RIGHT, -1), (5, IN_RIGHT, 1), (6, IN_RIGHT, 1)])
def test_what_is_masked_out_teaches_nothing_and_counts_all_the_same(tmp_path, seed, cigarette, label):
    assert crop_data.smoking_variant(smoker(tmp_path, seed, cigarette), POSE, 0, None)[1] == label


def test_an_augmented_crop_is_taught_where_the_mask_leaves_the_cigarette(tmp_path):
    labels = {crop_data.smoking_variant(smoker(tmp_path, 2, IN_RIGHT), POSE, 1, np.random.default_rng(n))[1] for n in range(40)}
    assert labels == {1, -1}                                        # without a mask, and with one


@pytest.mark.parametrize("enlarged, sharp", [(1, False), (2.2, False), (4.4, True)])
def test_a_crop_is_sharp_where_it_covers_many_pixels(tmp_path, enlarged, sharp):
    """The pose's shoulders are 40 pixels apart: 176 when enlarged most."""
    window = smoker(tmp_path, 2, IN_LEFT)
    Image.fromarray(np.full((int(SIDE * enlarged),) * 2 + (3,), 90, np.uint8)).save(window.path)
    assert crop_data.is_sharp(window, POSE * [enlarged, enlarged, 1]) is sharp
