"""Places without people, cut from real photographs: real walls, furniture and windows that must read as `absent`.

A rectangle counts as empty when it keeps clear of every labelled person and neither base model sees anybody in it.
"""
import json
import time

import numpy as np

from . import bases, crops
from .data import Window
from .features import progress, rng_of

PER_PICTURE, TRIES = 3, 40
PERSON_MAX, KEYPOINTS_MAX = .12, .22


def empty(picture, box):
    crop = crops.cut(picture, box, bases.DETECTOR_SIZE)
    scores = bases.detector(crop, "cls_8", "cls_16", "cls_32")
    if max(s[:, 0].max() for s in scores) > PERSON_MAX:
        return False
    keypoints, = bases.thunder(crops.cut(picture, box, bases.POSE_SIZE))
    return float(np.sort(keypoints[:, 2])[-5:].mean()) < KEYPOINTS_MAX


def find(pictures, path):
    """Rectangles (fractions) of empty places by picture id; found once and kept in `path`."""
    known = json.loads(path.read_text()) if path.exists() else {}
    start = time.time()
    for n, group in enumerate(pictures):
        first = group[0]
        if first.id not in known:
            picture, rng, places = first.picture(), rng_of(first.id + "empty"), []
            height, width = picture.shape[:2]
            people = [crops.bounds(w.geometry["seat"], width, height) for w in group]
            for _ in range(TRIES):
                w, h = rng.uniform(.12, .4) * width, rng.uniform(.12, .5) * height
                x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
                clear = all(min(x + w, p[2]) - max(x, p[0]) <= 0 or min(y + h, p[3]) - max(y, p[1]) <= 0 for p in people)
                if clear and empty(picture, [x, y, x + w, y + h]):
                    places.append([x / width, y / height, (x + w) / width, (y + h) / height])
                if len(places) == PER_PICTURE:
                    break
            known[first.id] = places
        progress(n + 1, len(pictures), start, "empty places")
    path.write_text(json.dumps(known))
    return known


def windows(real, path):
    """Windows of empty places for the given real windows."""
    groups = {}
    for w in real:
        groups.setdefault(w.id, []).append(w)
    places = find(list(groups.values()), path)
    found = []
    for name, group in groups.items():
        for k, (x0, y0, x1, y1) in enumerate(places.get(name, [])):
            w = group[0]
            geometry = {"window": f"empty{k}", "seat": [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]}
            found.append(Window(w.set, w.id, w.path, geometry, {"presence": "absent"}, {**w.row, "windows": [geometry, geometry]}))
    return found
