"""Item classes as meshes: what is permitted on the desk. `clutter` holds the rest; `make` knows both."""

import math


from . import clutter
from .kit import Kit
from .materials import plain
from .meshes import place

NAMES = ("A. Chen", "Window 3", "M. Torres", "J. Okafor", "L. Wang", "王丽", "3号窗口", "陈晓明")
POST_WORDS = ("党员示范岗", "共产党员", "先锋岗", "PARTY MEMBER")


def make(cls, rng, index, at):
    """The objects of one item of a class; `at` is its transform. Every look is a function of rng."""
    kit = Kit(rng, index, at)
    _MAKERS[cls](kit)
    return kit.objects


def monitor(kit):
    screen = plain("screen", (0.18, 0.32, 0.5) if kit.coin() else (0.5, 0.55, 0.6), 0.2, glow=1.1)
    frame = kit.dark if kit.coin(0.7) else kit.grey
    kit.box((0.54, 0.03, 0.32), (0, 0, 0.30), frame)
    kit.box((0.515, 0.002, 0.295), (0, 0.0165, 0.30), screen, bevel=0)
    kit.box((0.06, 0.03, 0.2), (0, -0.03, 0.13), frame)
    kit.box((0.24, 0.18, 0.012), (0, -0.02, 0.006), frame)
    for k in range(5):
        line = plain("screen_text", (0.85, 0.87, 0.9), 0.4, glow=0.9)
        kit.box((0.46 - 0.1 * kit.rng.rand(), 0.0015, 0.012), (-0.01, 0.018, 0.40 - 0.05 * k), line, bevel=0)


def keyboard(kit):
    kit.box((0.44, 0.14, 0.016), (0, 0, 0.012), kit.dark, (3, 0, 0))
    for row in range(4):
        kit.box(
            (0.42, 0.024, 0.006), (0, -0.045 + 0.03 * row, 0.024), plain("keys", (0.06, 0.06, 0.065), 0.5), bevel=0.002
        )


def mouse(kit):
    shell = kit.pick(kit.dark, kit.dark, kit.white, kit.grey)
    kit.ball((0, 0, 0.012), (0.031, 0.054, 0.024), shell)
    kit.box((0.006, 0.016, 0.006), (0, 0.022, 0.033), kit.grey, bevel=0.002)
    if kit.coin():
        kit.tube([(0, 0.05, 0.01), (0.02, 0.10, 0.004), (-0.02, 0.17, 0.004), (0.03, 0.24, 0.004)], 0.002, kit.dark)


def scanner(kit):
    kit.box((0.30, 0.22, 0.07), (0, 0, 0.035), kit.white)
    kit.box((0.29, 0.21, 0.02), (0, 0, 0.085), kit.grey, (6, 0, 0))
    kit.box((0.04, 0.02, 0.01), (0.1, 0.115, 0.05), plain("led", (0.1, 0.8, 0.2), 0.3, glow=2))


def evaluator(kit):
    """A tablet on a stand that citizens rate the service on."""
    tilt = place((0, 0, 0.10), (68, 0, 0))
    face = plain("tablet_face", (0.25, 0.5, 0.85), 0.2, glow=1.0)
    kit.box((0.125, 0.195, 0.009), (0, 0, 0), kit.dark, within=tilt)
    for side in (-1, 1):
        kit.box((0.112, 0.165, 0.001), (0, 0, side * 0.0052), face, bevel=0, within=tilt)
    kit.box((0.1, 0.10, 0.01), (0, 0.05, 0.005), kit.grey)
    kit.box((0.03, 0.012, 0.13), (0, 0.055, 0.06), kit.grey, (25, 0, 0))


def telephone(kit):
    shell = kit.dark if kit.coin(0.6) else kit.white
    kit.box((0.16, 0.20, 0.045), (0, 0, 0.03), shell, (10, 0, 0))
    kit.box((0.045, 0.20, 0.03), (-0.055, 0, 0.075), shell, (10, 0, 0), bevel=0.012)
    kit.box((0.07, 0.035, 0.002), (0.035, -0.06, 0.045), plain("lcd", (0.35, 0.42, 0.35), 0.3), (10, 0, 0), bevel=0)
    for row in range(4):
        for k in range(3):
            kit.box(
                (0.015, 0.012, 0.006),
                (0.012 + 0.022 * k, -0.02 + 0.022 * row, 0.056 + 0.0038 * row),
                kit.grey,
                bevel=0.001,
            )


def pen_holder(kit):
    cup = plain("pen_cup", kit.any_colour() if kit.coin() else (0.03, 0.03, 0.03), 0.5)
    kit.lathe([(0, 0.003), (0.038, 0.003), (0.038, 0.1), (0.035, 0.1), (0.035, 0.01)], cup)
    colours = ((0.02, 0.05, 0.5), (0.6, 0.03, 0.03), (0.02, 0.02, 0.02), (0.7, 0.6, 0.1), (0.1, 0.4, 0.1))
    for k, colour in enumerate(colours):
        at = (0.015 * math.cos(k * 1.3), 0.015 * math.sin(k * 1.3), 0.01)
        lean = (kit.rng.uniform(-10, 10), kit.rng.uniform(-10, 10), 0)
        kit.lathe([(0, 0), (0.004, 0), (0.004, 0.15), (0, 0.155)], plain("pen", colour, 0.4), at, lean, 8)


def name_plate(kit):
    """A ridge of two plates with a name towards the public."""
    metal = plain("plate", (0.55, 0.42, 0.12) if kit.coin(0.4) else (0.75, 0.77, 0.8), 0.3, 0.2)
    kit.box((0.22, 0.004, 0.075), (0, -0.018, 0.037), metal, (-25, 0, 0))
    kit.box((0.22, 0.004, 0.075), (0, 0.018, 0.037), kit.white, (25, 0, 0))
    kit.text(kit.pick(*NAMES), 0.035, kit.dark, (0, -0.0215, 0.037), (65, 0, 0))


def notice_sign(kit):
    header = plain("sign_header", (0.7, 0.05, 0.05) if kit.coin() else (0.05, 0.2, 0.6), 0.4)
    kit.box((0.21, 0.006, 0.297), (0, 0, 0.155), plain("sign", (0.85, 0.85, 0.87), 0.25), (-8, 0, 0))
    kit.box((0.21, 0.09, 0.006), (0, 0, 0.003), kit.white)
    kit.box((0.19, 0.001, 0.05), (0, -0.0205, 0.27), header, (-8, 0, 0), bevel=0)
    for k in range(5):
        ink = plain("sign_text", (0.1, 0.1, 0.1), 0.5)
        kit.box((0.16, 0.001, 0.010), (0, -0.016 + 0.0035 * k, 0.22 - 0.03 * k), ink, (-8, 0, 0), bevel=0)


def post_sign(kit):
    """The red stand of a Party member's post: a plate on a foot, golden letters, sometimes a golden rim."""
    red = plain("post_red", kit.pick((0.55, 0.015, 0.015), (0.65, 0.03, 0.02), (0.42, 0.01, 0.02)), 0.3)
    gold = plain("post_gold", (0.85, 0.6, 0.12), 0.35, 0.4)
    width = kit.rng.uniform(0.17, 0.24)
    height = kit.rng.uniform(0.08, 0.13)
    kit.box((width + 0.02, 0.07, 0.012), (0, 0, 0.006), kit.pick(gold, kit.dark, kit.white))
    for side in (-1, 1):  # read from both sides of the counter
        kit.box((width, 0.005, height), (0, side * 0.004, 0.012 + height / 2), red)
    words = kit.pick(*POST_WORDS)
    letter = 0.62 if words.isascii() else 1.0  # widths of a letter and of a sign, in text sizes
    kit.text(
        words,
        min(height * 0.30, width * 0.85 / (letter * len(words))),
        gold,
        (0, -0.0075, 0.012 + height * 0.42),
        (90, 0, 0),
    )
    kit.ball((0, -0.0065, 0.012 + height * 0.78), (height * 0.11, 0.001, height * 0.11), gold)
    if kit.coin():
        kit.box((width, 0.012, 0.006), (0, 0, 0.012 + height), gold)


def document(kit):
    """One to five loose sheets with printed lines; sometimes a stamp or a coloured form."""
    z = 0.0008
    for _ in range(kit.rng.randint(1, 6)):
        turn = (0, 0, kit.rng.uniform(-14, 14))
        paper = plain(
            "paper", kit.pick((0.85, 0.85, 0.84), (0.85, 0.85, 0.84), (0.82, 0.70, 0.72), (0.72, 0.80, 0.84)), 0.8
        )
        at = (kit.rng.uniform(-0.02, 0.02), kit.rng.uniform(-0.02, 0.02), z)
        kit.box((0.21, 0.297, 0.0008), at, paper, turn, bevel=0)
        z += 0.0012
    page = place((at[0], at[1], z), turn)
    ink = plain("print", (0.12, 0.12, 0.13), 0.7)
    kit.box((0.12, 0.010, 0.0004), (0, 0.115, 0), ink, bevel=0, within=page)
    for k in range(kit.rng.randint(6, 13)):
        kit.box((kit.rng.uniform(0.10, 0.17), 0.004, 0.0004), (-0.01, 0.09 - 0.017 * k, 0), ink, bevel=0, within=page)
    if kit.coin(0.4):
        kit.lathe(
            [(0.014, 0), (0.018, 0), (0.018, 0.0006), (0.014, 0.0006)],
            plain("stamp", (0.7, 0.03, 0.03), 0.7),
            (0.05, -0.09, 0),
            within=page,
        )


def card_reader(kit):
    """A box with a sloping top where an identity card is laid."""
    shell = kit.pick(kit.dark, kit.dark, kit.white)
    kit.box((0.13, 0.09, 0.022), (0, 0, 0.012), shell, bevel=0.006)
    top = place((0, 0, 0.030), (14, 0, 0))
    kit.box((0.125, 0.085, 0.014), (0, 0, 0), shell, bevel=0.005, within=top)
    kit.box(
        (0.086, 0.054, 0.001), (0, 0.004, 0.0076), plain("reader_pad", (0.08, 0.22, 0.42), 0.3), bevel=0, within=top
    )
    kit.box(
        (0.012, 0.005, 0.002), (0.045, -0.034, 0.0076), plain("led", (0.1, 0.8, 0.2), 0.3, glow=2), bevel=0, within=top
    )


def printer(kit):
    shell = kit.pick(kit.white, kit.white, kit.grey, kit.dark)
    height = kit.rng.uniform(0.17, 0.24)
    kit.box((0.37, 0.29, height), (0, 0, height / 2), shell, bevel=0.015)
    kit.box((0.26, 0.13, 0.03), (0, 0.06, height + 0.008), kit.dark, bevel=0.006)
    kit.box((0.23, 0.02, 0.03), (0, 0.145, height * 0.45), kit.dark, bevel=0)
    kit.box(
        (0.21, 0.16, 0.002), (0, 0.17, height * 0.42), plain("paper", (0.85, 0.85, 0.84), 0.8), (-12, 0, 0), bevel=0
    )
    kit.box((0.07, 0.05, 0.004), (-0.12, 0.10, height + 0.004), plain("lcd", (0.35, 0.42, 0.35), 0.3), bevel=0)
    kit.box(
        (0.21, 0.14, 0.002), (0, -0.10, height + 0.05), plain("paper", (0.85, 0.85, 0.84), 0.8), (60, 0, 0), bevel=0
    )


def stapler(kit):
    colour = plain(
        "stapler", kit.pick((0.02, 0.02, 0.022), (0.5, 0.03, 0.03), (0.03, 0.1, 0.4), (0.05, 0.3, 0.2)), 0.35
    )
    kit.box((0.15, 0.036, 0.012), (0, 0, 0.008), colour, bevel=0.005)
    kit.box((0.14, 0.030, 0.022), (0.002, 0, 0.040), colour, (0, -7, 0), bevel=0.009)
    kit.box(
        (0.125, 0.014, 0.012), (0.002, 0, 0.026), plain("steel", (0.6, 0.6, 0.62), 0.3, 0.9), (0, -5, 0), bevel=0.001
    )
    kit.box((0.025, 0.032, 0.032), (0.062, 0, 0.024), colour, bevel=0.006)


_MAKERS = {
    f.__name__: f
    for f in (
        monitor,
        keyboard,
        mouse,
        scanner,
        evaluator,
        telephone,
        pen_holder,
        name_plate,
        notice_sign,
        post_sign,
        document,
        card_reader,
        printer,
        stapler,
        *clutter.MAKERS,
    )
}
