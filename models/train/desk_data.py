"""The desk detector's cache: NanoDet's neck maps of desk crops with the boxes of the items in them."""
import time

import numpy as np

from . import augment, bases, crops, data
from .features import progress, rng_of
from .store import Store

MAPS = ["features_8", "features_16", "features_32"]
MAX_BOXES = 64
IGNORE = -1


def scene_items(group, mirrored):
    """Items of all windows of one picture, as class index and box in fractions; -1 scores neither way."""
    found = []
    for w in group:
        for item in w.truth.get("items") or []:
            x, y, bw, bh = item["box"]
            if mirrored:
                x = 1 - x - bw
            found.append((data.item_label(item["class"]), x, y, x + bw, y + bh))
    return found


def variant(window, group, number, rng):
    """One 416x416 desk crop and its boxes (class, x0, y0, x1, y1) in the crop's pixels."""
    picture, polygons = window.picture(), window.polygons
    flip = number > 0 and rng.random() < .5
    if flip:
        picture, polygons = np.ascontiguousarray(picture[:, ::-1]), [augment.mirrored(p) for p in polygons]
    height, width = picture.shape[:2]
    show_all = False
    if number:
        picture = augment.photometric(picture, rng)
        polygons = [augment.jittered(p, rng, .02, .05) for p in polygons]
        show_all = rng.random() < .3
    mask = np.ones((height, width), bool) if show_all else crops.polygon_mask(width, height, polygons)
    shown = np.where(mask[..., None], picture, np.uint8(crops.PAD))
    box = crops.desk_box(polygons[1], width, height)
    if number and rng.random() < .6:                              # another size of crop: items larger and smaller
        zoom, w, h = np.exp(rng.uniform(-.5, .35)), box[2] - box[0], box[3] - box[1]
        x, y = (box[0] + box[2]) / 2 + rng.normal(0, .12) * w, (box[1] + box[3]) / 2 + rng.normal(0, .12) * h
        box = crops.clip([x - w * zoom / 2, y - h * zoom / 2, x + w * zoom / 2, y + h * zoom / 2], width, height) or box
    crop = crops.cut(shown, box, bases.DETECTOR_SIZE)
    if number and rng.random() < .15:
        crop = augment.occluded(crop, rng, 1, .15)
    rows = []
    for label, x0, y0, x1, y1 in scene_items(group, flip):
        pixels = [x0 * width, y0 * height, x1 * width, y1 * height]
        cx, cy = (pixels[0] + pixels[2]) / 2, (pixels[1] + pixels[3]) / 2
        seen = mask[int(pixels[1]):int(pixels[3]) + 1, int(pixels[0]):int(pixels[2]) + 1]
        seen = seen.mean() if seen.size else 0
        if not (box[0] - 4 < cx < box[2] + 4 and box[1] - 4 < cy < box[3] + 4):
            if seen > .1:                                        # cut off by the crop: neither an item nor background
                label = IGNORE
            else:
                continue
        elif seen < .02:
            continue
        elif seen < .15:
            label = IGNORE
        corners = crops.to_net(np.array([[pixels[0], pixels[1]], [pixels[2], pixels[3]]]), box, bases.DETECTOR_SIZE)
        rows.append([label, *corners.ravel()])
    boxes = np.full((MAX_BOXES, 5), -2, np.float32)
    if rows:
        boxes[:min(len(rows), MAX_BOXES)] = rows[:MAX_BOXES]
    return crop, boxes


CLUTTER = set(data.ITEMS[data.ITEMS.index("cup"):])


def has_clutter(window):
    return any(item["class"] in CLUTTER for item in window.truth["items"])


def fill(windows, folder, variants, more=3):
    """Caches the clean crop of every desk and `variants` augmented ones of those that train, `more` with clutter on them."""
    store = Store(folder, shard=128)
    groups = {}
    for w in windows:
        groups.setdefault((w.set, w.id), []).append(w)
    desks = [w for w in windows if w.geometry.get("desk") and w.truth.get("items") is not None]
    todo = [(w, v) for v in range(variants + more + 1) for w in desks
            if (v == 0 or w.split == "train" and (v <= variants or has_clutter(w))) and f"{w.key}#{v}" not in store]
    start = time.time()
    for n, (w, v) in enumerate(todo):
        name = f"{w.key}#{v}"
        crop, boxes = variant(w, groups[w.set, w.id], v, rng_of(name))
        store.add(name, boxes=boxes, **dict(zip(MAPS, bases.detector(crop, *MAPS))))
        progress(n + 1, len(todo), start, "desk crops")
    store.flush()
    return store
