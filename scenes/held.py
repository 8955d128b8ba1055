"""What a person holds: a cigarette, a pen, a phone, a cup; and where it is in each pose."""

import numpy as np

from . import items, meshes
from .body import BODY_VERTICES
from .materials import plain
from .poses import SIGN
from .rotation import align, euler, unit

PROP_CLASS = {
    "mobile_phone": "mobile_phone",
    "mobile_ear": "mobile_phone",
    "cup": "cup",
    "pen": None,
    "pen_mouth": None,
}
"""Item class of each prop; None for what is no item."""


class Grip:
    """The posed body as the holders see it, in the person's frame."""

    def __init__(self, figure, orientation, position, skin):
        self.figure, self.orientation, self.position, self.skin = figure, orientation, position, skin
        self.index = figure.data.index
        self.head = orientation[self.index["head"]]
        self.lips = skin[_lip_vertices(figure)].mean(0)

    def bone(self, name):
        return self.position[self.index[name]]

    def hand(self, side):
        """Columns: along the fingers, out of the palm, and across."""
        return self.orientation[self.index[f"wrist.{side}"]] @ self.figure.body.hand_frame[side]

    def between_fingers(self, side):
        joints = [self.bone(f"finger{f}-{j}.{side}") for f in (2, 3) for j in (2, 3)]
        return sum(joints) / 4

    def ear(self, side):
        return self.figure.data.coco["left_ear" if side == "L" else "right_ear"] @ self.skin


def _lip_vertices(figure):
    """The six foremost skin vertices at the height of the upper teeth."""
    v = figure.rest
    low = v[figure.data.groups["helper-upper-teeth"], 2].min()
    skin = np.arange(BODY_VERTICES)
    near = skin[(abs(v[skin, 0]) < 0.02) & (abs(v[skin, 2] - low) < 0.008)]
    return near[np.argsort(v[near, 1])[:6]]


PLAIN_CIGARETTE = {"length": 0.055, "radius": 0.0042, "filter": (0.72, 0.38, 0.12), "glow": 2.5}


def make_cigarette(index, look=PLAIN_CIGARETTE):
    """Along z, 82 mm if plain, the filter below z = 0. look: see `people.random_cigarette`, lengths in metres."""
    length, radius, glow = look["length"], look["radius"], look["glow"]
    paper = meshes.lathe(
        "cigarette",
        [(0, 0), (radius, 0), (radius, length), (0, length)],
        plain("cigarette", (0.85, 0.85, 0.83), 0.7),
        index=index,
        segments=10,
    )
    tube = [(radius + 0.0001, -0.024), (radius + 0.0001, 0)]
    filter_ = meshes.lathe("filter", tube, plain("filter", look["filter"], 0.7), index=index, segments=10)
    ember = plain("ember", (1, 0.25, 0.05) if glow else (0.35, 0.34, 0.33), 0.7, glow=glow)
    ends = [(0, length + 0.008), (radius - 0.0006, length + 0.007), (radius + 0.0001, length)]
    tip = meshes.lathe("ember", ends, ember, index=index, segments=10)
    return [paper, filter_, tip]


def make_prop(kind, index):
    """The objects of a prop, in the frame that `prop_place` moves."""
    if kind.startswith("mobile"):
        body = meshes.box("phone", (0.072, 0.008, 0.150), (0, 0, 0), plain("phone", (0.02, 0.02, 0.025), 0.2), index)
        screen = plain("phone_screen", (0.3, 0.4, 0.6), 0.2, glow=0.6)
        return [body, meshes.box("screen", (0.066, 0.001, 0.142), (0, -0.0045, 0), screen, index, bevel=0)]
    if kind == "cup":
        return items.make("cup", np.random.RandomState(3), index, meshes.place())
    ink = plain("pen_barrel", (0.02, 0.05, 0.35), 0.35)
    cap = plain("pen_cap", (0.02, 0.02, 0.02), 0.4)
    barrel = meshes.lathe(
        "pen", [(0, -0.03), (0.0012, -0.03), (0.0045, -0.018), (0.0045, 0.08)], ink, index=index, segments=10
    )
    return [barrel, meshes.lathe("cap", [(0.0047, 0.08), (0.0047, 0.115), (0, 0.116)], cap, index=index, segments=10)]


def cigarette_place(held, grip):
    """Transform of the cigarette: `held` is "mouth", "hand_S" or "lip_S"."""
    if held == "mouth":
        direction = grip.head @ unit([0.25, -1, -0.22])
        return _along(direction, grip.lips + direction * 0.012)
    side = held[-1]
    if held.startswith("lip"):
        return _at_lips(grip, side)
    hand = grip.hand(side)
    direction = unit(-hand[:, 1] * 0.9 + hand[:, 0] * 0.35)
    return _along(direction, grip.between_fingers(side) - direction * 0.012)


def prop_place(prop, grip):
    """Transform of a prop (kind, side, tilt)."""
    kind, side, tilt = prop
    along, palm, _ = grip.hand(side).T
    knuckle = grip.bone(f"finger3-1.{side}")
    if kind == "pen_mouth":
        return _at_lips(grip, side)
    if kind == "pen":
        fingertips = (grip.bone(f"finger1-3.{side}") + grip.bone(f"finger2-3.{side}")) / 2
        return _along(unit(-palm * 0.25 - along * 0.15 + np.array([0, 0.35, 0.85])), fingertips + [0, 0, 0.012])
    if kind == "mobile_ear":
        return _at_ear(grip, side)
    if kind == "cup":
        place = np.eye(4)
        place[:3, :3] = euler(tilt)
        place[:3, 3] = knuckle + palm * 0.045 + along * 0.02 - [0, 0, 0.045]
        return place
    place = np.eye(4)
    across = unit(np.cross(palm, along))
    place[:3, :3] = np.stack([across, -palm, -np.cross(across, palm)], 1)
    if np.linalg.det(place[:3, :3]) < 0:
        place[:3, 0] *= -1
    place[:3, 3] = knuckle + palm * 0.03 + along * 0.05
    return place


def _along(direction, at):
    place = np.eye(4)
    place[:3, :3] = align([0, 0, 1], direction)
    place[:3, 3] = at
    return place


def _at_lips(grip, side):
    """A stick whose end is at the lips, the fingers near it."""
    ahead = grip.head @ unit([SIGN[side] * 0.25, -1, -0.12])
    direction = unit(unit(grip.between_fingers(side) - grip.lips) + ahead)
    return _along(direction, grip.lips + direction * 0.020)


def _at_ear(grip, side):
    """A phone along the line from mouth to ear, flat on the cheek."""
    outward = grip.head[:, 0] * SIGN[side]
    ear = grip.ear(side)
    up = unit(ear - grip.lips)
    up = unit(up - outward * (up @ outward) * 0.6)
    flat = unit(outward - up * (up @ outward))
    place = np.eye(4)
    place[:3, :3] = np.stack([np.cross(flat, up), flat, up], 1)
    place[:3, 3] = ear - up * 0.035 + flat * 0.016
    return place
