"""Desk crops with the boxes of the items in them, made anew each time they are looked at."""
import numpy as np
import torch
from PIL import Image

from . import augment, bases, crops, data, sprites
from .desk_net import CLASSES, STRIDE

IGNORE = -1
LEAST_PX = 7  # items that are smaller in the crop are neither taught nor punished
CLUTTER = set(data.ITEMS[data.ITEMS.index("cup"):])
RARE = {"mouse", "stapler", "card_reader", "post_sign", "pen_holder", "printer"}   # pasted as often as clutter
PASTED = .6
TRAIN_SIZE = (416, 320)   # few desks are higher; the rest of the square would be grey
KEPT_PICTURES = 2500


def desks(windows):
    """The windows whose desk is labelled, and for each the items of all windows of its picture."""
    groups = {}
    for w in windows:
        groups.setdefault((w.set, w.id), []).append(w)
    return [(w, groups[w.set, w.id]) for w in windows if w.truth.get("items") is not None and in_sight(w.geometry.get("desk"))]


def in_sight(desk):
    """Whether a desk's polygon (fractions) covers a piece of the picture worth looking at; zoomed views cut desks off."""
    if not desk or len(desk) < 3:
        return False
    (x0, y0), (x1, y1) = (f(np.clip(np.asarray(desk, float), 0, 1), axis=0) for f in (np.min, np.max))
    return x1 - x0 > .02 and y1 - y0 > .02


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


def scene_items(group, held=True):
    """Items of all windows of one picture, as class index and box x0, y0, x1, y1 in fractions; -1 scores neither way. `held`: with
    what is in a hand, which is `ignore`."""
    boxes = [(data.item_label(item["class"]), *item["box"]) for w in group for item in w.truth.get("items") or [] if held or item["class"] != "ignore"]
    return [(label, x, y, x + w, y + h) for label, x, y, w, h in boxes]


def plain_crop(window, group):
    """The 416x416 desk crop as the agent sees it, and its rows (class, x0, y0, x1, y1) in the crop's pixels."""
    picture, polygons = window.picture(), window.polygons
    height, width = picture.shape[:2]
    mask = crops.polygon_mask(width, height, polygons)
    box = crops.desk_box(polygons[1], width, height)
    crop = crops.cut(np.where(mask[..., None], picture, np.uint8(crops.PAD)), box, bases.DETECTOR_SIZE)
    return crop, rows_of(scene_items(group), mask, box, bases.DETECTOR_SIZE)


class Varied:
    """Desk crops made anew each time: other light, camera, polygon, size of the crop, and items pasted onto the desk."""

    def __init__(self, found=None):
        self.sprites = found
        if found:
            names = found.classes
            self.chances = np.array([1.0 if n in CLUTTER or n in RARE else .3 for n in names])

    def crop_of(self, window, group, picture, rng):
        """As `plain_crop`, but of TRAIN_SIZE."""
        # What is held is taught as background: a telephone in the hand is nothing that lies on the desk.
        polygons, items = window.polygons, scene_items(group, held=False)
        if rng.random() < (.75 if picture.shape[0] == picture.shape[1] else .25):       # square: rendered zoomed in
            picture = smaller(picture, rng.uniform(.4, 1))
        if self.sprites and rng.random() < PASTED:
            size = np.array(picture.shape[1::-1] * 2)
            taken = [np.array(i[1:]) * size for i in items]
            picture, laid = sprites.lay(picture, polygons[1], taken, self.sprites, self.chances, rng.integers(1, 7), rng)
            items = items + laid
        if rng.random() < .5:
            picture, polygons = picture[:, ::-1], [augment.mirrored(p) for p in polygons]
            items = [(label, 1 - x1, y0, 1 - x0, y1) for label, x0, y0, x1, y1 in items]
        height, width = picture.shape[:2]
        drawn = [augment.jittered(p, rng, .02, .05) for p in polygons]
        if crops.desk_box(drawn[1], width, height):                        # a desk at the picture's edge may be drawn outside
            polygons = drawn
        box = crops.desk_box(polygons[1], width, height)
        if rng.random() < .6:                                              # another size of crop: items larger and smaller
            zoom, w, h = np.exp(rng.uniform(-.45, .3)), box[2] - box[0], box[3] - box[1]
            x, y = (box[0] + box[2]) / 2 + rng.normal(0, .12) * w, (box[1] + box[3]) / 2 + rng.normal(0, .12) * h
            box = crops.clip([x - w * zoom / 2, y - h * zoom / 2, x + w * zoom / 2, y + h * zoom / 2], width, height) or box
        mask = np.ones((height, width), bool) if rng.random() < .3 else crops.polygon_mask(width, height, polygons)
        # Only what is cut out is varied: the rest of the picture would cost as much again.
        x0, y0, x1, y1 = (int(v) for v in (*np.floor(box[:2]), *np.ceil(box[2:])))
        part = augment.photometric(np.ascontiguousarray(picture[y0:y1, x0:x1]), rng)
        shown = np.where(mask[y0:y1, x0:x1, None], part, np.uint8(crops.PAD))
        crop = crops.cut(shown, [box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0], TRAIN_SIZE)
        if rng.random() < .15:
            crop = augment.occluded(crop, rng, 1, .15)
        return crop, rows_of(items, mask, box, TRAIN_SIZE)


def rows_of(items, mask, box, size):
    """The items of a picture (fractions) as rows of a crop of it."""
    height, width = mask.shape
    rows = []
    for label, x0, y0, x1, y1 in items:
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
        corners = crops.to_net(np.array([[pixels[0], pixels[1]], [pixels[2], pixels[3]]]), box, size)
        if seen < .15 or (corners[1] - corners[0]).max() < LEAST_PX:
            label = IGNORE
        rows.append([label, *corners.ravel()])
    return np.array(rows, np.float32).reshape(-1, 5)


def targets(rows):
    """Heat (classes, h, w), weight of every cell (1, h, w; 0: ignored), distances (4, h, w) and where they are taught (h, w)."""
    across, down = (v // STRIDE for v in TRAIN_SIZE)
    heat, weight = np.zeros((CLASSES, down, across), np.float32), np.ones((1, down, across), np.float32)
    distance, taught = np.zeros((4, down, across), np.float32), np.zeros((down, across), bool)
    columns, lines = ((np.arange(n, dtype=np.float32) + .5) * STRIDE for n in (across, down))
    for label, x0, y0, x1, y1 in rows:
        if label == IGNORE:
            weight[0][np.ix_((lines >= y0) & (lines <= y1), (columns >= x0) & (columns <= x1))] = 0
    for label, x0, y0, x1, y1 in sorted((r for r in rows if r[0] >= 0), key=lambda r: -(r[3] - r[1]) * (r[4] - r[2])):
        i, j = (int(np.clip((a + b) / 2 // STRIDE, 0, n - 1)) for a, b, n in ((x0, x1, across), (y0, y1, down)))
        sx, sy = (max((b - a) / STRIDE / 6, .5) for a, b in ((x0, x1), (y0, y1)))
        bump = np.exp(-((np.arange(down) - j) ** 2) / (2 * sy * sy))[:, None] * np.exp(-((np.arange(across) - i) ** 2) / (2 * sx * sx))[None]
        heat[int(label)] = np.maximum(heat[int(label)], bump)
        heat[int(label), j, i] = weight[0, j, i] = 1
        near = bump > .4
        near[j, i] = True
        sides = np.broadcast_arrays(columns[None] - x0, lines[:, None] - y0, x1 - columns[None], y1 - lines[:, None])
        distance[:, near] = np.stack([s[near] for s in sides]).clip(1, 600)
        taught |= near
    return heat, weight, distance, taught


class Samples(torch.utils.data.Dataset):
    """`count` varied crops with their targets; which desk each shows is drawn with the given chances."""

    def __init__(self, desks_, chances, count, seed, found=None):
        self.desks, self.seed, self.labelled, self.varied = desks_, seed, labelled_classes(desks_), Varied(found)
        self.order = np.random.default_rng(seed).choice(len(desks_), count, p=chances / chances.sum())
        self.pictures = {}

    def __len__(self):
        return len(self.order)

    def __getitem__(self, n):
        window, group = self.desks[self.order[n]]
        if window.path not in self.pictures and len(self.pictures) < KEPT_PICTURES:
            self.pictures[window.path] = window.picture()
        picture = self.pictures.get(window.path)
        crop, rows = self.varied.crop_of(window, group, window.picture() if picture is None else picture, np.random.default_rng([self.seed, n]))
        heat, weight, distance, taught = targets(rows)
        weight = np.broadcast_to(weight, heat.shape) * self.labelled[window.set][:, None, None]
        return crop, heat.astype(np.float16), weight.astype(np.float16), distance.astype(np.float16), taught
