"""Desk crops with the boxes of the items in them, made anew each time they are looked at."""
import numpy as np
import torch
from PIL import Image

from . import augment, bases, crops, data
from .desk_net import CELLS, CLASSES, STRIDE

IGNORE = -1
LEAST_PX = 7  # items that are smaller in the crop are neither taught nor punished
CLUTTER = set(data.ITEMS[data.ITEMS.index("cup"):])


def desks(windows):
    """The windows whose desk is labelled, and for each the items of all windows of its picture."""
    groups = {}
    for w in windows:
        groups.setdefault((w.set, w.id), []).append(w)
    return [(w, groups[w.set, w.id]) for w in windows if w.geometry.get("desk") and w.truth.get("items") is not None]


def has_clutter(window):
    return any(item["class"] in CLUTTER for item in window.truth["items"])


def labelled_classes(desks_):
    """By set, 1 for the classes that occur in it. Where a class never occurs, its absence teaches nothing: it may be there unlabelled."""
    found = {}
    for window, _ in desks_:
        drawn = found.setdefault(window.set, np.zeros(CLASSES, np.float32))
        drawn[[label for label in (data.item_label(i["class"]) for i in window.truth["items"]) if label >= 0]] = 1
    return found


def smaller(picture, factor):
    """The picture as a camera with fewer pixels, or farther away, gives it."""
    height, width = picture.shape[:2]
    size = max(64, int(width * factor)), max(64, int(height * factor))
    return np.asarray(Image.fromarray(picture).resize(size, Image.BOX if factor < .5 else Image.BILINEAR, reducing_gap=2.0))


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


def crop_of(window, group, rng=None):
    """One 416x416 desk crop and its rows (class, x0, y0, x1, y1) in the crop's pixels; varied if there is an rng."""
    picture, polygons = window.picture(), window.polygons
    flip, show_all = False, False
    if rng is not None:
        if rng.random() < (.75 if picture.shape[0] == picture.shape[1] else .25):       # square: rendered zoomed in
            picture = smaller(picture, rng.uniform(.4, 1))
        flip, show_all = rng.random() < .5, rng.random() < .3
        if flip:
            picture, polygons = np.ascontiguousarray(picture[:, ::-1]), [augment.mirrored(p) for p in polygons]
        picture = augment.photometric(picture, rng)
        polygons = [augment.jittered(p, rng, .02, .05) for p in polygons]
    height, width = picture.shape[:2]
    mask = np.ones((height, width), bool) if show_all else crops.polygon_mask(width, height, polygons)
    shown = np.where(mask[..., None], picture, np.uint8(crops.PAD))
    box = crops.desk_box(polygons[1], width, height)
    if rng is not None and rng.random() < .6:                              # another size of crop: items larger and smaller
        zoom, w, h = np.exp(rng.uniform(-.45, .3)), box[2] - box[0], box[3] - box[1]
        x, y = (box[0] + box[2]) / 2 + rng.normal(0, .12) * w, (box[1] + box[3]) / 2 + rng.normal(0, .12) * h
        box = crops.clip([x - w * zoom / 2, y - h * zoom / 2, x + w * zoom / 2, y + h * zoom / 2], width, height) or box
    crop = crops.cut(shown, box, bases.DETECTOR_SIZE)
    if rng is not None and rng.random() < .15:
        crop = augment.occluded(crop, rng, 1, .15)
    rows = []
    for label, x0, y0, x1, y1 in scene_items(group, flip):
        pixels = [x0 * width, y0 * height, x1 * width, y1 * height]
        cx, cy = (pixels[0] + pixels[2]) / 2, (pixels[1] + pixels[3]) / 2
        seen = mask[max(0, int(pixels[1])):int(pixels[3]) + 1, max(0, int(pixels[0])):int(pixels[2]) + 1]
        seen = seen.mean() if seen.size else 0
        if not (box[0] - 4 < cx < box[2] + 4 and box[1] - 4 < cy < box[3] + 4):
            if seen > .1:                                        # cut off by the crop: neither an item nor background
                label = IGNORE
            else:
                continue
        elif seen < .02:
            continue
        corners = crops.to_net(np.array([[pixels[0], pixels[1]], [pixels[2], pixels[3]]]), box, bases.DETECTOR_SIZE)
        if seen < .15 or (corners[1] - corners[0]).max() < LEAST_PX:
            label = IGNORE
        rows.append([label, *corners.ravel()])
    return crop, np.array(rows, np.float32).reshape(-1, 5)


def targets(rows):
    """Heat (classes, n, n), weight of every cell (1, n, n; 0: ignored), distances (4, n, n) and where they are taught (n, n)."""
    heat, weight = np.zeros((CLASSES, CELLS, CELLS), np.float32), np.ones((1, CELLS, CELLS), np.float32)
    distance, taught = np.zeros((4, CELLS, CELLS), np.float32), np.zeros((CELLS, CELLS), bool)
    grid = (np.arange(CELLS, dtype=np.float32) + .5) * STRIDE
    for label, x0, y0, x1, y1 in rows:
        if label == IGNORE:
            weight[0][np.ix_((grid >= y0) & (grid <= y1), (grid >= x0) & (grid <= x1))] = 0
    for label, x0, y0, x1, y1 in sorted((r for r in rows if r[0] >= 0), key=lambda r: -(r[3] - r[1]) * (r[4] - r[2])):
        i, j = (int(np.clip((a + b) / 2 // STRIDE, 0, CELLS - 1)) for a, b in ((x0, x1), (y0, y1)))
        sx, sy = (max((b - a) / STRIDE / 6, .5) for a, b in ((x0, x1), (y0, y1)))
        steps = np.arange(CELLS)
        bump = np.exp(-((steps - j) ** 2) / (2 * sy * sy))[:, None] * np.exp(-((steps - i) ** 2) / (2 * sx * sx))[None]
        heat[int(label)] = np.maximum(heat[int(label)], bump)
        heat[int(label), j, i] = weight[0, j, i] = 1
        near = bump > .4
        near[j, i] = True
        sides = np.broadcast_arrays(grid[None] - x0, grid[:, None] - y0, x1 - grid[None], y1 - grid[:, None])
        distance[:, near] = np.stack([s[near] for s in sides]).clip(1, 600)
        taught |= near
    return heat, weight, distance, taught


class Samples(torch.utils.data.Dataset):
    """`count` varied crops with their targets; which desk each shows is drawn with the given chances."""

    def __init__(self, desks_, chances, count, seed):
        self.desks, self.seed, self.labelled = desks_, seed, labelled_classes(desks_)
        self.order = np.random.default_rng(seed).choice(len(desks_), count, p=chances / chances.sum())

    def __len__(self):
        return len(self.order)

    def __getitem__(self, n):
        window, group = self.desks[self.order[n]]
        crop, rows = crop_of(window, group, np.random.default_rng([self.seed, n]))
        heat, weight, distance, taught = targets(rows)
        weight = weight * self.labelled[window.set][:, None, None]
        return crop, heat.astype(np.float16), weight.astype(np.float16), distance.astype(np.float16), taught
