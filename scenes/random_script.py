"""Scripts drawn at random: minutes at one window, so that a system can be tried on many hours that nobody wrote for it.

A script is a function of its seed, in the same plain format as the written ones. Conditions last clearly longer or clearly shorter
than their dwell, and things that only look like misconduct happen as often as misconduct.
"""

import numpy as np

from . import behaviours, layout, spec
from .classes import PERMITTED
from .people import pick

CAMERAS = ("front_high", "front_wall", "front34", "top34", "near", "side")
SIZES = ((480, 360), (480, 360), (560, 320))
WORK = tuple(b for b in behaviours.WORKING if b != "stand")
CONDUCT = {
    "slumped": (("nap_face",), ("nap_side",)),
    "leaning_back": (("lean_back",), ("nap_chair",)),
    "tilted": (("slouch_side",),),
    "smoking": (("smoke_mouth", "smoke_hold"), ("smoke_lip",), ("smoke_lip", "smoke_hold"), ("smoke_hold", "smoke_mouth")),
    "absence": ((behaviours.ABSENT,),),
}
SHORT = ("nap_face", "nap_side", "lean_back", "slouch_side", "stand")
"""Done for a moment only: bending down to pick something up, stretching."""
MOMENT_S = (2.6, 2.9)
CLEAR_S = 2
COMES_BACK_S = 3.3
"""From the return's beginning until somebody sits again; leaving takes as long."""


def random_script(seed, seconds=120, fps=5):
    """Plain data of a script, as `timeline.parse` takes it."""
    rng = np.random.RandomState(seed ^ 0xC11B)
    size = pick(rng, SIZES)
    scene = spec.random_scene(seed, size, 1, CAMERAS, ("idle",), zoom=0.8)
    policy = random_policy(rng)
    keys = random_day(rng, policy, seconds)
    window = {"behaviours": keys, **random_desk(rng, policy, seconds)}
    if rng.rand() < 0.4:
        window["person"] = {"badge": "none"}
    return {
        "id": f"r{seed:06d}",
        "seed": int(seed),
        "seconds": seconds,
        "fps": fps,
        "size": list(size),
        "samples": 3,
        "pictures": 2,
        "camera": scene["camera"],
        "policy": policy,
        "bystanders": bool(rng.rand() < 0.25),
        "windows": [window],
    }


def random_policy(rng):
    """Short dwells, so that minutes hold what hours would."""
    dwell = {
        "absence": rng.randint(5, 9),
        "slumped": rng.randint(4, 7),
        "leaning_back": rng.randint(4, 7),
        "tilted": rng.randint(4, 7),
        "badge_missing": rng.randint(6, 11),
        "smoking": rng.randint(3, 5),
        "ashtray": rng.randint(4, 7),
        "clutter": rng.randint(5, 9),
        "required_item_missing": rng.randint(5, 9),
    }
    return {rule: {"raise_after_s": int(s), "clear_after_s": CLEAR_S, "cooldown_s": 0} for rule, s in dwell.items()}


def random_day(rng, policy, seconds):
    """[(at, behaviour)]: work, interrupted by conduct, by moments of it, and by what looks like it."""
    keys, at, last = [[0, str(pick(rng, WORK))]], 0.0, None
    at = float(rng.randint(6, 10))
    while True:
        draw = rng.rand()
        if draw < 0.55:
            rule = str(pick(rng, [r for r in CONDUCT if r != last]))
            parts = pick(rng, CONDUCT[rule])
            length = policy[rule]["raise_after_s"] + rng.uniform(2.5, 6)
            if rule == "absence":
                length += COMES_BACK_S
            length = max(length, 2.7 * len(parts))
            last = rule
        elif draw < 0.7:
            parts, length = [str(pick(rng, SHORT))], rng.uniform(*MOMENT_S)
        else:
            parts, length = [str(pick(rng, [w for w in WORK if w != keys[-1][1]]))], rng.uniform(6, 10)
        back = rng.uniform(CLEAR_S + 3, CLEAR_S + 9) + (COMES_BACK_S if parts[0] == behaviours.ABSENT else 0)
        if at + length + back > seconds:
            return keys
        for n, part in enumerate(parts):
            keys.append([round(at + n * length / len(parts), 1), part])
        at += length
        keys.append([round(at, 1), str(pick(rng, [w for w in WORK if w != keys[-1][1]]))])
        at += back


def random_desk(rng, policy, seconds):
    """What lies there: a tidy desk, clutter and an ashtray for a while, perhaps something required that goes."""
    items = [_plain(i) for i in layout.clear_for_nap(layout.random_items(rng))]
    tidy = [i for i in items if i["class"] in PERMITTED]
    desk = {"tidy": tidy, "items": []}
    first, second = (4, 0.45 * seconds), (0.55 * seconds, seconds - 4)
    for spell, rule in ((first, pick(rng, ("clutter", "ashtray"))), (second, pick(rng, ("clutter", "ashtray")))):
        wanted = ("ashtray",) if rule == "ashtray" else ("cup", "bottle", "bag", "book", "food", "mobile_phone", "plant", "toy", "tissue")
        free = []
        for cls in rng.permutation(wanted)[: rng.randint(1, 3)]:
            place = _free_place(rng, str(cls), tidy + desk["items"] + free)
            free += [place] if place else []
        if not free:
            continue
        dwell = policy[str(rule)]["raise_after_s"]
        since = float(rng.uniform(spell[0], spell[1] - dwell - 8))
        until = since + dwell + float(rng.uniform(3, 8))
        desk["items"] += [{**i, "from": round(since, 1), "to": round(until, 1)} for i in free]
    required = [i for i in tidy if i["class"] in ("name_plate", "evaluator", "notice_sign")]
    if required and rng.rand() < 0.5:
        desk["required"] = [str(required[0]["class"])]
        if rng.rand() < 0.5:
            gone = float(rng.uniform(0.3, 0.6)) * seconds
            desk["tidy"] = [i for i in tidy if i is not required[0]]
            desk["items"].append({**required[0], "from": 0, "to": round(gone, 1)})
    return desk


def _free_place(rng, cls, others):
    """A thing beside everything else, or None."""
    for _ in range(40):
        if cls in layout.TOO_BIG_FOR_LEDGE or rng.rand() < 0.4:
            x, y, on = rng.choice([-1, 1]) * rng.uniform(0.4, 0.64), rng.uniform(-0.62, -0.28), "desk"
        else:
            x, y, on = rng.uniform(-0.6, 0.6), rng.uniform(-0.86, -0.80), "ledge"
        item = {"class": cls, "x": round(float(x), 3), "y": round(float(y), 3), "yaw": round(float(rng.uniform(-30, 30))), "on": on}
        if all(_apart(item, other) for other in others):
            return item
    return None


def _plain(item):
    return {key: item[key] for key in ("class", "x", "y", "yaw", "on")}


def _apart(a, b):
    reach = layout.RADIUS.get(a["class"], 0.05) + layout.RADIUS.get(b["class"], 0.05)
    return a["on"] != b["on"] or np.hypot(a["x"] - b["x"], 1.5 * (a["y"] - b["y"])) >= 0.8 * reach
