"""Sheets of single items on nothing, seen from one side: what training pastes onto pictures of desks.

An item on a sheet costs a hundredth of a still. A sheet is a PNG with alpha, soft shadows included; its line in the
manifest lists class, box and surroundings (with the shadow) of every item, in pixels.
"""

import json
import math
from pathlib import Path

import numpy as np

from . import classes

PER_METRE = 200  # pixels
SMALL, LARGE = (0.34, 0.28, 0.30), (0.56, 0.42, 0.46)
"""Width, depth and height of the room for an item, in metres."""
LARGE_CLASSES = ("monitor", "keyboard", "scanner", "printer", "telephone", "bag", "book", "document", "clothing", "umbrella")
COLUMNS = {SMALL: 9, LARGE: 5}
ROWS = 5


def plan(seed):
    """What stands on a sheet, from where it is seen and how it is lit: plain data."""
    rng = np.random.RandomState(seed ^ 0x5417E)
    room = LARGE if rng.rand() < 0.45 else SMALL
    names = [c for c in classes.ITEM_CLASSES if (c in LARGE_CLASSES) == (room is LARGE)]
    count = COLUMNS[room] * ROWS
    order = np.concatenate([rng.permutation(names) for _ in range(count // len(names) + 1)])[:count]
    return {
        "seed": seed,
        "room": room,
        "elevation": float(rng.uniform(8, 62)),
        "classes": [str(c) for c in order],
        "yaws": [float(_yaw(rng, c)) for c in order],
        "lamps": [
            {
                "turn": [float(rng.uniform(0, 50)), 0.0, float(rng.uniform(0, 360))],
                "energy": float(rng.uniform(0.3, 1.6)),
                "angle": float(rng.uniform(5, 60)),
            }
            for _ in range(rng.randint(1, 4))
        ],
        "sky": float(rng.uniform(0.25, 0.7)),
        "exposure": float(rng.uniform(-0.2, 0.3)),
    }


def _yaw(rng, cls):
    """From in front, from behind, from the side, or any way round."""
    turned = rng.choice([0, 0, 180, 90, -90]) + rng.normal(0, 25)
    return turned if cls in classes.PERMITTED else rng.uniform(0, 360)


def places(sheet):
    """For each item: its place on the ground (metres), and the corner of its cell on the sheet (pixels); the sheet's size."""
    width, depth, height = sheet["room"]
    up, along = (f(math.radians(sheet["elevation"])) for f in (math.sin, math.cos))
    tall = height * along + depth * up
    columns = COLUMNS[sheet["room"]]
    size = (round(columns * width * PER_METRE), round(ROWS * tall * PER_METRE))
    found = []
    for n in range(len(sheet["classes"])):
        column, row = n % columns, n // columns
        x = (column + 0.5 - columns / 2) * width
        foot = (ROWS / 2 - row - 1) * tall + depth / 2 * up  # on the sheet, upwards from its middle
        found.append(((x, foot / up), (round(column * width * PER_METRE), round(row * tall * PER_METRE))))
    return found, (round(width * PER_METRE), round(tall * PER_METRE)), size


def render_sheet(seed, out, samples):
    """Render a sheet to OUT/SEED.png; returns its manifest row."""
    from . import truth
    from .render import Sheet

    sheet = plan(seed)
    found, cell, size = places(sheet)
    built = Sheet(sheet, [place for place, _ in found], size, samples)
    index = built.render(out / f"{seed:06d}.png")
    items = []
    for n, (cls, (_, (x, y))) in enumerate(zip(sheet["classes"], found), 1):
        part = index[y : y + cell[1], x : x + cell[0]] == n
        rows, columns = np.nonzero(part.any(1))[0], np.nonzero(part.any(0))[0]
        # What reaches into the next cell is left out.
        if len(rows) and part.sum() == (index == n).sum() >= truth.MIN_ITEM_PX:
            box = [x + columns[0], y + rows[0], x + columns[-1] + 1, y + rows[-1] + 1]
            items.append({"class": cls, "box": [int(v) for v in box], "cell": [x, y, x + cell[0], y + cell[1]]})
    return {"sheet": f"{seed:06d}.png", "elevation": sheet["elevation"], "per_metre": PER_METRE, "items": items}


def render_set(start, count, out, samples, say):
    """Render a range of seeds, appending to OUT/sprites.START.jsonl; seeds already there are left alone."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for seed in range(start, start + count):
        if (out / f"{seed:06d}.png").exists():
            continue
        row = render_sheet(seed, out, samples)
        with open(out / f"sprites.{start}.jsonl", "a", encoding="utf-8") as manifest:
            manifest.write(json.dumps(row) + "\n")
        say(f"{row['sheet']}: {len(row['items'])} items")
