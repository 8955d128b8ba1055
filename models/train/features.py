"""Fills the caches: what the frozen base models say of every window, clean and in augmented variants."""
import json
import sys
import time
import zlib

import numpy as np

from . import augment, bases, crops
from .store import Store

POSE_MAPS = ["features_32", "features_16", "features_4"]


def progress(done, total, start, what):
    if done % 20 == 0 or done == total:
        left = (time.time() - start) / max(done, 1) * (total - done)
        print(f"\r{what}: {done}/{total}, {left / 60:.1f} min left ", end="\n" if done == total else "", file=sys.stderr, flush=True)


def rng_of(name):
    """A generator that depends on the record's name alone."""
    return np.random.default_rng(zlib.crc32(name.encode()))


class Poses:
    """Keypoints of every window in picture pixels, as the agent would get them (clean picture, own polygons)."""

    def __init__(self, path):
        self.path, self.known = path, {}
        if path.exists():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                self.known[row["key"]] = np.array(row["keypoints"])

    def __getitem__(self, window):
        return self.known[window.key]

    def fill(self, windows):
        todo = [w for w in windows if w.key not in self.known]
        start = time.time()
        with self.path.open("a") as out:
            for n, w in enumerate(todo):
                picture = crops.masked(w.picture(), w.polygons)
                height, width = picture.shape[:2]
                box = crops.window_box(w.geometry["seat"], width, height)
                keypoints, = bases.thunder(crops.cut(picture, box, bases.POSE_SIZE))
                self.known[w.key] = bases.picture_keypoints(keypoints, box)
                out.write(json.dumps({"key": w.key, "keypoints": self.known[w.key].round(3).tolist()}) + "\n")
                progress(n + 1, len(todo), start, "poses")


def window_variant(window, variant, rng):
    """The window crop of variant 0 (clean) or an augmented one, and the polygons used."""
    picture, polygons = window.picture(), window.polygons
    if variant:
        if rng.random() < .5:
            picture, polygons = picture[:, ::-1], [augment.mirrored(p) for p in polygons]
        picture = augment.photometric(np.ascontiguousarray(picture), rng)
        polygons = [augment.jittered(p, rng) for p in polygons]
    seat = polygons[0]
    alone = len(window.row["windows"]) == 1
    show_all = variant and alone and rng.random() < .35            # pictures whose seat is the whole picture have no mask
    if show_all and rng.random() < .5:
        seat = augment.jittered([[0, 0], [1, 0], [1, 1], [0, 1]], rng, .05, .1)
    shown = picture if show_all else crops.masked(picture, polygons)
    height, width = shown.shape[:2]
    crop = crops.cut(shown, crops.window_box(seat, width, height), bases.POSE_SIZE)
    if variant and rng.random() < .25:
        crop = augment.occluded(crop, rng)
    return crop


def fill_windows(windows, folder, variants):
    """The window head's inputs: Thunder's maps and keypoints for `variants` augmented crops of every window and the clean one."""
    store = Store(folder)
    todo = [(w, v) for v in range(variants + 1) for w in windows if (v == 0 or w.split in ("train", "real")) and f"{w.key}#{v}" not in store]
    start = time.time()
    for n, (w, v) in enumerate(todo):
        name = f"{w.key}#{v}"
        keypoints, *maps = bases.thunder(window_variant(w, v, rng_of(name)), *POSE_MAPS[:2])
        store.add(name, keypoints=keypoints, **dict(zip(POSE_MAPS, maps)))
        progress(n + 1, len(todo), start, "window crops")
    store.flush()
    return store
