"""Pasted items: where the truth says they are, whole, and never on top of what was there."""
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import data, sprites  # noqa: E402

DESK = [[.1, .4], [.9, .4], [.95, .9], [.05, .9]]

WOOD = 150, 120, 90


@pytest.fixture
def found(tmp_path):
    """A sheet with a green cup and a red book, 100 pixels to the metre."""
    sheet = np.zeros((60, 120, 4), np.uint8)
    sheet[20:50, 20:40] = 0, 255, 0, 255
    sheet[20:50, 70:110] = 255, 0, 0, 255
    Image.fromarray(sheet).save(tmp_path / "000001.png")
    items = [{"class": "cup", "box": [20, 20, 40, 50], "cell": [0, 0, 60, 60]}, {"class": "book", "box": [70, 20, 110, 50], "cell": [60, 0, 120, 60]}]
    (tmp_path / "sprites.1.jsonl").write_text(json.dumps({"sheet": "000001.png", "per_metre": 100, "items": items}) + "\n")
    return sprites.Sprites([tmp_path])


def lay(found, seed, taken=(), count=3, chances=(1, 1)):
    picture = np.full((200, 300, 3), WOOD, np.uint8)
    return sprites.lay(picture, DESK, taken, found, np.array(chances, float), count, np.random.default_rng(seed))


def test_sheets_are_read_by_class(found):
    assert found.classes == ["cup", "book"]
    assert len(found) == 2
    cut, box, per_metre = found.by_class["cup"][0]
    assert (cut[int(box[1]):int(box[3]), int(box[0]):int(box[2]), 3] == 255).all() and per_metre == 100


def test_a_pasted_item_is_where_its_box_says(found):
    seen = 0
    for seed in range(40):
        picture, laid = lay(found, seed, count=1, chances=(1, 0))
        for label, x0, y0, x1, y1 in laid:
            assert data.ITEMS[label] == "cup"
            changed = np.abs(picture.astype(int) - WOOD).max(2) > 60
            rows, columns = np.nonzero(changed.any(1))[0], np.nonzero(changed.any(0))[0]
            got = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            assert np.allclose(got, [max(0, x0 * 300), y0 * 200, min(300, x1 * 300), y1 * 200], atol=2), seed
            seen += 1
    assert seen > 20


def test_pasted_items_leave_others_to_be_seen(found):
    there = np.array([60.0, 80, 240, 160])
    for seed in range(40):
        _, laid = lay(found, seed, taken=[there], count=5)
        boxes = [np.array(box) * [300, 200, 300, 200] for _, *box in laid]
        for n, box in enumerate(boxes):
            for under in [there, *boxes[:n]]:
                assert sprites.hidden_share(box, under) < sprites.HIDES


def test_the_same_seed_pastes_the_same(found):
    first, again = lay(found, 5), lay(found, 5)
    assert (first[0] == again[0]).all() and first[1] == again[1]
