"""Single items pasted onto pictures of desks: sheets of `python -m scenes sprites`, read and laid."""
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from . import data

DESK_M2 = .68           # what a desk's polygon covers, seen from a camera's usual height
LEAST_PX, MOST_SHARE = 5, .6
HIDES = .35             # a sprite that hides more than this share of an item is laid elsewhere


class Sprites:
    """All sprites of the given folders by class."""

    def __init__(self, folders):
        self.sheets, self.by_class = [], {name: [] for name in data.ITEMS}
        for folder in map(Path, folders):
            for manifest in sorted(folder.glob("sprites*.jsonl")):
                for line in manifest.read_text().splitlines():
                    row = json.loads(line)
                    sheet = np.asarray(Image.open(folder / row["sheet"]))
                    for item in row["items"]:
                        x0, y0, x1, y1 = item["cell"]
                        bx0, by0, bx1, by1 = item["box"]
                        pad = 12                                            # room for the shadow next to the item
                        x0, y0, x1, y1 = max(x0, bx0 - pad, 0), max(y0, by0 - pad, 0), min(x1, bx1 + pad), min(y1, by1 + pad)
                        cut = sheet[y0:y1, x0:x1].copy()
                        box = np.array([bx0 - x0, by0 - y0, bx1 - x0, by1 - y0], float)
                        self.by_class[item["class"]].append((cut, box, row["per_metre"]))
        self.classes = [n for n, found in self.by_class.items() if found]

    def __len__(self):
        return sum(map(len, self.by_class.values()))

    def draw(self, rng, chances):
        """A random sprite: its label, RGBA cut, box in the cut, pixels per metre."""
        name = self.classes[rng.choice(len(self.classes), p=chances / chances.sum())]
        found = self.by_class[name]
        return data.item_label(name), *found[rng.integers(len(found))]


def resized(cut, box, scale, soft, flip):
    """The cut at another scale, blurred by `soft` pixels, mirrored or not; premultiplied RGBA in 0..1, with its box."""
    size = max(2, round(cut.shape[1] * scale)), max(2, round(cut.shape[0] * scale))
    # Premultiplied (RGBa), so that what is transparent does not bleed into the edges.
    image = Image.fromarray(cut).resize(size, Image.BILINEAR, reducing_gap=None).convert("RGBa")
    if soft:
        image = image.filter(ImageFilter.GaussianBlur(soft))
    out = np.asarray(image, np.float32) / 255
    box = box * np.tile([size[0] / cut.shape[1], size[1] / cut.shape[0]], 2)
    if flip:
        out = out[:, ::-1]
        box = np.array([out.shape[1] - box[2], box[1], out.shape[1] - box[0], box[3]])
    return out, box


def inside(polygon, rng):
    """A random point of a polygon, given as corners in pixels."""
    low, high = polygon.min(0), polygon.max(0)
    for _ in range(20):
        p = rng.uniform(low, high)
        x, y, odd = *p, False
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, 0)):
            odd ^= (y0 > y) != (y1 > y) and x0 + (y - y0) / (y1 - y0) * (x1 - x0) < x
        if odd:
            return p
    return polygon.mean(0)


def lay(picture, desk, taken, sprites, chances, count, rng):
    """Lays up to `count` sprites on a desk (polygon of fractions).

    `taken`: boxes (x0, y0, x1, y1; pixels) of what is there. Returns the picture and the new items (label, x0, y0, x1, y1 in fractions).
    """
    height, width = picture.shape[:2]
    polygon = np.asarray(desk, float) * [width, height]
    x, y = polygon.T
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    per_metre = (area / DESK_M2) ** .5
    out, taken, laid = picture.astype(np.float32), [np.asarray(t, float) for t in taken], []
    grey = np.ptp(picture[::8, ::8].astype(int), axis=2).mean() < 3
    for _ in range(count):
        label, cut, box, native = sprites.draw(rng, chances)
        scale = per_metre * np.exp(rng.normal(0, .25)) / native
        if max(cut.shape[:2]) * scale > MOST_SHARE * max(width, height) or max(box[2:] - box[:2]) * scale < LEAST_PX:
            continue
        sheet, own = resized(cut, box, scale, rng.uniform(.2, .9) if rng.random() < .7 else 0, rng.random() < .5)
        for _ in range(6):
            foot = inside(polygon, rng)
            at = np.round(foot - [(own[0] + own[2]) / 2, own[3]]).astype(int)
            place = own + [*at, *at]
            if place[0] < -.2 * own[2] or place[2] > width + .2 * own[2] or place[1] < 0 or place[3] > height:
                continue
            if all(hidden_share(place, t) < HIDES for t in taken):
                break
        else:
            continue
        blend(out, sheet, at, grey, rng)
        taken.append(place)
        laid.append((label, place[0] / width, place[1] / height, place[2] / width, place[3] / height))
    return np.clip(out + .5, 0, 255).astype(np.uint8), laid


def hidden_share(over, under):
    """The share of box `under` that box `over` hides."""
    inner = np.clip(np.minimum(over[2:], under[2:]) - np.maximum(over[:2], under[:2]), 0, None).prod()
    return inner / max((under[2:] - under[:2]).prod(), 1e-6)


def blend(out, sheet, at, grey, rng):
    """Lays a premultiplied RGBA sheet over the picture, about as bright as its surroundings."""
    (x, y), (h, w) = at, sheet.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, out.shape[1]), min(y + h, out.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    sheet = sheet[y0 - y:y1 - y, x0 - x:x1 - x]
    under = out[y0:y1, x0:x1]
    light = (np.clip(under.mean() / 135, .35, 1.35) ** .8) * np.exp(rng.normal(0, .15))
    colour = sheet[..., :3] * 255 * light * np.exp(rng.normal(0, .05, 3)).astype(np.float32)
    if grey:
        colour = np.repeat(colour.mean(2, keepdims=True), 3, 2)
    out[y0:y1, x0:x1] = under * (1 - sheet[..., 3:]) + colour
