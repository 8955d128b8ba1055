"""Fills the caches: what the frozen base models say of every window, clean and in augmented variants."""
import json
import sys
import time
import zlib

import numpy as np
from PIL import Image

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
    """Keypoints of every window in picture pixels, as the agent would get them (clean picture, own polygons); of a seat outside the picture none."""

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
                if box is None:
                    continue
                keypoints, = bases.thunder(crops.cut(picture, box, bases.POSE_SIZE))
                self.known[w.key] = bases.picture_keypoints(keypoints, box)
                out.write(json.dumps({"key": w.key, "keypoints": self.known[w.key].round(3).tolist()}) + "\n")
                progress(n + 1, len(todo), start, "poses")


CROP_SIZE = (192, 192)                          # what the window head sees with its own eyes
SMALLEST_SEAT = 56                              # pixels; a seat smaller than this is not taught


def look_of(window, rng):
    """How one variant looks at a window: polygons that some installer might have drawn, and whether they mask the rest."""
    polygons = [augment.jittered(p, rng) for p in window.polygons]
    box, alone, draw = window.truth.get("person_box"), len(window.row["windows"]) == 1, rng.random()
    if box and alone and draw < .3:             # drawn around the person, tight or generous; beside others a seat must stay one seat
        x, y, w, h = box
        left, up, right, down = rng.uniform(-.04, .5, 4) * (rng.random() + .2)
        polygons[0] = np.clip([[x - left * w, y - up * h], [x + (1 + right) * w, y - up * h], [x + (1 + right) * w, y + (1 + down) * h],
                               [x - left * w, y + (1 + down) * h]], 0, 1).tolist()
        return polygons, rng.random() < .5
    may_show = alone and (box is not None or not window.synthetic)
    if may_show and draw < .45:                 # a photograph whose seat is all of it
        polygons[0] = augment.jittered([[0, 0], [1, 0], [1, 1], [0, 1]], rng, .05, .1)
        return polygons, False
    return polygons, not (alone and box and draw < .6)


def scaled_down(picture, seat, rng):
    """The picture as a camera further away gives it; every other one stays as it is."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = crops.bounds(seat, width, height)
    side = max(x1 - x0, y1 - y0)
    if rng.random() < .5 or side <= SMALLEST_SEAT:
        return picture
    share = np.exp(rng.uniform(np.log(SMALLEST_SEAT), np.log(side))) / side
    return np.asarray(Image.fromarray(picture).resize((max(8, round(width * share)), max(8, round(height * share))), Image.BILINEAR))


def truth_points(window, width, height, flipped):
    """Keypoints of the truth in picture pixels with their visibility, or None."""
    known = window.truth.get("keypoints")
    if not known:
        return None
    points = np.array(known, float)
    if flipped:
        points[:, 0] = 1 - points[:, 0]
        points = points[crops.MIRRORED]
    return points * [width, height, 1]


def window_variant(window, variant, rng):
    """The picture, masked and varied, the box of its seat, and the true keypoints in its pixels. Variant 0 is as the agent sees it."""
    picture, polygons, masked, flipped = window.picture(), window.polygons, True, False
    if variant:
        polygons, masked = look_of(window, rng)
        flipped = rng.random() < .5
        if flipped:
            picture, polygons = np.ascontiguousarray(picture[:, ::-1]), [augment.mirrored(p) for p in polygons]
        picture = scaled_down(picture, polygons[0], rng)
    height, width = picture.shape[:2]
    points = truth_points(window, width, height, flipped)
    box = crops.window_box(polygons[0], width, height)
    if variant:
        around = [max(0, int(box[0]) - 8), max(0, int(box[1]) - 8), min(width, int(box[2]) + 9), min(height, int(box[3]) + 9)]
        part = np.ascontiguousarray(picture[around[1]:around[3], around[0]:around[2]])
        if points is not None and rng.random() < .15:
            part = augment.head_covered(part, points[:5, :2].mean(0) - around[:2], np.ptp(points[5:7, 0]), rng)
        picture = picture.copy()
        picture[around[1]:around[3], around[0]:around[2]] = augment.photometric(part, rng)
    picture = crops.masked(picture, polygons) if masked else picture
    if variant and rng.random() < .2:
        x0, y0, x1, y1 = (int(v) for v in box)
        picture = picture.copy()
        picture[y0:y1, x0:x1] = augment.occluded(picture[y0:y1, x0:x1], rng)
    return picture, box, points


def variants_of(window, many):
    """How many augmented crops of a window are made: `many` of the rare classes."""
    if window.split not in ("train", "real"):
        return 0
    posture = window.truth.get("posture")
    return many if posture in ("slumped", "tilted", "leaning_back", "standing") or window.truth.get("presence") == "absent" else many // 2


def fill_windows(windows, folder, many):
    """The window head's inputs: the crop itself, Thunder's maps and keypoints of it, and the true keypoints, for the clean crop of
    every window and for augmented ones."""
    store = Store(folder)
    todo = [(w, v) for v in range(many + 1) for w in windows if v <= variants_of(w, many) and f"{w.key}#{v}" not in store]
    start = time.time()
    for n, (w, v) in enumerate(todo):
        name = f"{w.key}#{v}"
        picture, box, points = window_variant(w, v, rng_of(name))
        keypoints, *maps = bases.thunder(crops.cut(picture, box, bases.POSE_SIZE), *POSE_MAPS[:2])
        where = np.full((17, 3), -1.0)
        if points is not None:
            where = np.column_stack([crops.to_net(points[:, :2], box, CROP_SIZE), points[:, 2]])
        store.add(name, keypoints=keypoints, crop=crops.cut(picture, box, CROP_SIZE), points=where, **dict(zip(POSE_MAPS, maps)))
        progress(n + 1, len(todo), start, "window crops")
    store.flush()
    return store
