"""Cigarettes, what is mistaken for them and hands that hold either, drawn onto crops.

Everything is made of `rod`: a shaded cylinder with soft edges. Lengths are in units of the person's scale `s` (the distance of the
shoulder joints in pixels of the crop), places in pixels of the crop. A cigarette and a pen are drawn by the same hand, at the same
places, under the same light: what tells them apart is what tells them apart in a photograph.
"""
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .paste import SKINS

CIGARETTE, SLIM = (.22, .0105), (.26, .0075)        # length and radius of 84 x 8 mm and 100 x 5.5 mm at 38 cm from shoulder to shoulder
FINGER = (.19, .023)
PAPER = np.array((250, 248, 243), float)
FILTERS = np.array([(205, 145, 80), (216, 168, 108), (190, 122, 62), (240, 238, 232), (244, 240, 230)], float)
ASH, EMBER, COAL = np.array((150, 146, 142), float), np.array((245, 105, 35), float), np.array((52, 46, 44), float)


def rod(picture, start, end, radius, bands, light, rng, tail=None, opacity=1.0, round_ends=False, mark=0.0):
    """Draws a cylinder in place. `bands`: (share of the length, colour) from start to end; `tail`: radius at the end.

    Soft edges come from the distance to the axis, so that a rod thinner than a pixel is fainter, not thicker. A fourth channel of the
    picture, where it has one, takes `mark` where the rod is on top: it tells later what of a cigarette the fingers left in sight.
    """
    h, w = picture.shape[:2]
    start, end = np.asarray(start, float), np.asarray(end, float)
    tail = radius if tail is None else tail
    reach = max(radius, tail) + 2
    x0, y0 = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
    x1, y1 = np.minimum(np.ceil(np.maximum(start, end) + reach).astype(int), [w, h])
    length = np.hypot(*(end - start))
    if x1 <= x0 or y1 <= y0 or length < 1e-3:
        return
    axis = (end - start) / length
    y, x = np.mgrid[y0:y1, x0:x1] + .5
    along, across = (x - start[0]) * axis[0] + (y - start[1]) * axis[1], (x - start[0]) * -axis[1] + (y - start[1]) * axis[0]
    r = radius + (tail - radius) * (along / length).clip(0, 1)
    if round_ends:
        beyond = along - along.clip(0, length)
        cover = (r + .5 - np.hypot(across, beyond)).clip(0, 1)
    else:
        cover = (r + .5 - abs(across)).clip(0, 1) * (along + .5).clip(0, 1) * (length - along + .5).clip(0, 1)
    cover *= np.minimum(1, 2 * r) * opacity
    edges = np.cumsum([share for share, _ in bands])
    which = np.searchsorted(edges / edges[-1], (along / length).clip(0, .999), side="right").clip(0, len(bands) - 1)
    colour = np.stack([c for _, c in bands])[which]
    u = (across / np.maximum(r, .5)).clip(-1, 1)
    shade = 1 - light.contrast * (.5 * u * light.side(axis) + .5 * u * u)
    colour = (colour * shade[..., None] * light.tint).clip(0, 255)
    part, cover = picture[y0:y1, x0:x1], cover[..., None]
    part[..., :3] = part[..., :3] * (1 - cover) + colour * cover + .5
    part[..., 3:] = part[..., 3:] * (1 - cover) + mark * cover


class Light:
    """How bright things are at a place of the picture, from what is brightest around it, and from where the light comes."""

    def __init__(self, picture, place, reach, rng):
        h, w = picture.shape[:2]
        x, y, r = int(place[0]), int(place[1]), max(6, int(reach))
        pixels = picture[..., :3]
        around = pixels[max(0, y - r):y + r + 1, max(0, x - r):x + r + 1].reshape(-1, 3).astype(float)
        around = around if len(around) else pixels.reshape(-1, 3).astype(float)
        bright = np.percentile(around.mean(1), 92)
        level = np.clip(bright / 205 * np.exp(rng.normal(.05, .22)), .16, 1.12)
        cast = pixels.reshape(-1, 3).mean(0) + 12
        cast = (cast / cast.mean()) ** rng.uniform(.2, .9)
        self.tint, self.contrast, self.from_ = level * cast, rng.uniform(.1, .75), rng.uniform(0, 2 * np.pi)

    def side(self, axis):
        return -axis[1] * np.cos(self.from_) + axis[0] * np.sin(self.from_)


def towards(place, angle, length):
    return np.asarray(place, float) + length * np.array([np.cos(angle), np.sin(angle)])


def any_colour(rng):
    return rng.integers(5, 245, 3).astype(float)


# ---------------------------------------------------------------- things a rod can be

def cigarette(picture, rng, place, angle, s, light):
    """From the filter at `place` along `angle`; burnt to any length, foreshortened, marked in the fourth channel."""
    full, radius = SLIM if rng.random() < .2 else CIGARETTE
    left = rng.uniform(.3, 1)                                       # of the paper
    length = s * full * (.28 + .72 * left) * np.sqrt(rng.uniform(.35, 1))
    filter_ = .28 / (.28 + .72 * left)                              # shares of what is left
    colour = FILTERS[rng.integers(len(FILTERS))] * rng.uniform(.85, 1.05)
    paper = PAPER * rng.uniform(.9, 1.03)
    bands = [(filter_, colour)]
    if rng.random() < .3:
        bands += [(.02, colour * .6)]
    ash = rng.choice([0, rng.uniform(.03, .25)], p=[.35, .65])
    bands += [(1 - filter_ - ash, paper)]
    tip = rng.random()
    if ash:
        bands += [(ash * .25, EMBER if tip < .45 else COAL), (ash * .75, ASH * rng.uniform(.5, 1.25))]
    elif tip < .4:
        bands += [(.03, EMBER if tip < .2 else COAL)]
    end = towards(place, angle, length)
    rod(picture, place, end, s * radius * rng.uniform(.85, 1.2), bands, light, rng, mark=1)
    if tip < .25 and ash:                                           # a glowing end outshines the light of the room
        rod(picture, end, towards(end, angle, s * .008), s * radius, [(1, EMBER / light.tint.max())], light, rng, opacity=.8, round_ends=True, mark=1)
    return end


def look_alike(picture, rng, place, angle, s, light):
    """A pen, pencil, straw, lollipop, toothpick, toothbrush, fork, chalk, thermometer, phone, cup or finger: no cigarette."""
    kind = rng.choice(["pen", "pen", "pencil", "straw", "lollipop", "toothpick", "brush", "fork", "chalk", "phone", "cup", "glass", "paper", "nothing"])
    go = lambda length: towards(place, angle, s * length)
    if kind == "pen":
        body = np.array([(25, 25, 30), (20, 45, 150), (170, 25, 30), (30, 115, 65), (125, 125, 130), (235, 235, 238)][rng.integers(6)], float)
        cap = any_colour(rng) if rng.random() < .6 else body * .7
        bands = [(rng.uniform(.15, .45), cap), (.5, body), (.1, body * .5 + 70)]
        rod(picture, place, go(rng.uniform(.22, .42)), s * rng.uniform(.009, .017), bands, light, rng, tail=s * .006)
    elif kind == "pencil":
        rod(picture, place, go(rng.uniform(.25, .48)), s * .0095, [(.06, np.array((225, 130, 140.))), (.8, any_colour(rng)), (.14, np.array((215, 175, 125.)))], light, rng, tail=s * .004)
    elif kind == "straw":
        one, two = any_colour(rng), PAPER * rng.uniform(.8, 1)
        bands = [(1, one if k % 2 else two) for k in range(rng.integers(2, 14))] if rng.random() < .5 else [(1, one if rng.random() < .6 else two)]
        end = go(rng.uniform(.3, .55))
        rod(picture, place, end, s * rng.uniform(.006, .012), bands, light, rng)
        if rng.random() < .7:
            rod(picture, end, towards(end, np.pi / 2 + rng.normal(0, .2), s * rng.uniform(.25, .4)), s * rng.uniform(.09, .12), [(.1, any_colour(rng)), (.9, any_colour(rng))], light, rng, tail=s * .08)
    elif kind == "lollipop":
        end = go(rng.uniform(.12, .24))
        if rng.random() < .6:
            rod(picture, end, place, s * .005, [(1, PAPER * .95)], light, rng)
            rod(picture, place, towards(place, angle, s * .01), s * rng.uniform(.04, .07), [(1, any_colour(rng))], light, rng, round_ends=True)
        else:                                                      # in the mouth: only the stick is seen
            rod(picture, place, end, s * .0045, [(1, PAPER * .95)], light, rng)
    elif kind == "toothpick":
        rod(picture, place, go(rng.uniform(.08, .17)), s * .003, [(1, np.array((222, 190, 140.)))], light, rng, tail=s * .0015)
    elif kind == "brush":
        end = go(rng.uniform(.35, .48))
        rod(picture, place, end, s * rng.uniform(.008, .013), [(.75, any_colour(rng)), (.25, PAPER)], light, rng)
        rod(picture, towards(end, angle, -s * .08), end, s * .022, [(.5, PAPER), (.5, any_colour(rng))], light, rng, opacity=.8)
    elif kind == "fork":
        steel = np.array((185, 188, 192.)) if rng.random() < .6 else np.array((120, 70, 45.))
        end = go(rng.uniform(.35, .6))
        rod(picture, place, end, s * rng.uniform(.006, .011), [(1, steel)], light, rng, tail=s * rng.uniform(.004, .02))
        if rng.random() < .5:
            off = s * .04 * np.array([-np.sin(angle), np.cos(angle)])
            rod(picture, place + off, end + off * rng.uniform(.2, 1.5), s * .007, [(1, steel)], light, rng)
    elif kind == "chalk":
        rod(picture, place, go(rng.uniform(.06, .11)), s * rng.uniform(.014, .022), [(1, PAPER if rng.random() < .6 else any_colour(rng))], light, rng)
    elif kind == "phone":
        end = go(rng.uniform(.3, .42))
        rod(picture, place, end, s * rng.uniform(.07, .11), [(1, any_colour(rng) * rng.choice([.25, 1.]))], light, rng)
        if rng.random() < .4:
            rod(picture, towards(place, angle, s * .03), towards(end, angle, -s * .03), s * .06, [(1, np.array((150, 190, 235.)) * rng.uniform(.6, 1.2))], light, rng)
    elif kind in ("cup", "glass"):
        down = np.pi / 2 + rng.normal(0, .35)
        rod(picture, place, towards(place, down, s * rng.uniform(.2, .4)), s * rng.uniform(.09, .13), [(.12, PAPER * rng.uniform(.6, 1)), (.88, any_colour(rng))], light, rng,
            tail=s * rng.uniform(.06, .11), opacity=1 if kind == "cup" else .45)
    elif kind == "paper":                                          # the bright edge of a sheet, a cuff, a mask string
        rod(picture, place, go(rng.uniform(.4, 1.2)), s * rng.uniform(.006, .06), [(1, PAPER * rng.uniform(.7, 1))], light, rng)


def hand(picture, rng, place, pointing, s, skin, light, over=0):
    """A hand whose fingers end near `place`, pointing along `pointing`. `over`: 0 the hand without the two fingers in front, 1 those alone."""
    length, radius = s * FINGER[0], s * FINGER[1]
    side = np.array([-np.sin(pointing), np.cos(pointing)])
    knuckles = towards(place, pointing, -length * .75)
    tones = lambda: [(.3, skin * rng.uniform(.86, 1)), (.58, skin * rng.uniform(.9, 1.04)), (.12, skin * rng.uniform(.95, 1.12))]
    if over == 0:
        wrist = towards(knuckles, pointing + rng.normal(0, .35), -length * rng.uniform(1.1, 1.5))
        rod(picture, wrist, knuckles, radius * 2.4, [(1, skin * rng.uniform(.82, .98))], light, rng, tail=radius * 3, round_ends=True)
        for k in (2, 3):                                           # ring and little finger, bent or stretched
            base = knuckles + side * radius * (2.0 * k - 3)
            rod(picture, base, towards(base, pointing + rng.normal(.15, .3), length * rng.uniform(.3, .95)), radius * .95, tones(), light, rng, round_ends=True)
        if rng.random() < .6:
            base = towards(wrist, pointing, length * .5) - side * radius * 2
            rod(picture, base, towards(base, pointing - rng.uniform(.1, .9), length * .8), radius * 1.1, tones(), light, rng, round_ends=True)
    else:
        for k in (0, 1):
            base = knuckles + side * radius * (2.0 * k - 3)
            tip = towards(base, pointing + rng.normal(0, .06), length * rng.uniform(.85, 1.05))
            rod(picture, base, tip, radius, tones(), light, rng, tail=radius * .8, round_ends=True)


def smoke(picture, rng, place, s):
    """A plume that rises and spreads; breath in the cold and steam look the same."""
    h, w = picture.shape[:2]
    sheet = Image.new("L", (w, h))
    draw = ImageDraw.Draw(sheet)
    (x, y), drift = place, rng.normal(0, .02)
    for k in range(rng.integers(8, 40)):
        r = s * (.012 + rng.uniform(.002, .008) * k)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=int(rng.uniform(20, 90)))
        x, y = x + s * (drift + rng.normal(0, .02)), y - s * rng.uniform(.01, .05)
    alpha = np.asarray(sheet.filter(ImageFilter.GaussianBlur(float(s * rng.uniform(.008, .04) + .4))), float)[..., None] / 255 * rng.uniform(.3, 1.2)
    alpha = alpha.clip(0, 1)
    picture[..., :3] = picture[..., :3] * (1 - alpha) + rng.uniform(170, 240) * alpha
    picture[..., 3:] *= 1 - alpha


# ---------------------------------------------------------------- scenes

def skin_of(picture, nose, s, rng):
    """Skin as it looks in this picture where the face is seen, else any; it already carries the light."""
    x, y = np.round(nose).astype(int)
    h, w = picture.shape[:2]
    if 2 <= x < w - 2 and 2 <= y < h - 2 and rng.random() < .75:
        r = max(2, int(.06 * s))
        return np.median(picture[max(0, y - r):y + r + 1, max(0, x - r):x + r + 1, :3].reshape(-1, 3), 0).astype(float) * rng.uniform(.85, 1.1), True
    return SKINS[rng.integers(len(SKINS))] * rng.uniform(.85, 1.1), False


def held(picture, rng, places, nose, s, smokes):
    """Something at the mouth or in a hand: a cigarette if `smokes`. `places`: (kind, x, y) with kind mouth or hand, in the crop.

    Returns the picture and where the cigarette can be seen (h, w, bool; nowhere without one).
    """
    out = np.dstack([picture, np.zeros(picture.shape[:2])]).astype(np.float32)
    h, w = out.shape[:2]
    kind, *where = places[rng.integers(len(places))]
    where = np.array(where, float)
    draws_hand = rng.random() < .5
    if rng.random() < .2:                                          # a hand of nobody's pose, beside the head or in front of the chest
        kind, draws_hand = "free", True
        where = np.array([rng.uniform(.1, .9) * w, rng.uniform(.15, .9) * h])
    where = where + rng.normal(0, .025, 2) * s
    light = Light(out, where, .6 * s, rng)
    skin, lit = skin_of(out, nose, s, rng)
    skin_light = Light(out, where, .6 * s, rng)
    if lit:
        skin_light.tint = np.ones(3)
    angle = rng.uniform(0, 2 * np.pi)
    if kind == "mouth" and rng.random() < .8:                      # from the lips outwards, seldom upwards
        angle = rng.choice([0, np.pi]) + rng.normal(0, .75)
    draw = cigarette if smokes else look_alike
    pointing = angle + rng.choice([-1, 1]) * rng.normal(np.pi / 2, .3)
    if draws_hand:
        grip = towards(where, angle, s * rng.uniform(.02, .1)) if kind == "mouth" else where
        finger = towards(grip, pointing, s * rng.uniform(0, .05))
        hand(out, rng, finger, pointing, s, skin, skin_light, over=0)
        behind = rng.random() < .45                                # two fingers behind the thing too, as when it lies on them
        if behind:
            hand(out, rng, finger, pointing, s, skin, skin_light, over=1)
        end = draw(out, rng, towards(where, angle, -s * rng.uniform(0, .06)), angle, s, light)
        if not behind:
            hand(out, rng, finger, pointing, s, skin, skin_light, over=1)
    else:
        end = draw(out, rng, where, angle, s, light)
    if rng.random() < (.3 if smokes else .12):
        smoke(out, rng, end if smokes else where, s)
    return out[..., :3].clip(0, 255).astype(np.uint8), out[..., 3] > .5


def visible_box(picture, seen, shortest, contrast=25):
    """The box (x0, y0, x1, y1) around what is seen of a cigarette; None where too little of it, or nothing that stands out, is."""
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows) or np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1) < shortest or seen.sum() < shortest:
        return None
    around = np.asarray(Image.fromarray(seen).filter(ImageFilter.MaxFilter(7))) & ~seen
    inside, outside = picture[seen].astype(float), picture[around].astype(float)
    if abs(inside.mean(0) - outside.mean(0)).max() < contrast:
        return None
    return np.array([columns[0] - 1, rows[0] - 1, columns[-1] + 2, rows[-1] + 2], np.float32)


def sign(picture, rng, spared):
    """A dark board with the window's lit number, as hangs over counters: before a face, a `1` is as long, thin and bright as a cigarette.

    None is drawn where it would touch the box `spared` (x0, y0, x1, y1).
    """
    image = Image.fromarray(picture)
    h, w = picture.shape[:2]
    words = str(rng.integers(1, 100)) if rng.random() < .5 else str(rng.choice(["1", "1", "2", "4", "7", "01", "11", "1A", "A1"]))
    size = float(np.exp(rng.uniform(*np.log([14, 90]))))
    high, wide = size * rng.uniform(1.2, 2.2), size * rng.uniform(1.6, 3.2) * max(1, .6 * len(words))
    x, y = rng.uniform(.1, .9) * w, rng.uniform(0, .7) * h
    if abs(x - (spared[0] + spared[2]) / 2) < wide / 2 + spared[2] - spared[0] and abs(y - (spared[1] + spared[3]) / 2) < high / 2 + spared[3] - spared[1]:
        return picture
    sheet = Image.new("RGBA", (2 * int(wide) + 8, 2 * int(high) + 8), (0, 0, 0, 0))
    draw, (cx, cy) = ImageDraw.Draw(sheet), (wide + 4, high + 4)
    board = rng.uniform(4, 80) + rng.uniform(-4, 8, 3)
    draw.rectangle([cx - wide / 2, cy - high / 2, cx + wide / 2, cy + high / 2], fill=(*board.clip(0, 255).astype(int), 255))
    lit = [(255, 60, 30), (255, 150, 60), (255, 205, 150), (90, 255, 110), (250, 250, 245), (120, 190, 255)][rng.integers(6)]
    where = (cx + rng.normal(0, .1) * wide, cy + rng.normal(0, .06) * high)
    draw.text(where, words, fill=(*lit, 255), font_size=size, anchor="mm", stroke_width=int(rng.integers(0, 2 + size // 30)), stroke_fill=(*lit, 255))
    sheet = sheet.rotate(float(rng.normal(0, 6)), Image.BICUBIC).filter(ImageFilter.GaussianBlur(float(rng.uniform(.2, 1.2))))
    image.paste(sheet, (int(x - cx), int(y - cy)), sheet)
    return np.asarray(image)


def clutter(picture, rng):
    """What pictures have in them that is thin and bright and nobody's cigarette: lines, lettering, blinds, edges of things."""
    out = picture.astype(np.float32)
    h, w = out.shape[:2]
    light = Light(out, (w / 2, h / 2), w / 2, rng)
    for _ in range(rng.integers(1, 5)):
        place, angle = rng.uniform(0, [w, h]), rng.uniform(0, np.pi)
        colour = PAPER * rng.uniform(.6, 1) if rng.random() < .6 else any_colour(rng)
        if rng.random() < .4:                                      # a row of parallel bars
            step = towards((0, 0), angle + np.pi / 2, rng.uniform(4, 16))
            width, length = rng.uniform(.5, 3), rng.uniform(15, w)
            for k in range(rng.integers(3, 12)):
                rod(out, place + k * step, towards(place + k * step, angle, length), width, [(1, colour)], light, rng)
        elif rng.random() < .5:
            rod(out, place, towards(place, angle, rng.uniform(.4, 1.4) * w), rng.uniform(.5, 4), [(1, colour)], light, rng)
        else:                                                      # lettering
            image = Image.fromarray(out.clip(0, 255).astype(np.uint8))
            ImageDraw.Draw(image).text(tuple(place), "".join(rng.choice(list("ABCEHLMNTXilort1247- ")) for _ in range(rng.integers(3, 14))),
                                       fill=tuple(int(c) for c in colour.clip(0, 255)), font_size=float(rng.uniform(7, 26)))
            out = np.asarray(image).astype(np.float32)
    return out.clip(0, 255).astype(np.uint8)
