"""Badges and what is mistaken for them, drawn onto crops.

Everything is drawn three times larger and laid over with soft edges and the brightness of its surroundings. Lengths are in
units of the person's scale (the distance of the shoulder joints, crops.body_scale), places in pixels of the crop.
"""
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

OVER = 3
SKINS = np.array([(238, 205, 180), (222, 180, 150), (198, 150, 118), (160, 112, 82), (112, 76, 56), (72, 50, 40)], float)
# Where a badge hangs, from the middle of the shoulder joints on: half the width, and from where to where below, in the person's scale.
BADGE_PLACE = .36, .12, 1.15


class Layer:
    """A transparent sheet over the crop."""

    def __init__(self, picture):
        self.picture = picture
        h, w = picture.shape[:2]
        self.sheet = Image.new("RGBA", (w * OVER, h * OVER), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.sheet)

    def line(self, points, colour, width):
        self.draw.line([(x * OVER, y * OVER) for x, y in points], fill=(*map(int, colour), 255), width=max(1, int(round(width * OVER))), joint="curve")

    def polygon(self, points, colour):
        self.draw.polygon([(x * OVER, y * OVER) for x, y in points], fill=(*map(int, colour), 255))

    def laid(self, rng, blur=(.0, .8), opacity=1.0):
        sheet = self.sheet.resize(self.picture.shape[1::-1], Image.BOX).filter(ImageFilter.GaussianBlur(rng.uniform(*blur)))
        a = np.asarray(sheet, np.float32)
        alpha = a[..., 3:] / 255 * opacity
        colour = a[..., :3] * min(1.15, .45 + .6 * self.picture.mean() / 128)
        return np.clip(self.picture * (1 - alpha) + colour * alpha + .5, 0, 255).astype(np.uint8)

    def box(self):
        found = self.sheet.getbbox()
        return [v / OVER for v in found] if found else None


def quad(x, y, w, h, angle):
    """Corners of a rectangle whose upper middle is (x, y), hanging down and turned by `angle`."""
    c, s = np.cos(angle), np.sin(angle)
    return [(x + c * u - s * v, y + s * u + c * v) for u, v in ((-w / 2, 0), (w / 2, 0), (w / 2, h), (-w / 2, h))]


def bright(rng):
    return rng.integers(185, 256) + rng.integers(-12, 13, 3).clip(-12, 0)


def any_colour(rng):
    return rng.integers(0, 235, 3)


def cords(layer, rng, neck, card, s, colour=None):
    """A lanyard's two cords from the collar to the card."""
    colour = any_colour(rng) * rng.uniform(.2, 1) if colour is None else colour
    width = s * rng.uniform(.02, .055)
    spread = s * rng.uniform(.14, .24)
    knot = (card[0] + rng.normal(0, .01) * s, card[1] - s * rng.uniform(0, .12))
    for side in (-1, 1):
        start = (neck[0] + side * spread, neck[1] + s * rng.uniform(-.1, .02))
        bend = ((start[0] + knot[0]) / 2 + side * s * rng.uniform(0, .05), (start[1] + knot[1]) / 2)
        layer.line([start, bend, knot, card], colour, width)


def badge(picture, rng, neck, s):
    """A card on a lanyard or a clip. Returns the picture and the card's box."""
    layer, card_layer = Layer(picture), Layer(picture)
    if rng.random() < .65:
        top = (neck[0] + s * rng.normal(0, .07), neck[1] + s * rng.uniform(.35, 1.1))
        cords(layer, rng, neck, top, s)
        w = s * rng.uniform(.17, .3)
    else:
        top = (neck[0] + rng.choice([-1, 1]) * s * rng.uniform(.14, .34), neck[1] + s * rng.uniform(.16, .45))
        w = s * rng.uniform(.16, .28)
    h = w * (rng.uniform(1.2, 1.6) if rng.random() < .7 else rng.uniform(.3, .7))
    angle, turn = rng.normal(0, .12), rng.uniform(.6, 1)
    w *= turn
    base = bright(rng) if rng.random() < .85 else any_colour(rng)
    for target in (layer, card_layer):
        target.polygon(quad(*top, w, h, angle), base)
    c, sn = np.cos(angle), np.sin(angle)

    def part(u0, v0, u1, v1, colour):                       # parts of the card in its own units
        layer.polygon([(top[0] + c * u * w - sn * v * h, top[1] + sn * u * w + c * v * h) for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))], colour)
    if rng.random() < .7:
        part(-.5, 0, .5, rng.uniform(.12, .3), any_colour(rng))
    if rng.random() < .7:
        x = rng.uniform(-.4, .0)
        part(x, .32, x + rng.uniform(.3, .45), rng.uniform(.62, .8), rng.integers(40, 190, 3))
    for v in (.68, .78, .88):
        if rng.random() < .6:
            part(-.4, v, rng.uniform(0, .4), v + .04, rng.integers(20, 140, 3))
    return layer.laid(rng), card_layer.box()


def chest_distractor(picture, rng, neck, s):
    """A tie, scarf, necklace, logo, pocket, pen, zip, a bare strap or a phone that is looked at: no badge."""
    layer = Layer(picture)
    x, y = neck
    kind = rng.choice(["tie", "necklace", "logo", "pocket", "pens", "zip", "strap", "buttons", "hood", "phone", "phone"])
    colour = any_colour(rng)
    if kind == "tie":
        w, long = s * rng.uniform(.07, .14), s * rng.uniform(.7, 1.3)
        layer.polygon([(x - w * .5, y), (x + w * .5, y), (x + w, y + long), (x, y + long * 1.08), (x - w, y + long)], colour)
        if rng.random() < .5:
            for k in range(6):
                layer.line([(x - w, y + long * (k + 1) / 7), (x + w, y + long * (k + .4) / 7)], any_colour(rng), s * .02)
    elif kind == "necklace":
        drop = s * rng.uniform(.15, .5)
        points = [(x + t * s * .2, y - .06 * s + drop * (1 - t * t)) for t in np.linspace(-1, 1, 12)]
        layer.line(points, bright(rng) if rng.random() < .6 else colour, s * rng.uniform(.01, .03))
        if rng.random() < .5:
            layer.polygon(quad(x, points[6][1], s * .05, s * .06, .7), bright(rng))
    elif kind == "logo":
        px, py = x + rng.choice([-1, 1]) * s * rng.uniform(.15, .3), y + s * rng.uniform(.2, .45)
        for _ in range(rng.integers(2, 6)):
            layer.line([(px + s * rng.uniform(-.08, .08), py + s * rng.uniform(-.05, .05)) for _ in range(rng.integers(2, 4))], colour, s * rng.uniform(.015, .03))
    elif kind == "pocket":
        w, h = s * rng.uniform(.2, .3), s * rng.uniform(.2, .32)
        corners = quad(x + rng.choice([-1, 1]) * s * rng.uniform(.2, .3), y + s * rng.uniform(.25, .45), w, h, rng.normal(0, .05))
        shade = picture.mean((0, 1)) * rng.uniform(.5, 1.3)
        layer.line([*corners, corners[0]], shade.clip(0, 255), s * .012)
    elif kind == "pens":
        px, py = x + rng.choice([-1, 1]) * s * rng.uniform(.18, .32), y + s * rng.uniform(.2, .4)
        for k in range(rng.integers(1, 4)):
            layer.line([(px + k * s * .04, py), (px + k * s * .04, py + s * rng.uniform(.06, .14))], any_colour(rng), s * .02)
    elif kind == "zip":
        layer.line([(x, y), (x + s * rng.normal(0, .03), y + 1.4 * s)], picture.mean((0, 1)) * rng.uniform(.3, 1.4), s * rng.uniform(.01, .03))
    elif kind == "strap":
        side = rng.choice([-1, 1])
        layer.line([(x + side * s * .35, y - .1 * s), (x - side * s * rng.uniform(-.1, .5), y + 1.5 * s)], colour * rng.uniform(.2, 1), s * rng.uniform(.05, .12))
    elif kind == "buttons":
        for k in range(6):
            layer.polygon(quad(x, y + s * (.1 + .22 * k), s * .03, s * .03, .7), colour)
    elif kind == "phone":
        phone(layer, rng, (x + s * rng.normal(0, .25), y + s * rng.uniform(.2, .8)), s)
    else:
        cords(layer, rng, neck, (x, y + s * rng.uniform(.15, .3)), s * .8, bright(rng))
    return layer.laid(rng)


def phone(layer, rng, top, s):
    """A phone held in a hand, whose forearm comes from below; `top` is the middle of its upper edge."""
    w, h, angle = s * rng.uniform(.13, .22), s * rng.uniform(.24, .4), rng.normal(0, .35)
    skin, sleeve = SKINS[rng.integers(len(SKINS))] * rng.uniform(.8, 1.1), any_colour(rng)
    corners = quad(*top, w, h, angle)
    low = np.mean(corners[2:], 0)
    elbow = low + np.array([rng.choice([-1, 1]) * rng.uniform(.2, .9), rng.uniform(.3, .9)]) * s
    layer.line([tuple(low), tuple(low + .5 * (elbow - low))], skin, s * rng.uniform(.12, .18))
    layer.line([tuple(low + .4 * (elbow - low)), tuple(elbow)], sleeve, s * rng.uniform(.18, .28))
    layer.polygon(corners, rng.uniform(5, 60) + rng.integers(-5, 6, 3).clip(-5, 5) if rng.random() < .8 else any_colour(rng))
    if rng.random() < .5:                                       # the back's edge or a lit screen
        layer.line([*corners, corners[0]], rng.uniform(60, 190, 3), s * rng.uniform(.008, .02))
    for v in np.linspace(.4, .85, rng.integers(3, 5)):          # fingers around it
        left, right = (np.array(a) + v * (np.array(b) - a) for a, b in ((corners[0], corners[3]), (corners[1], corners[2])))
        start, end = (left, right) if rng.random() < .7 else (right, left)
        layer.line([tuple(start), tuple(start + rng.uniform(.3, .7) * (end - start))], skin * rng.uniform(.85, 1.05), s * rng.uniform(.04, .06))


def cover(picture, rng, neck, s, scenery):
    """Something in front of the chest: a sign that hangs over the counter, a screen, a raised phone, papers; or a piece of `scenery`
    (RGB of any size). Returns the picture and which pixels are hidden."""
    layer = Layer(picture)
    half, top, bottom = np.array(BADGE_PLACE) * s
    w, h = 2 * half * np.exp(rng.uniform(-.35, .9)), (bottom - top) * np.exp(rng.uniform(-.5, .7))   # larger than any badge
    x, y = neck[0] + rng.normal(0, .5) * half, neck[1] + rng.uniform(-.1, .9) * bottom - h / 2 * rng.random()
    corners, angle = quad(x, y, w, h, rng.normal(0, .12)), rng.normal(0, .1)
    face = bright(rng) if rng.random() < .4 else any_colour(rng)
    layer.polygon(corners, face)
    ink = any_colour(rng) if face.mean() > 128 else bright(rng)
    if rng.random() < .6:                                       # lettering
        for row in np.arange(.15, .9, rng.uniform(.12, .4)):
            for u in np.arange(-.42, .36, .11):
                if rng.random() < .7:
                    layer.polygon(quad(x + u * w, y + row * h, .08 * w, .08 * h, angle), ink)
    if rng.random() < .4:
        layer.line([*corners, corners[0]], any_colour(rng), s * rng.uniform(.01, .05))
    hidden = np.asarray(layer.sheet.resize(picture.shape[1::-1], Image.BOX))[..., 3] > 127
    if rng.random() < .6:
        return layer.laid(rng), hidden
    part = np.asarray(Image.fromarray(scenery).resize(picture.shape[1::-1], Image.BILINEAR))
    return np.where(hidden[..., None], part, picture), hidden


def share_hidden(hidden, box):
    """Which share of a box (x0, y0, x1, y1 in pixels), as far as it lies in the crop, is hidden; 1 if none of it does."""
    height, width = hidden.shape
    x0, y0, x1, y1 = (int(round(v)) for v in np.clip(box, 0, [width, height, width, height]))
    return float(hidden[y0:y1, x0:x1].mean()) if x1 > x0 and y1 > y0 else 1.0
