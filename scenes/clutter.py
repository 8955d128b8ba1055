"""Item classes as meshes: what does not belong on the desk."""

import math

import numpy as np

from .materials import plain
from .meshes import place, sheet


def cup(kit):
    """A mug with a handle, or a paper cup with a sleeve."""
    glaze = plain("glaze", kit.any_colour() if kit.coin(0.6) else (0.85, 0.84, 0.8), 0.25)
    if kit.coin():
        kit.lathe([(0, 0.002), (0.033, 0.002), (0.039, 0.095), (0.036, 0.095), (0.031, 0.01), (0, 0.01)], glaze)
        for a in np.linspace(-1.3, 1.3, 9):
            kit.box((0.009, 0.009, 0.018), (0.04 + 0.024 * math.cos(a), 0, 0.05 + 0.028 * math.sin(a)), glaze)
    else:
        paper = plain("cup_paper", (0.78, 0.72, 0.62), 0.7)
        kit.lathe(
            [(0, 0.002), (0.028, 0.002), (0.042, 0.11), (0.044, 0.112), (0.04, 0.12), (0.01, 0.122), (0, 0.122)], paper
        )
        kit.lathe([(0.033, 0.035), (0.0405, 0.085)], plain("sleeve", (0.25, 0.13, 0.06), 0.8))


def bottle(kit):
    """A plastic water bottle, or a flask."""
    if kit.coin():
        kit.lathe(
            [(0, 0.0), (0.032, 0.002), (0.033, 0.14), (0.028, 0.165), (0.013, 0.195), (0.013, 0.21)],
            plain("pet", (0.75, 0.85, 0.9), 0.12, specular=0.7),
        )
        kit.lathe([(0.0335, 0.06), (0.0335, 0.12)], plain("label", kit.any_colour(), 0.5))
        kit.lathe([(0.015, 0.205), (0.015, 0.225), (0, 0.225)], plain("cap", (0.1, 0.25, 0.7), 0.4))
    else:
        flask = plain("flask", kit.any_colour(), 0.25, 0.4)
        kit.lathe([(0, 0), (0.034, 0.002), (0.034, 0.19), (0.026, 0.21), (0.026, 0.24), (0, 0.243)], flask)
        kit.lathe([(0.0265, 0.208), (0.0265, 0.24)], kit.dark)


def food(kit):
    """A bag of snacks, a lunch box, or fruit."""
    kind = kit.rng.randint(4)
    if kind <= 1:
        foil = plain(
            "foil",
            kit.pick((0.75, 0.08, 0.05), (0.8, 0.55, 0.05), (0.1, 0.4, 0.12), (0.5, 0.1, 0.5)),
            0.25,
            0.3,
            0.4,
            30,
        )

        def pillow(u, v):
            swell = max(0, 1 - (2 * u) ** 4) * max(0, 1 - (2 * v) ** 2) ** 0.6
            return 0.004 + 0.045 * swell * (1 + 0.15 * math.sin(20 * u + 7 * v))

        kit.sheet(pillow, (0.22, 0.16), foil)
        kit.box((0.10, 0.05, 0.002), (0, 0, 0.049), plain("foil_label", (0.9, 0.88, 0.8), 0.4), bevel=0)
    elif kind == 2:
        tray = plain("tray", kit.pick((0.85, 0.83, 0.78), (0.02, 0.02, 0.02)), 0.5)
        kit.box((0.20, 0.14, 0.035), (0, 0, 0.018), tray, bevel=0.008)
        fillings = ((0.82, 0.80, 0.74), (0.35, 0.12, 0.04), (0.12, 0.35, 0.06))
        for k, colour in enumerate(fillings):
            kit.ball(
                (-0.06 + 0.06 * k, 0.01, 0.034),
                (0.030, 0.055, 0.016),
                plain("filling", colour, 0.7, bump=0.5, bump_scale=120),
            )
        for k in (0, 1):
            kit.tube(
                [(-0.12, -0.045 + 0.012 * k, 0.042), (0.12, -0.030 + 0.012 * k, 0.042)],
                0.0028,
                plain("chopsticks", (0.55, 0.38, 0.18), 0.7),
            )
    else:
        skin = plain("fruit", kit.pick((0.65, 0.06, 0.04), (0.85, 0.40, 0.03), (0.75, 0.65, 0.08)), 0.35)
        for k in range(kit.rng.randint(1, 4)):
            kit.ball((0.07 * k - 0.07, 0.02 * (k % 2), 0.034), 0.036, skin)


def bag(kit):
    """A handbag with an arched handle."""
    leather = plain(
        "leather",
        kit.pick((0.25, 0.1, 0.05), (0.02, 0.02, 0.02), (0.45, 0.05, 0.08), (0.5, 0.4, 0.3)),
        0.45,
        bump=0.3,
        bump_scale=90,
    )
    kit.box((0.30, 0.13, 0.20), (0, 0, 0.10), leather, bevel=0.035)
    kit.box((0.302, 0.06, 0.06), (0, 0.04, 0.17), leather, bevel=0.02)
    kit.box((0.03, 0.134, 0.03), (0, 0, 0.13), plain("buckle", (0.8, 0.6, 0.2), 0.25, 1))
    for a in np.linspace(0, math.pi, 17):
        kit.box(
            (0.014, 0.014, 0.03), (0.085 * math.cos(a), 0, 0.20 + 0.12 * math.sin(a)), leather, (0, -math.degrees(a), 0)
        )


def book(kit):
    """A pile of books."""
    z = 0
    for _ in range(kit.rng.randint(2, 6)):
        thick, width, depth = kit.rng.uniform(0.015, 0.04), kit.rng.uniform(0.14, 0.2), kit.rng.uniform(0.2, 0.27)
        turn = (0, 0, kit.rng.uniform(-12, 12))
        cover = plain("cover", kit.any_colour(), 0.5)
        kit.box((width, depth, 0.003), (0, 0, z + 0.0015), cover, turn)
        kit.box(
            (width - 0.008, depth - 0.008, thick - 0.006),
            (0, 0, z + thick / 2),
            plain("pages", (0.8, 0.77, 0.68), 0.8),
            turn,
            bevel=0,
        )
        kit.box((width, depth, 0.003), (0, 0, z + thick - 0.0015), cover, turn)
        z += thick


def mobile_phone(kit):
    screen = plain("phone_off", (0.02, 0.02, 0.03) if kit.coin() else (0.3, 0.45, 0.7), 0.08)
    kit.box((0.075, 0.155, 0.008), (0, 0, 0.004), kit.dark)
    kit.box((0.07, 0.148, 0.0006), (0, 0, 0.0085), screen, bevel=0)


def ashtray(kit):
    """A dish with ash, butts, and a cigarette on its rim."""
    dish = (
        plain("dish_glass", (0.55, 0.6, 0.6), 0.12, specular=0.8)
        if kit.coin()
        else plain("dish_black", (0.05, 0.05, 0.05), 0.3)
    )
    kit.lathe([(0, 0.004), (0.045, 0.004), (0.055, 0.03), (0.062, 0.03), (0.06, 0), (0, 0)], dish)
    kit.lathe([(0, 0.009), (0.043, 0.008)], plain("ash", (0.16, 0.15, 0.14), 0.95))
    paper, filter_ = plain("cigarette", (0.85, 0.85, 0.83), 0.7), plain("filter", (0.72, 0.38, 0.12), 0.7)
    rim = place((0.045, 0, 0.034), (0, 97, 25))
    kit.lathe([(0, -0.04), (0.0042, -0.04), (0.0042, 0.02)], paper, segments=10, within=rim)
    kit.lathe([(0.0043, 0.02), (0.0043, 0.045), (0, 0.045)], filter_, segments=10, within=rim)
    for k in range(3):
        at = (0.02 * math.cos(k * 2), 0.02 * math.sin(k * 2), 0.012)
        kit.lathe([(0, 0), (0.0042, 0), (0.0042, 0.025), (0, 0.025)], filter_, at, (80, 0, k * 70), 8)


def cigarette_pack(kit):
    """A flip-top box, standing or lying; sometimes open with cigarettes showing."""
    colour = kit.pick(
        (0.62, 0.03, 0.03), (0.80, 0.62, 0.15), (0.82, 0.82, 0.80), (0.03, 0.08, 0.35), (0.55, 0.02, 0.05)
    )
    lid = plain("pack_lid", kit.pick((0.80, 0.62, 0.15), (0.85, 0.85, 0.83), (0.5, 0.02, 0.03)), 0.3, 0.3)
    shell = plain("pack", colour, 0.35)
    lying = kit.coin(0.6)
    box = place((0, 0, 0.0115), (90, 0, 0)) if lying else place((0, 0, 0.044))
    kit.box((0.056, 0.023, 0.062), (0, 0, -0.013), shell, bevel=0.001, within=box)
    is_open = kit.coin(0.4)
    if is_open:
        kit.box((0.056, 0.023, 0.024), (0, 0.020, 0.034), lid, (-70, 0, 0), bevel=0.001, within=box)
        for k in range(5):
            kit.lathe(
                [(0, 0), (0.004, 0), (0.004, 0.022 + 0.006 * (k % 2)), (0, 0.03)],
                plain("filter", (0.72, 0.38, 0.12), 0.7),
                (-0.02 + 0.01 * k, 0, 0.016),
                segments=8,
                within=box,
            )
    else:
        kit.box((0.056, 0.023, 0.026), (0, 0, 0.031), lid, bevel=0.001, within=box)
    kit.box((0.036, 0.0236, 0.016), (0, 0, -0.008), plain("pack_print", (0.85, 0.8, 0.6), 0.4), bevel=0, within=box)
    if kit.coin(0.4):  # the lighter that goes with it
        kit.box(
            (0.024, 0.078, 0.012), (0.055, 0, 0.006), plain("lighter", kit.any_colour(), 0.2), (0, 0, 25), bevel=0.004
        )
        kit.box(
            (0.018, 0.012, 0.012),
            (0.037, 0.039, 0.007),
            plain("steel", (0.6, 0.6, 0.62), 0.3, 0.9),
            (0, 0, 25),
            bevel=0.001,
        )


def toy(kit):
    """A sitting bear, or a bath duck."""
    if kit.coin():
        fur = plain(
            "fur",
            kit.pick((0.45, 0.25, 0.10), (0.75, 0.60, 0.42), (0.80, 0.45, 0.55), (0.82, 0.82, 0.80)),
            0.95,
            bump=0.8,
            bump_scale=300,
        )
        pale, black = plain("muzzle", (0.80, 0.68, 0.50), 0.95), plain("button", (0.01, 0.01, 0.01), 0.2)
        kit.ball((0, 0, 0.055), (0.048, 0.042, 0.055), fur)
        kit.ball((0, -0.005, 0.135), (0.042, 0.038, 0.038), fur)
        kit.ball((0, -0.038, 0.127), (0.018, 0.014, 0.014), pale)
        kit.ball((0, -0.052, 0.131), 0.005, black)
        for side in (-1, 1):
            kit.ball((side * 0.034, 0, 0.168), (0.015, 0.009, 0.015), fur)
            kit.ball((side * 0.016, -0.037, 0.145), 0.0045, black)
            kit.ball((side * 0.052, -0.020, 0.080), (0.017, 0.034, 0.019), fur)
            kit.ball((side * 0.034, -0.050, 0.020), (0.021, 0.038, 0.020), fur)
    else:
        yellow = plain("duck", kit.pick((0.90, 0.62, 0.03), (0.90, 0.62, 0.03), (0.75, 0.25, 0.45)), 0.3)
        kit.ball((0, 0, 0.035), (0.045, 0.060, 0.036), yellow)
        kit.ball((0, -0.030, 0.090), 0.032, yellow)
        kit.ball((0, -0.064, 0.086), (0.015, 0.015, 0.006), plain("beak", (0.85, 0.25, 0.02), 0.4))
        kit.ball((0, 0.058, 0.052), (0.020, 0.022, 0.014), yellow)
        for side in (-1, 1):
            kit.ball((side * 0.015, -0.056, 0.100), 0.005, plain("button", (0.01, 0.01, 0.01), 0.2))


def plant(kit):
    """A potted plant: a tuft of long leaves, or a round cactus."""
    pot = plain("pot", kit.pick((0.50, 0.20, 0.10), (0.80, 0.80, 0.78), (0.10, 0.18, 0.28), (0.35, 0.33, 0.30)), 0.6)
    kit.lathe(
        [
            (0, 0),
            (0.038, 0),
            (0.052, 0.075),
            (0.056, 0.075),
            (0.056, 0.088),
            (0.048, 0.088),
            (0.046, 0.076),
            (0, 0.076),
        ],
        pot,
    )
    kit.lathe([(0, 0.078), (0.047, 0.077)], plain("soil", (0.06, 0.04, 0.025), 0.95))
    green = plain("leaf", kit.pick((0.05, 0.22, 0.04), (0.10, 0.30, 0.08), (0.16, 0.32, 0.05)), 0.5)
    if kit.coin(0.3):
        kit.ball((0, 0, 0.115), (0.036, 0.036, 0.046), green)
        for k in range(24):
            a, h = k * 2.4, -0.8 + 1.7 * k / 24
            r = 0.036 * math.sqrt(max(0, 1 - h * h))
            kit.ball(
                (r * math.cos(a), r * math.sin(a), 0.115 + 0.046 * h), 0.0028, plain("spine", (0.8, 0.78, 0.6), 0.6)
            )
        return
    size = kit.rng.uniform(0.7, 1.3)
    for k in range(kit.rng.randint(12, 22)):
        a, lean = k * 2.4, kit.rng.uniform(15, 75)
        length = size * kit.rng.uniform(0.10, 0.17)

        def leaf(u, v, length=length):
            return 0.25 * length * (1 - (2 * u) ** 2) - 0.03 * abs(2 * v) * length

        stem = (
            place((0, 0, 0.08), (0, 0, math.degrees(a))) @ place((0, 0, 0), (0, -lean, 0)) @ place((length / 2, 0, 0))
        )
        kit.objects.append(_leaf(kit, leaf, (length, 0.26 * length), green, stem))


def _leaf(kit, height, size, material, stem):
    """A sheet that tapers to both ends."""
    ob = sheet("item", height, size, material, kit.index, kit.at @ stem, cells=6)
    for vertex in ob.data.vertices:
        along = abs(2 * vertex.co.x / size[0])
        vertex.co.y *= max(0.05, 1 - along**2)
    return ob


def cosmetics(kit):
    """Lipstick, compact and a cream jar or perfume, close together."""
    gold, black = plain("gold", (0.8, 0.6, 0.2), 0.25, 1), plain("lacquer", (0.02, 0.02, 0.022), 0.15)
    red = plain("lipstick", kit.pick((0.55, 0.02, 0.06), (0.70, 0.12, 0.20), (0.40, 0.02, 0.10)), 0.3)
    kit.lathe([(0, 0), (0.010, 0), (0.010, 0.030), (0.0085, 0.030)], black, (-0.05, -0.01, 0), segments=16)
    kit.lathe([(0.0085, 0.030), (0.0085, 0.045), (0, 0.045)], gold, (-0.05, -0.01, 0), segments=16)
    kit.lathe([(0.006, 0.045), (0.006, 0.062), (0, 0.068)], red, (-0.05, -0.01, 0), segments=12)
    compact = plain("compact", kit.pick((0.02, 0.02, 0.022), (0.75, 0.45, 0.50), (0.80, 0.78, 0.75)), 0.2)
    kit.lathe([(0, 0), (0.036, 0), (0.038, 0.006), (0.036, 0.012), (0, 0.012)], compact)
    lid = place((0, 0.036, 0.030), (105, 0, 0))
    kit.lathe([(0, 0), (0.036, 0), (0.037, 0.005), (0, 0.005)], compact, within=lid)
    kit.lathe([(0, 0.006), (0.031, 0.006)], plain("mirror", (0.75, 0.78, 0.80), 0.05, 0.9), within=lid)
    if kit.coin():
        kit.lathe(
            [(0, 0), (0.028, 0), (0.028, 0.03), (0.0, 0.03)], plain("jar", (0.80, 0.78, 0.76), 0.2), (0.075, 0.01, 0)
        )
        kit.lathe([(0.030, 0.030), (0.030, 0.045), (0, 0.045)], gold, (0.075, 0.01, 0))
    else:
        kit.box(
            (0.045, 0.022, 0.065),
            (0.075, 0.01, 0.033),
            plain("perfume", (0.80, 0.55, 0.50), 0.08, specular=0.8),
            bevel=0.006,
        )
        kit.lathe(
            [(0.008, 0.065), (0.008, 0.072), (0.012, 0.072), (0.012, 0.095), (0, 0.095)],
            gold,
            (0.075, 0.01, 0),
            segments=16,
        )


def clothing(kit):
    """A garment thrown on the desk, in folds; or a folded scarf."""
    fabric = plain(
        "garment",
        kit.pick((0.35, 0.05, 0.06), (0.05, 0.08, 0.20), (0.30, 0.28, 0.25), (0.60, 0.52, 0.38), (0.08, 0.20, 0.14)),
        0.95,
        bump=0.5,
        bump_scale=160,
    )
    phase, folds = kit.rng.uniform(0, 6), kit.rng.uniform(9, 15)
    high = kit.rng.uniform(0.05, 0.09)

    def heap(u, v):
        round_ = max(0.0, 1 - (2.1 * u) ** 2 - (2.1 * v) ** 2 + 0.25 * math.sin(5 * u + phase) * math.cos(6 * v))
        return 0.004 + high * round_**0.6 * (
            1 + 0.35 * math.sin(folds * (u + 0.5 * v) + phase) * math.sin(folds * 0.7 * v + 2 * phase)
        )

    kit.sheet(heap, (0.40, 0.30), fabric, thickness=0.004, cells=20)
    kit.box((0.26, 0.075, 0.028), (0.10, -0.09, 0.018), fabric, (0, 0, kit.rng.uniform(-40, 40)), bevel=0.013)


def tissue(kit):
    """A box with a tissue standing out, or a paper roll."""
    paper = plain("tissue", (0.88, 0.88, 0.88), 0.95)
    if kit.coin(0.75):
        print_ = plain("tissue_box", kit.any_colour(), 0.5)
        kit.box((0.21, 0.11, 0.075), (0, 0, 0.0375), print_, bevel=0.002)
        kit.box((0.10, 0.035, 0.001), (0, 0, 0.0755), kit.white, bevel=0)
        kit.sheet(
            lambda u, v: 0.075 * (1 - abs(2 * v)) * (0.6 + 0.4 * math.cos(7 * u)), (0.085, 0.045), paper, (0, 0, 0.076)
        )
    else:
        kit.lathe([(0.020, 0), (0.055, 0), (0.055, 0.10), (0.020, 0.10), (0.020, 0)], paper)


def umbrella(kit):
    """A folded umbrella, lying: a slim cone of cloth with ribs, a strap and a handle."""
    cloth = plain(
        "umbrella",
        kit.pick((0.02, 0.02, 0.025), (0.03, 0.06, 0.25), (0.45, 0.03, 0.05), (0.10, 0.28, 0.20), (0.70, 0.35, 0.45)),
        0.7,
    )
    short = kit.coin(0.6)
    length, thick = (0.24, 0.030) if short else (0.55, 0.032)
    lying = place((-length / 2, 0, thick + 0.002), (0, 90, 0))
    kit.lathe(
        [(0, 0), (0.012, 0.01), (thick, length * 0.35), (thick * 0.95, length * 0.85), (0.014, length), (0, length)],
        cloth,
        segments=9,
        within=lying,
    )
    kit.lathe(
        [(thick * 1.04, length * 0.55), (thick * 1.04, length * 0.62)],
        plain("strap", (0.05, 0.05, 0.05), 0.6),
        segments=9,
        within=lying,
    )
    handle = plain("handle", kit.pick((0.02, 0.02, 0.02), (0.30, 0.15, 0.06)), 0.35)
    if short:
        kit.lathe(
            [(0, length), (0.014, length), (0.017, length + 0.05), (0, length + 0.055)],
            handle,
            segments=16,
            within=lying,
        )
    else:
        x, z = length / 2, thick + 0.002
        hook = [
            (x, 0, z),
            (x + 0.09, 0, z),
            (x + 0.13, 0.015, z),
            (x + 0.145, 0.045, z),
            (x + 0.13, 0.075, z),
            (x + 0.10, 0.08, z),
        ]
        kit.tube(hook, 0.009, handle)
        kit.lathe(
            [(0, -0.05), (0.003, -0.05), (0.004, 0)],
            plain("steel", (0.6, 0.6, 0.62), 0.3, 0.9),
            segments=8,
            within=lying,
        )


MAKERS = (
    cup,
    bottle,
    food,
    bag,
    book,
    mobile_phone,
    ashtray,
    cigarette_pack,
    toy,
    plant,
    cosmetics,
    clothing,
    tissue,
    umbrella,
)
