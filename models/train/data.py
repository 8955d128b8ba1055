"""The labelled sets: windows with their truth, and which of them train, tune and test.

A set is a folder with `manifest*.jsonl` in the format of docs/contracts.md. Synthetic scenes are split by seed, so that
everything of one scene is on one side. Real sets never mix with synthetic ones in a figure.
"""
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

PRESENCE = ["absent", "present"]
POSTURE = ["upright", "slumped", "leaning_back", "tilted", "standing"]
BADGE = ["worn", "missing", "unclear"]
SMOKING = ["none", "smoking"]
ITEMS = ("monitor scanner evaluator telephone pen_holder post_sign notice_sign name_plate keyboard mouse document card_reader printer stapler "
         "cup bottle food bag book mobile_phone ashtray cigarette_pack toy plant cosmetics clothing tissue umbrella").split()


@dataclass
class Window:
    """One window of one picture with its truth (the manifest's keys)."""
    set: str
    id: str
    path: Path
    geometry: dict
    truth: dict
    row: dict

    @property
    def synthetic(self):
        return self.row.get("source") == "synthetic"

    @property
    def key(self):
        return f"{self.set}/{self.id}/{self.geometry['window']}"

    @property
    def split(self):
        return split_of(self.id) if self.synthetic else "real"

    @property
    def polygons(self):
        return [self.geometry["seat"]] + ([self.geometry["desk"]] if self.geometry.get("desk") else [])

    def picture(self):
        return picture_at(self.path)


@lru_cache(maxsize=8)
def picture_at(path):
    """A decoded picture, read-only: the variants of a window are made one after the other."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    pixels.setflags(write=False)
    return pixels


def split_of(scene_id):
    """train, tune or test, from the seed of a synthetic scene."""
    seed = int(re.sub(r"\D", "", scene_id) or 0)
    return {0: "test", 1: "tune"}.get(seed % 5, "train")


def windows(folders):
    """All windows of all stills in the given sets, in the order of the manifests."""
    found, seen = [], set()
    for folder in map(Path, folders):
        manifests = sorted(folder.glob("manifest*.jsonl"))
        if not manifests:
            raise SystemExit(f"{folder}: no manifest.jsonl")
        for manifest in manifests:
            for line in manifest.read_text().splitlines():
                try:
                    row = json.loads(line)
                except json.JSONDecodeError:
                    continue                       # the last line of a set that is still being rendered
                if row["kind"] != "still" or not (folder / row["media"]).exists():
                    continue
                truth = {t["window"]: t for t in row["truth"]}
                for geometry in row["windows"]:
                    if geometry["window"] not in truth:
                        continue
                    window = Window(folder.name, row["id"], folder / row["media"], geometry, truth[geometry["window"]], row)
                    if window.key not in seen:
                        seen.add(window.key)
                        found.append(window)
    return found


def label(names, value):
    """Index of a label, or -1 where the truth is silent (not scored, not trained)."""
    return names.index(value) if value in names else -1


def smoking_label(truth):
    return {True: 1, False: 0}.get(truth.get("smoking"), -1)


def item_label(name):
    """Index of an item class; -1 for `ignore` and for words that are not in the contract."""
    return label(ITEMS, name)
