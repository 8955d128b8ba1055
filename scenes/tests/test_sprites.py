"""Sheets of single items and desk-only halls, as plans: Blender draws them, the truth is decided here."""

import numpy as np

from scenes import desks, sprites
from scenes.camera import View
from scenes.classes import ITEM_CLASSES
from scenes.truth import SEAT_CORNERS, corners


def test_sheets_hold_every_class_and_are_functions_of_their_seed():
    sheets = [sprites.plan(seed) for seed in range(1, 12)]
    assert sprites.plan(3) == sheets[2]
    assert {c for sheet in sheets for c in sheet["classes"]} == set(ITEM_CLASSES)


def test_every_item_of_a_sheet_has_a_cell_of_its_own():
    for seed in range(1, 12):
        sheet = sprites.plan(seed)
        found, (width, height), size = sprites.places(sheet)
        up = np.sin(np.radians(sheet["elevation"]))
        for (x, y), (left, top) in found:
            assert 0 <= left <= size[0] - width + 2 and 0 <= top <= size[1] - height + 2
            # An orthographic camera shows the place at x across and y * sin(elevation) up from the middle.
            at = size[0] / 2 + x * sprites.PER_METRE, size[1] / 2 - y * up * sprites.PER_METRE
            assert left < at[0] < left + width and top < at[1] < top + height


def test_a_view_of_a_hall_shows_a_whole_desk():
    for seed in range(1, 40):
        hall, rng = desks.plan(seed, [1, 2])
        camera, size = desks.random_view(rng, hall)
        count = len(hall["windows"])
        view = View.of(camera, size)
        shares = []
        for k in range(count):
            points = view.project(corners(k, count, hall["style"])[SEAT_CORNERS:])
            shares.append(((points > -0.02) & (points < 1.02)).all(1).mean())
        assert max(shares) > 0.7, seed
        assert size[0] * size[1] <= 640 * 480


def test_some_windows_of_halls_are_staffed():
    staffed = [bool(w["person"]) for seed in range(60) for w in desks.plan(seed, [1, 2])[0]["windows"]]
    assert 0.15 < np.mean(staffed) < 0.5
