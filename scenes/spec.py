"""Random scenes as plain data: everything that is drawn is a function of the seed, and nothing here needs Blender."""

import numpy as np

from . import behaviours, truth
from .camera import KINDS, random_camera, zoomed
from .layout import clear_for_nap, random_items
from .people import pick, random_person

LEDGES = (0.76, 0.80, 0.86, 0.96)
WALLS = ((0.72, 0.72, 0.70), (0.55, 0.60, 0.65), (0.70, 0.64, 0.52), (0.38, 0.45, 0.48), (0.78, 0.76, 0.72))
DESKS = ((0.45, 0.30, 0.17), (0.25, 0.13, 0.06), (0.62, 0.60, 0.56), (0.50, 0.42, 0.32), (0.72, 0.71, 0.69))
FRONTS = ((0.55, 0.55, 0.54), (0.30, 0.18, 0.09), (0.12, 0.2, 0.35), (0.7, 0.68, 0.62))
FLOORS = ((0.45, 0.43, 0.40), (0.3, 0.3, 0.31), (0.55, 0.48, 0.4))
BANNERS = (None, (0.35, 0.03, 0.03), (0.03, 0.1, 0.35))
TINTS = ((1, 0.97, 0.92), (1, 1, 1), (0.93, 0.97, 1))
BEHIND = 0.4  # share of bystanders who are behind the post, the others are in front of the counter
SEAT_MARGIN_M = 0.3  # so generous is the most generous installer
CLEAR_OF_CAMERA = 0.8  # metres; nearer, a bystander would be all there is to see
COATS = ((0.03, 0.04, 0.07), (0.30, 0.06, 0.06), (0.40, 0.34, 0.25), (0.10, 0.10, 0.11), (0.16, 0.20, 0.12))


def random_style(rng, windows):
    """The room and the counter: lengths in metres, colours linear RGB, light in watts per lamp.

    seat_margin: how generously the installer draws seats, see `truth.corners`.
    """
    style = {
        "pitch": float(rng.uniform(1.5, 1.7)),
        "ledge": float(pick(rng, LEDGES)),
        "wall": pick(rng, WALLS),
        "desk": pick(rng, DESKS),
        "front": pick(rng, FRONTS),
        "floor": pick(rng, FLOORS),
        "back": float(rng.uniform(1.5, 2.6)),
        "decor": pick(rng, ("none", "cabinet", "poster")),
        "banner": pick(rng, BANNERS),
        "divider": float(pick(rng, (0, 0.35, 0.5))),
        "glass": bool(rng.rand() < 0.35),
        "lights": windows + 1,
        "power": float(rng.uniform(16, 26)),
        "tint": pick(rng, TINTS),
        "exposure": float(rng.uniform(-0.1, 0.3)),
        "seed": int(rng.randint(1 << 30)),
    }
    # Drawn apart: what is seen of a seed's room stays what it is.
    style["seat_margin"] = float(np.random.RandomState(style["seed"]).uniform(0, SEAT_MARGIN_M))
    return style


def random_window(rng, behaviour=None, emphasised=(), crowded=False):
    """One window: who does what, what lies there, how the chair stands."""
    if behaviour is None:
        behaviour = pick(rng, behaviours.BEHAVIOURS) if rng.rand() > 0.1 else behaviours.ABSENT
    items = random_items(rng, emphasised, crowded)
    chair = {"y": 0.08, "yaw": float(rng.uniform(-8, 8)), "coat": pick(rng, COATS) if rng.rand() < 0.15 else None}
    if behaviour == "stand":
        chair["y"] = 0.75
    elif behaviour == behaviours.ABSENT:
        chair.update(y=0.35, yaw=float(rng.uniform(-60, 60)))
    elif behaviour in behaviours.ON_DESK:
        items = clear_for_nap(items)
    if behaviour == "reading" and rng.rand() < 0.8:
        items = _paper_to_read(rng, items)
    person = None if behaviour == behaviours.ABSENT else random_person(rng)
    return {
        "behaviour": behaviour,
        "person": person,
        "items": items,
        "chair": chair,
        "pose_seed": int(rng.randint(1 << 30)),
    }


def _paper_to_read(rng, items):
    kept = [
        i for i in items if i["class"] not in ("keyboard", "document") and (i["on"] != "desk" or abs(i["x"]) >= 0.3)
    ]
    paper = {
        "class": "document",
        "x": float(rng.uniform(-0.05, 0.05)),
        "y": -0.44,
        "yaw": float(rng.uniform(-8, 8)),
        "on": "desk",
        "seed": int(rng.randint(1 << 30)),
    }
    return kept + [paper]


def random_bystander(rng, x0, behind=BEHIND):
    """Somebody who is not at a post: in front of the counter with the face to it, or passing behind. Room metres."""
    in_front = rng.rand() < 1 - behind
    person = random_person(rng)
    person["badge"]["kind"] = "none"
    return {
        "person": person,
        "at": [
            x0 + float(rng.uniform(-0.75, 0.75)),
            float(rng.uniform(-1.75, -1.4) if in_front else rng.uniform(0.95, 1.35)),
        ],
        "yaw": float(180 + rng.uniform(-35, 35) if in_front else rng.uniform(-180, 180)),
        "pose_seed": int(rng.randint(1 << 30)),
    }


def random_scene(
    seed,
    size,
    windows,
    kinds=KINDS,
    wanted=(),
    emphasised=(),
    zoom=0.0,
    focus="window",
    crowded=0.0,
    bystanders=0.0,
    behind=BEHIND,
):
    """A scene of `windows` windows. `wanted` behaviours are dealt to the windows in turn instead of being drawn.

    zoom, crowded, bystanders: shares of scenes zoomed until their windows (or seats: focus) fill the picture, of crowded
    desks, and of windows with somebody in front of the counter or passing behind (behind: a share of those). They are drawn apart:
    without them a seed's scene stays what it is.
    """
    rng, rare = np.random.RandomState(seed), np.random.RandomState(seed ^ 0x0DD)
    style = random_style(rng, windows)
    kind = pick(rng, [k for k in kinds if k != "near" or windows == 1] or ["front_high"])
    camera = random_camera(rng, kind, windows * style["pitch"], style["back"])
    behaviour = [wanted[(seed + k) % len(wanted)] if wanted else None for k in range(windows)]
    rows = [random_window(rng, b, emphasised, rare.rand() < crowded) for b in behaviour]
    if any(row["behaviour"] == "stand" for row in rows):
        camera["at"][2] += 0.35 if kind == "near" else 0.12
    if rare.rand() < zoom:
        part = {"window": slice(None), "seat": slice(truth.SEAT_CORNERS)}[focus]
        corners = np.concatenate([truth.corners(k, windows, style)[part] for k in range(windows)])
        camera = zoomed(camera, corners, size, rare.uniform(-0.05, 0.1))
    seats = [truth.seat_x(k, windows, style["pitch"]) for k in range(windows)]
    others = [random_bystander(rare, x, behind) for x in seats if rare.rand() < bystanders]
    return {
        "seed": int(seed),
        "size": list(size),
        "style": style,
        "camera": camera,
        "windows": rows,
        "bystanders": [o for o in others if is_clear(o, camera)],
    }


def is_clear(bystander, camera):
    """Whether a bystander stands far enough from the camera to leave something else to see."""
    return np.hypot(*np.subtract(bystander["at"], camera["loc"][:2])) > CLEAR_OF_CAMERA
