"""Work clothes: shirt or uniform, jacket or vest, trousers, collar, tie, shoes; shells of the `tights` helper."""

import math

import numpy as np

from . import materials
from .figure import ARM, HAND, wobble
from .materials import cloth

SHELL_OFFSETS = {  # metres off the body at torso, arms, legs
    "shirt": (0.009, 0.008, 0.008),
    "trousers": (0.012, 0.010, 0.014),
    "jacket": (0.014, 0.013, 0.014),
}
JACKET_CUFF = -0.016  # a jacket's sleeve ends above the wrist, a shirt's at it (metres along the forearm)
SHIRT_CUFF = 0.004


def dress(figure, outfit, female, rng):
    """Put the clothes on. outfit: see `people.random_outfit`."""
    tailor = _Tailor(figure, female, rng)
    jacket, short = outfit.get("jacket"), outfit.get("sleeve") == "short"
    front = figure.front_y - 0.03

    shirt = tailor.shell("shirt")
    figure.wear(shirt, tailor.weights)
    faces = tailor.shirt_faces(short)
    if jacket:  # the jacket's front is painted with shirt and lapels; only the sleeves are cloth of their own
        faces = [i for i in faces if all(figure.on_arm[k] for k in figure.data.faces[i])]
    placket = {"front": front, "pocket": figure.chest_z - 0.10}
    tailor.sew(
        "shirt", shirt, faces, cloth("shirt", outfit["shirt"], stripes=outfit.get("stripes"), placket=placket), 0.003
    )
    tailor.sew(
        "trousers", tailor.shell("trousers"), tailor.trouser_faces(), cloth("trousers", outfit["trousers"], 0.25)
    )
    if jacket:
        lapels = {
            "top": figure.chest_z + 0.07,
            "depth": outfit["v_depth"] + 0.05,
            "width": outfit["v_width"],
            "shirt": outfit["shirt"],
            "front": front,
        }
        coat = tailor.shell("jacket", wrinkles=0.003)
        figure.wear(coat, tailor.weights)
        tailor.sew(
            "jacket",
            coat,
            tailor.jacket_faces(outfit["jacket_kind"] == "vest"),
            cloth("jacket", jacket, 0.25, lapels=lapels),
            0.004,
        )
    _add_collar(figure, outfit["shirt"])
    _add_shoes(figure)
    if outfit.get("tie"):
        _add_tie(figure, outfit)


class _Tailor:
    """Cuts garments from the `tights` helper, smoothed so that cloth does not follow every curve of the body."""

    def __init__(self, figure, female, rng):
        self.figure, self.rng = figure, rng
        data = figure.data
        self.vertices = data.groups["helper-tights"]
        self.normals = figure.normals(data.faces_of["helper-tights"])[self.vertices]
        average = self._neighbour_average()
        self.smooth = figure.rest[self.vertices].copy()
        for _ in range(14 if female else 8):
            self.smooth = (self.smooth + average @ self.smooth) / 2
        soft = data.weights[self.vertices].copy()
        for _ in range(3):
            soft = (soft + average @ soft) / 2
        self.weights = data.weights.copy()
        self.weights[self.vertices] = soft

    def _neighbour_average(self):
        row = {vertex: k for k, vertex in enumerate(self.vertices)}
        neighbours = {}
        for i in self.figure.data.faces_of["helper-tights"]:
            face = self.figure.data.faces[i]
            for a, b in zip(face, face[1:] + face[:1]):
                neighbours.setdefault(a, set()).add(b)
                neighbours.setdefault(b, set()).add(a)
        average = np.zeros((len(self.vertices), len(self.vertices)), np.float32)
        for vertex, others in neighbours.items():
            average[row[vertex], [row[o] for o in others]] = 1 / len(others)
        return average

    def shell(self, garment, wrinkles=0.0025):
        """All mesh vertices with the garment's moved out of the body."""
        f = self.figure
        torso, arms, legs = SHELL_OFFSETS[garment]
        off = np.where(f.on_arm, arms, np.where(f.on_leg, legs, torso))[self.vertices]
        rest = f.rest[self.vertices]
        sunk = ((self.smooth - rest) * self.normals).sum(1)
        folds = wobble(rest, 38, 1 + self.rng.rand() * 5) + 0.6 * wobble(rest, 75, self.rng.rand() * 5)
        out = f.rest.copy()
        out[self.vertices] = self.smooth + self.normals * (np.maximum(0, off - sunk) + wrinkles * folds)[:, None]
        return out

    def sew(self, name, vertices, faces, material, thickness=0.0):
        rest = {"rest": self.figure.rest}
        self.figure.add_faces(name, vertices, faces, material, rest, self.weights, subdivide=1, thickness=thickness)

    def _upper(self, bones, centre):
        on_arm = any(b.startswith(ARM) for b in bones)
        return (centre[2] > self.figure.waist_z or on_arm) and not all(b.startswith(HAND) for b in bones)

    def _past_wrist(self, centre):
        """Metres along the forearm past the wrist; negative before it."""
        elbow, wrist = self.figure.body.joint("lowerarm01.L"), self.figure.body.joint("wrist.L")
        if abs(centre[0]) <= abs(elbow[0]) - 0.02:
            return -1.0
        along = wrist - elbow
        length = np.linalg.norm(along)
        return (np.array([abs(centre[0]), centre[1], centre[2]]) - elbow) @ along / length - length

    def shirt_faces(self, short):
        def keep(bones, centre):
            bare = short and all(b.startswith(("lowerarm", "wrist")) for b in bones)
            low_enough = centre[2] < self.figure.neck_z + 0.035
            return self._upper(bones, centre) and low_enough and not bare and self._past_wrist(centre) < SHIRT_CUFF

        return self.figure.faces_where("helper-tights", keep)

    def jacket_faces(self, vest):
        def keep(bones, centre):
            sleeve = all(b.startswith(("upperarm", "lowerarm")) for b in bones)
            low_enough = centre[2] <= self.figure.neck_z + 0.02
            inside = self._upper(bones, centre) and low_enough and self._past_wrist(centre) <= JACKET_CUFF
            return inside and not (vest and sleeve)

        return self.figure.faces_where("helper-tights", keep)

    def trouser_faces(self):
        def keep(bones, centre):
            return centre[2] <= self.figure.waist_z + 0.02 and not any(b.startswith(ARM + HAND) for b in bones)

        return self.figure.faces_where("helper-tights", keep)


def _add_collar(figure, colour, steps=40):
    """A folded band around the neck, open at the throat, with points in front."""
    data, v, neck = figure.data, figure.rest, figure.neck_z
    body = data.groups["body"]
    near = (abs(v[body, 2] - neck) < 0.05) & (abs(v[body, 0]) < 0.09)
    near &= np.array([n.startswith(("neck", "spine01", "head", "clavicle")) for n in figure.bone_of[body]])
    skin = body[near]
    centre = figure.body.joint("neck01") + [0, 0.012, 0]

    def radius(direction, z):
        ring = v[skin[abs(v[skin, 2] - z) < 0.014]] - centre
        out = ring @ direction
        aside = abs(ring[:, 0] * direction[1] - ring[:, 1] * direction[0])
        ok = (out > 0) & (aside < 0.022)
        return np.median(out[ok]) if ok.any() else 0.055

    vertices, faces = [], []
    for i, angle in enumerate(np.radians(np.linspace(9, 351, steps))):
        direction = np.array([math.sin(angle), -math.cos(angle), 0])
        z = neck + 0.018 - 0.022 * math.cos(angle)
        r = radius(direction, z)
        tip = 1 + 0.9 * math.exp(-((min(angle, 2 * math.pi - angle) / 0.35) ** 2))
        profile = ((0.007, -0.018), (0.008, 0.016), (0.012, 0.014), (0.020 + 0.004 * tip, -0.012 * tip - 0.004))
        vertices += [centre * [1, 1, 0] + direction * (r + out) + [0, 0, z + up] for out, up in profile]
        if i:
            b = 4 * i
            faces += [(b - 4 + k, b + k, b + k + 1, b - 3 + k) for k in range(3)]
    vertices = np.array(vertices)
    distance = ((vertices[:, None] - v[skin][None]) ** 2).sum(2)
    weights = data.weights[skin[np.argsort(distance, 1)[:, :6]]].mean(1)
    weights = weights.reshape(steps, 4, -1).mean(1)
    for _ in range(4):
        weights = (np.roll(weights, 1, 0) + 2 * weights + np.roll(weights, -1, 0)) / 4
    figure.add_own(
        "collar", vertices, faces, cloth("collar", colour, 0.05), weights.repeat(4, 0), subdivide=1, thickness=0.002
    )


def _add_shoes(figure):
    faces = figure.faces_where("body", lambda bones, _: all(b.startswith(("foot", "toe")) for b in bones))
    leather = materials.plain("shoe", (0.02, 0.018, 0.016), 0.35)
    figure.add_faces("shoe", figure.body_offset(0.006), faces, leather, subdivide=1)


def _add_tie(figure, outfit):
    jacket = bool(outfit.get("jacket"))
    top = figure.neck_z - 0.012
    if jacket:
        bottom = figure.chest_z + 0.075 - (outfit["v_depth"] + 0.05) * 0.86
    else:
        bottom = figure.waist_z + 0.06
    points = [(0, z) for z in np.linspace(top, bottom, 14)]
    widths = np.interp(
        np.linspace(0, 1, 14), [0, 0.06, 0.12, 0.9, 1], [0.020, 0.026, 0.016, 0.034, 0.030 if jacket else 0.004]
    )
    figure.add_strip("tie", points, widths, cloth("tie", outfit["tie"], 0.05), 0.006)
