"""The badge: a card on a lanyard or clipped to the chest, lying on the outermost garment."""

import numpy as np

from .materials import plain
from .rotation import unit

CARD = (0.058, 0.088)  # metres, portrait


def add_badge(figure, spec, index):
    """Hang the badge on; returns its object, or None where none is worn. spec: see `people.random_badge`."""
    if spec["kind"] == "none":
        return None
    card_z = figure.chest_z - spec["drop"]
    card_x = 0.0 if spec["kind"] == "lanyard" else 0.085
    if spec["kind"] == "lanyard":
        _add_lanyard(figure, card_z, spec["lanyard"])
    point, normal = figure.front_at(card_x, card_z)
    up = unit(np.array([0, 0, 1.0]) - normal * normal[2])
    card = _Card(point + normal * 0.010, np.cross(up, normal), up, normal)
    _print(card, spec["portrait"])
    paints = [
        plain("card", (0.8, 0.8, 0.8), 0.35),
        plain("card_header", spec["header"], 0.35),
        plain("card_photo", (0.35, 0.55, 0.8), 0.4),
        plain("card_ink", (0.05, 0.05, 0.06), 0.5),
        plain("card_face", (0.55, 0.36, 0.27), 0.5),
    ]
    ob = figure.add_own("badge", card.vertices, card.faces, paints, figure.weights_at(point), index)
    ob.data.polygons.foreach_set("material_index", card.paint)
    return ob


def _add_lanyard(figure, card_z, colour):
    top = figure.chest_z + 0.055
    ribbon = plain("lanyard", colour, 0.7)
    for sign in (1, -1):
        points = [
            (sign * (0.065 * (1 - t) ** 0.8 + 0.004), top - (top - card_z - 0.05) * t) for t in np.linspace(0, 1, 12)
        ]
        figure.add_strip("lanyard", points, [0.014] * 12, ribbon, 0.006)


class _Card:
    """Thin slabs stacked on a plane. Paint numbers follow the list in `add_badge`."""

    def __init__(self, centre, right, up, normal):
        self.centre, self.right, self.up, self.normal = centre, right, up, normal
        self.vertices, self.faces, self.paint = [], [], []

    def slab(self, x, y, width, height, paint, off=0.0021, thickness=0.0004):
        start = len(self.vertices)
        for level in (off, off + thickness):
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = self.right * (x + a * width / 2) + self.up * (y + b * height / 2)
                self.vertices.append(self.centre + corner + self.normal * level)
        for face in ((3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)):
            self.faces.append(tuple(start + k for k in face))
            self.paint.append(paint)


def _print(card, portrait):
    width, height = CARD if portrait else CARD[::-1]
    card.slab(0, 0, width, height, 0, 0, 0.002)
    card.slab(0, height * 0.40, width * 0.98, height * 0.16, 1)
    if portrait:
        card.slab(0, 0.005, 0.026, 0.034, 2)
        card.slab(0, -0.024, 0.036, 0.005, 3)
        card.slab(0, -0.034, 0.028, 0.004, 3)
        card.slab(0, 0.012, 0.012, 0.012, 4, 0.0026)
        card.slab(0, -0.004, 0.020, 0.014, 1, 0.0026)
    else:
        card.slab(-0.024, -0.005, 0.024, 0.032, 2)
        card.slab(0.018, 0.006, 0.034, 0.005, 3)
        card.slab(0.018, -0.008, 0.028, 0.004, 3)
    card.slab(0, height / 2 + 0.008, 0.014, 0.016, 3, -0.002, 0.003)
