"""Chests with something in front: what can still be seen keeps its truth, what is hidden is unclear."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import crop_data, paste  # noqa: E402

UNCLEAR = 2
NECK, SCALE = (64, 30), 70
BADGE = np.array([56, 70, 74, 96], np.float32)


def chest():
    picture = np.full((128, 128, 3), 60, np.uint8)
    picture[70:96, 56:74] = 240
    return picture


@pytest.mark.parametrize("box, share", [((10, 10, 20, 20), 1), ((40, 40, 50, 50), 0), ((10, 10, 30, 20), .5), ((-30, -30, -10, -10), 1)])
def test_share_hidden(box, share):
    hidden = np.zeros((64, 64), bool)
    hidden[:, :20] = True
    assert paste.share_hidden(hidden, box) == pytest.approx(share)


def taught(label):
    """For many covers: the label that is taught, and which share of the badge's pixels changed."""
    place = BADGE if label == 0 else crop_data.NOWHERE
    x0, y0, x1, y1 = BADGE.astype(int)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        crop, now, where = crop_data.covered(chest(), label, place, NECK, SCALE, np.full((90, 120, 3), 150, np.uint8), rng)
        changed = np.abs(crop.astype(int) - chest()).max(2) > 12
        assert (where == (place if now == label else crop_data.NOWHERE)).all()
        yield now, changed[y0:y1, x0:x1].mean()


def test_a_badge_that_is_seen_stays_worn_and_a_hidden_one_is_unclear():
    found = list(taught(0))
    assert all(share < .7 for label, share in found if label == 0)
    assert all(share > .5 for label, share in found if label == UNCLEAR)
    assert {label for label, _ in found} == {0, UNCLEAR, -1}


def test_without_a_badge_a_chest_is_missing_one_or_unclear():
    assert {label for label, _ in taught(1)} == {1, UNCLEAR, -1}


def test_a_phone_is_drawn_where_it_is_held_and_leaves_the_rest():
    top, held = (NECK[0], NECK[1] + .4 * SCALE), 0
    for seed in range(40):
        layer = paste.Layer(np.full((128, 128, 3), 128, np.uint8))
        paste.phone(layer, np.random.default_rng(seed), top, SCALE)
        drawn = np.abs(layer.laid(np.random.default_rng(seed), blur=(0, .01)).astype(int) - 128).max(2) > 12
        middle = drawn[int(top[1]) + 4:int(top[1]) + 12, int(top[0]) - 3:int(top[0]) + 4]
        held += middle.mean() > .5
        assert .03 < drawn.mean() < .4
        assert not drawn[:int(top[1]) - 8].any(), "nothing above the phone"
    assert held >= 36, "one of the colour of the chest is hardly seen"
