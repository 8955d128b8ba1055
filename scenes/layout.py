"""Where things stand: a random tidy or cluttered desk. Positions are metres in the window's frame, turns degrees."""

import math

from .classes import CLUTTER

RADIUS = {  # metres that a class takes up; 0.05 for the others
    "monitor": 0.26,
    "keyboard": 0.25,
    "scanner": 0.19,
    "printer": 0.24,
    "telephone": 0.13,
    "bag": 0.17,
    "book": 0.16,
    "document": 0.17,
    "notice_sign": 0.11,
    "name_plate": 0.11,
    "post_sign": 0.11,
    "evaluator": 0.07,
    "card_reader": 0.08,
    "stapler": 0.08,
    "mouse": 0.06,
    "food": 0.12,
    "clothing": 0.20,
    "umbrella": 0.16,
    "tissue": 0.11,
    "cosmetics": 0.09,
    "plant": 0.10,
    "toy": 0.07,
}
EQUIPMENT = ("telephone", "scanner", "pen_holder", "document", "card_reader", "printer", "stapler")
SIGNS = ("evaluator", "name_plate", "notice_sign", "post_sign")
TOO_BIG_FOR_LEDGE = ("bag", "book", "clothing", "umbrella")

_SPOTS = ((-0.38, -0.52), (-0.60, -0.52), (-0.45, -0.32), (-0.62, -0.30), (0.62, -0.30), (-0.18, -0.60))
_LEDGE_SPOTS = ((-0.5, -0.83), (-0.25, -0.84), (0.25, -0.84), (0.5, -0.83), (0, -0.84))


class _Desk:
    """A desk that is being laid out; nothing is put where something stands, unless `anyway`."""

    def __init__(self, rng):
        self.rng = rng
        self.items = []
        self.side = rng.choice([-1, 1])  # where the monitor is
        self.spots = [(self.side * x, y) for x, y in _SPOTS]
        self.ledge = list(_LEDGE_SPOTS)
        rng.shuffle(self.spots)
        rng.shuffle(self.ledge)

    def add(self, cls, x, y, yaw, on="desk", anyway=False):
        size = RADIUS.get(cls, 0.05)
        for other in self.items:
            apart = math.hypot(other["x"] - x, (other["y"] - y) * 1.5)
            if other["on"] == on and apart < 0.78 * (size + RADIUS.get(other["class"], 0.05)) and not anyway:
                return False
        seed = int(self.rng.randint(1 << 30))
        self.items.append({"class": cls, "x": float(x), "y": float(y), "yaw": float(yaw), "on": on, "seed": seed})
        return True

    def on_desk(self, cls, turn):
        self._at_first_free(self.spots, cls, turn, "desk")

    def on_ledge(self, cls, turn):
        self._at_first_free(self.ledge, cls, turn, "ledge")

    def _at_first_free(self, spots, cls, turn, on):
        """Use up the first spot with room for the class, if there is one."""
        for spot in spots:
            if self.add(cls, *spot, self.rng.uniform(-turn, turn), on):
                spots.remove(spot)
                return


def random_items(rng, emphasised=(), crowded=False):
    """Items of one desk.

    One or two of the `emphasised` classes are laid first: so a set can be made rich in them. A `crowded` desk gets as
    much of everything as there is room for, close together.
    """
    desk = _Desk(rng)
    jitter = rng.uniform
    desk.add("monitor", desk.side * 0.42, -0.50 + jitter(-0.03, 0.03), desk.side * (-25 + jitter(-8, 8)), anyway=True)
    key_x = jitter(-0.03, 0.03)
    desk.add("keyboard", key_x, -0.40, jitter(-5, 5), anyway=True)
    if rng.rand() < 0.8:
        desk.add(
            "mouse",
            key_x + (0.30 if rng.rand() < 0.85 else -0.30),
            -0.40 + jitter(-0.03, 0.03),
            jitter(-20, 20),
            anyway=True,
        )

    wanted = [str(c) for c in rng.permutation(list(emphasised))[: rng.randint(1, 3)]] if emphasised else []
    for cls in wanted:
        _put(desk, cls)
    for cls in rng.permutation(EQUIPMENT)[: rng.randint(1, 4)]:
        desk.on_desk(str(cls), 20)
    for cls in rng.permutation(SIGNS)[: rng.randint(1, 4)]:
        desk.on_ledge(str(cls), 8)
    if crowded:
        desk.spots += [(float(rng.uniform(-0.66, 0.66)), float(rng.uniform(-0.68, -0.26))) for _ in range(14)]
        desk.ledge += [(float(rng.uniform(-0.62, 0.62)), float(rng.uniform(-0.88, -0.78))) for _ in range(6)]
    clutter = rng.randint(4, 10) if crowded else rng.choice([0, 0, 1, 2, 3])
    for cls in rng.permutation(CLUTTER)[:clutter]:
        _put(desk, str(cls))
    return desk.items


def _put(desk, cls):
    if cls in SIGNS:
        desk.on_ledge(cls, 8)
    elif cls in EQUIPMENT:
        desk.on_desk(cls, 20)
    elif cls not in TOO_BIG_FOR_LEDGE and desk.rng.rand() < 0.3 and desk.ledge:
        desk.on_ledge(cls, 180)
    else:
        desk.on_desk(cls, 25)


def clear_for_nap(items):
    """The items that leave room for arms and head in the middle of the desk."""
    return [i for i in items if i["on"] != "desk" or abs(i["x"]) >= 0.4]


def tidy(items, permitted):
    """The items of a tidy desk."""
    return [i for i in items if i["class"] in permitted]
