"""Skin, eyes, hair and glasses. Places on the head are metres of a mean head, from the middle of the eyes."""

import math

import numpy as np

from . import materials
from .body import BODY_VERTICES
from .figure import HAND, wobble
from .meshes import ball, tube
from .rotation import unit

SKIN_TONES = {
    "light": (0.62, 0.40, 0.29),
    "fair": (0.70, 0.48, 0.37),
    "medium": (0.52, 0.32, 0.21),
    "tan": (0.42, 0.25, 0.155),
    "brown": (0.24, 0.13, 0.08),
    "dark": (0.12, 0.065, 0.042),
}
HAIR_COLOURS = (
    (0.012, 0.009, 0.008),
    (0.02, 0.014, 0.011),
    (0.035, 0.02, 0.013),
    (0.06, 0.035, 0.02),
    (0.10, 0.09, 0.085),
    (0.25, 0.24, 0.23),
)
HAIR_BULK = {"short": 0.014, "crop": 0.007, "bob": 0.014, "pony": 0.010, "bun": 0.010, "bald": 0.003}
HEAD_BONES = ("head", "temporalis", "neck", "oculi", "orbicularis", "jaw", "special")
HAIRLINE_Y = [-0.05, 0.0, 0.03, 0.055, 0.075, 0.09, 0.12, 0.15, 0.2]
HAIRLINE_Z = [0.090, 0.083, 0.062, 0.018, -0.012, 0.03, -0.01, -0.055, -0.075]
FLUSH = (((0.038, -0.02, -0.04), 0.02), ((-0.038, -0.02, -0.04), 0.02), ((0, -0.05, -0.035), 0.014))


def add_head(figure, spec, rng):
    """Skin of head and hands, eyes, teeth, hair, glasses. spec: see `people.random_person`."""
    female = spec["phenotype"]["gender"] < 0.5
    local = (figure.rest - figure.eye) / figure.head_scale
    scalp = _scalp(figure, local, spec, female)
    paint = np.stack([scalp, _brows(figure), _flush(local)], 1)
    colour = HAIR_COLOURS[spec["hair_colour"]]
    _add_skin(figure, paint, SKIN_TONES[spec["skin"]], colour, female, spec["outfit"].get("sleeve") == "short")
    _add_eyes(figure)
    _add_hair(figure, local, scalp, spec, materials.hair(colour), rng)
    if spec["glasses"]:
        _add_glasses(figure)


def _scalp(figure, local, spec, female):
    """How much hair grows at each vertex, 0 to 1."""
    data = figure.data
    x, y, z = local.T
    of_head = data.weights[:, [data.index[b] for b in data.names if b.startswith(HEAD_BONES)]].sum(1)
    nape = -0.07 if female else HAIRLINE_Z[7]
    line = np.interp(y, HAIRLINE_Y, [*HAIRLINE_Z[:7], nape, HAIRLINE_Z[8]])
    line += 0.006 * np.sin(x * 160 + 1) * np.sin(y * 130) + spec["hairline"] * np.interp(y, [0, 0.05], [1, 0])
    ear = (abs(x) > 0.066) & (z < 0.025) & (z > -0.06) & (y > 0.02) & (y < 0.12)
    scalp = np.clip((z - line) / 0.018, 0, 1) * np.clip((of_head - 0.3) / 0.2, 0, 1) * ~ear
    scalp[z < -0.09] = 0
    return scalp * (z < 0.045) if spec["hair"] == "bald" else scalp


def _brows(figure):
    v, scale = figure.rest, figure.head_scale
    brows = np.zeros(len(v))
    for sign, eye in ((1, figure.left_eye), (-1, figure.right_eye)):
        t = (v[:, 0] - eye[0]) * sign / scale
        middle = eye[2] + (0.0235 - 0.004 * (t / 0.02) ** 2 + 0.002 * t / 0.02) * scale
        arc = 1.6 * np.exp(-(((v[:, 2] - middle) / (0.0042 * scale)) ** 2)) * (abs(t - 0.002) < 0.026) - 0.2
        brows = np.maximum(brows, np.clip(arc, 0, 1) * (v[:, 1] < figure.eye[1] + 0.012))
    return brows


def _flush(local):
    return np.max([np.exp(-(((local - np.array(at)) / size) ** 2).sum(1)) for at, size in FLUSH], axis=0)


def _add_skin(figure, paint, tone, hair, female, short_sleeves):
    covered = ("upperleg", "lowerleg", "foot", "toe", "pelvis", "root", "upperarm", "lowerarm")

    def bare(bones, centre):
        if any(b.startswith(HAND) for b in bones):
            return True
        if short_sleeves and all(b.startswith("lowerarm") for b in bones):
            return True
        if all(b.startswith(covered) for b in bones):
            return False
        return centre[2] > figure.chest_z - 0.10 and abs(centre[0]) < 0.16

    material = materials.skin(tone, hair, female, figure.data.mpfb / "textures")
    figure.add_faces(
        "skin", figure.rest, figure.faces_where("body", bare), material, {"mask": paint}, textured=True, subdivide=1
    )


def _add_eyes(figure):
    faces = figure.data.faces_of
    for group, centre in (("helper-l-eye", figure.left_eye), ("helper-r-eye", figure.right_eye)):
        figure.add_faces("eye", figure.rest, faces[group], materials.eye(), {"rest": figure.rest - centre})
    lashes = [i for group in faces if "eyelashes" in group for i in faces[group]]
    figure.add_faces("lashes", figure.rest, lashes, materials.plain("lashes", (0.01, 0.008, 0.008), 0.8))
    figure.add_faces(
        "teeth", figure.rest, faces["helper-upper-teeth"], materials.plain("teeth", (0.75, 0.72, 0.65), 0.3)
    )


def _add_hair(figure, local, scalp, spec, material, rng):
    style, scale = spec["hair"], figure.head_scale
    v = figure.rest
    middle = figure.eye + np.array([0, 0.075, 0.03]) * scale
    bulk = HAIR_BULK[style] * (1 + 0.35 * np.clip(local[:, 2] / 0.1, 0, 1))
    tufts = 1 + 0.25 * wobble(v, 60, rng.rand() * 6) + 0.12 * wobble(v, 140, 2)
    out = unit(figure.skin_normals + 1.2 * unit(v - middle))
    cap = figure.body_offset(0.001)
    cap[:BODY_VERTICES] += (out * (scalp * bulk * tufts)[:, None])[:BODY_VERTICES]
    grown = [i for i in figure.data.faces_of["body"] if scalp[figure.data.faces[i]].max() > 0.03]
    figure.add_faces("hair", cap, grown, material, {"rest": v}, subdivide=2)
    if style == "bob":
        _add_long_hair(figure, local, middle, spec["hair_length"], material)
    elif style in ("pony", "bun"):
        at = figure.eye + np.array([0, 0.185, 0.045 if style == "bun" else 0.03]) * scale
        radii = np.array([0.036, 0.036, 0.036]) if style == "bun" else np.array([0.03, 0.03, 0.078])
        drop = np.array([0, 0, 0 if style == "bun" else -0.05])
        figure.add_own(style, *ball(at + drop, radii), material, "head")


def _add_long_hair(figure, local, middle, length, material):
    """The mesh's long-hair helper, cut at a length and open in front of the face."""
    data = figure.data

    def falls(_, centre):
        x, y, z = (centre - figure.eye) / figure.head_scale
        face = y < 0.02 and z < 0.06 and abs(x) < 0.075
        return z >= -length and not face

    helper = data.groups["helper-hair"]
    shape = figure.rest.copy()
    shape[helper, 0] += np.sign(shape[helper, 0] - middle[0]) * 0.004
    to_neck = 0.35 * np.clip((-local[helper, 2] - 0.05) / 0.12, 0, 1)
    weights = data.weights.copy()
    weights[helper] = 0
    weights[helper, data.index["head"]] = 1 - to_neck
    weights[helper, data.index["neck02"]] = to_neck
    faces = figure.faces_where("helper-hair", falls)
    figure.add_faces("long_hair", shape, faces, material, {"rest": figure.rest}, weights, subdivide=1, thickness=0.012)


def _add_glasses(figure):
    scale, eye = figure.head_scale, figure.eye
    y = eye[1] - 0.032 * scale
    vertices, faces = [], []

    def wire(points, radius):
        more, quads = tube(points, radius)
        faces.extend(tuple(len(vertices) + k for k in quad) for quad in quads)
        vertices.extend(more)

    def rounded(c):
        return math.copysign(abs(c) ** 0.7, c)

    for sign, centre in ((1, figure.left_eye), (-1, figure.right_eye)):
        x = centre[0] + sign * 0.001
        rim = []
        for a in np.linspace(0, 2 * math.pi, 25):
            wrap = 0.004 * abs(math.cos(a)) * (math.cos(a) * sign > 0)
            rim.append(
                (
                    x + 0.024 * scale * rounded(math.cos(a)),
                    y + wrap,
                    centre[2] - 0.002 + 0.018 * scale * rounded(math.sin(a)),
                )
            )
        wire(rim, 0.0016)
        arm = [
            (x + sign * 0.024 * scale, y + 0.003, centre[2] + 0.004),
            (sign * 0.075 * scale, eye[1] + 0.02, centre[2] + 0.004),
            (sign * 0.078 * scale, eye[1] + 0.085 * scale, centre[2] - 0.002),
        ]
        wire(arm, 0.0017)
    wire(
        [
            (figure.right_eye[0] + 0.02, y, eye[2] + 0.004),
            (0, y - 0.003, eye[2] + 0.007),
            (figure.left_eye[0] - 0.02, y, eye[2] + 0.004),
        ],
        0.0016,
    )
    figure.add_own("glasses", vertices, faces, materials.plain("glasses", (0.015, 0.015, 0.018), 0.3), "head")
