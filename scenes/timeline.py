"""Clip scripts: who does what when, which things lie on the desk when; and the truth intervals that follow.

A script is a TOML or JSON file (see `scripts/demo.toml`). Times are seconds from the clip's start, positions metres
in the window's frame (x to the staff member's left, y away from the public, origin on the floor under the seat).
"""

import json
import math
import random
import statistics
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .classes import DEFAULT_DWELL_S, IGNORE, ITEM_CLASSES

TRANSITION_S = 1.2
"""Time to change from one behaviour to the next, and to stand up or sit down."""

WALK_SPEED = 1.4
"""Metres per second of somebody leaving or coming back."""

AWAY_M = 0.6
"""From this distance on, a person has left the seat."""

OUT_M = 3.0
"""From this distance on, a person has left the picture."""

HELD_FRAMES = (2, 9)
"""Where only few pictures of a spell are rendered, one is shown for so many frames (least, most)."""

CALM_FRAMES = 15
"""A spell shorter than this gets one picture."""

MOVING_FRAMES = 4
"""Of a movement every so many frames are rendered then."""

LIMITS = {"seconds": (1, 600), "fps": (1, 30), "samples": (1, 1000), "pictures": (1, 1000)}
CAMERA_KEYS = ("kind", "loc", "at", "fov")


class ScriptError(ValueError):
    """A script that cannot be played; the message lists every problem found."""


@dataclass
class TimedItem:
    """A thing on the desk or ledge; `until` is the end of the clip for what stays."""

    spec: dict
    since: float
    until: float
    tidy: bool


@dataclass
class WindowScript:
    behaviours: list  # [(at, behaviour)], the first at 0
    items: list  # [TimedItem]
    person: dict = field(default_factory=dict)
    required: list = field(default_factory=list)
    permitted: list = field(default_factory=list)
    badge_until: float = math.inf
    """When the badge is taken off: like things on the desk, it is gone from one frame to the next."""


@dataclass
class ClipScript:
    id: str
    seed: int
    seconds: float
    fps: float
    size: tuple
    samples: int
    camera: dict
    style: dict
    policy: dict
    windows: list
    pictures: int = 0
    """Of a spell in which nothing changes only so many pictures are rendered, and few of a movement; 0: all."""
    bystanders: bool = False

    @property
    def frames(self):
        return round(self.seconds * self.fps)


@dataclass
class Moment:
    """What a window's person does at one instant: `blend` goes 0 to 1 from `before` to `now`; `away` is in metres."""

    before: str
    now: str
    blend: float
    away: float


def load(path, behaviours):
    """Read and check a script; `behaviours` are the known behaviour names. Raises ScriptError with all problems."""
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    try:
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return parse(raw, behaviours)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, ScriptError) as problem:
        raise ScriptError(f"{path}: {problem}") from problem


def parse(raw, behaviours):
    """A ClipScript of a script's plain data. Raises ScriptError with all problems."""
    problems = []
    known = {"id", "seed", "seconds", "fps", "size", "samples", "camera", "style", "policy", "windows"}
    known |= {"pictures", "bystanders"}
    problems += [f"unknown key {key!r}" for key in raw.keys() - known]
    problems += [
        f"missing key {key!r}" for key in ("id", "seed", "seconds", "fps", "camera", "windows") if key not in raw
    ]
    for key, (low, high) in LIMITS.items():
        if key in raw and not (isinstance(raw[key], int | float) and low <= raw[key] <= high):
            problems.append(f"{key} must be a number from {low} to {high}")
    problems += [f"camera: missing key {key!r}" for key in CAMERA_KEYS if key not in raw.get("camera", {})]
    problems += [f"policy: unknown rule {rule!r}" for rule in raw.get("policy", {}) if rule not in DEFAULT_DWELL_S]
    seconds = raw["seconds"] if isinstance(raw.get("seconds"), int | float) else 0
    windows = [_window(w, f"windows[{k}]", seconds, behaviours, problems) for k, w in enumerate(raw.get("windows", []))]
    if problems:
        raise ScriptError("; ".join(problems))
    return ClipScript(
        id=raw["id"],
        seed=raw["seed"],
        seconds=float(seconds),
        fps=raw["fps"],
        size=tuple(raw.get("size", (640, 360))),
        samples=raw.get("samples", 6),
        camera=raw["camera"],
        style=raw.get("style", {}),
        policy=raw.get("policy", {}),
        windows=windows,
        pictures=raw.get("pictures", 0),
        bystanders=raw.get("bystanders", False),
    )


def _window(raw, where, seconds, behaviours, problems):
    known = {"behaviours", "tidy", "items", "person", "required", "permitted", "badge_until"}
    problems += [f"{where}: unknown key {key!r}" for key in raw.keys() - known]
    keys = [(float(at), name) for at, name in raw.get("behaviours", [])]
    if not keys or keys[0][0] != 0:
        problems.append(f"{where}.behaviours must start at 0")
    if any(b[0] - a[0] < 2 * TRANSITION_S for a, b in zip(keys, keys[1:])):
        problems.append(f"{where}.behaviours must be at least {2 * TRANSITION_S} s apart, in order")
    for _, name in keys:
        if name not in behaviours and name != "absent":
            problems.append(f"{where}.behaviours: unknown behaviour {name!r}")
    items = []
    for key, tidy in (("tidy", True), ("items", False)):
        for spec in raw.get(key, []):
            since, until = float(spec.get("from", 0)), float(spec.get("to", seconds))
            if not {"x", "y"} <= spec.keys():
                problems.append(f"{where}.{key}: {spec.get('class')} needs x and y")
            if spec.get("class") not in ITEM_CLASSES:
                problems.append(f"{where}.{key}: unknown class {spec.get('class')!r}")
            if not 0 <= since < until <= seconds:
                problems.append(
                    f"{where}.{key}: {spec.get('class')} must be there from a time before its end, within the clip"
                )
            if tidy and {"from", "to"} & spec.keys():
                problems.append(f"{where}.tidy: what is tidy stays; {spec.get('class')} must not have from or to")
            items.append(TimedItem(spec, since, until, tidy))
    badge_until = raw.get("badge_until", math.inf)
    if badge_until != math.inf and not 0 < badge_until < seconds:
        problems.append(f"{where}.badge_until must be a time within the clip")
    return WindowScript(
        keys, items, raw.get("person", {}), raw.get("required", []), raw.get("permitted", []), badge_until
    )


def moment(keys, t):
    """What the person does at time t, given [(at, behaviour)].

    Leaving: stand up, walk away. Coming back: walk to the seat, sit down into the next behaviour.
    """
    k = max(i for i, (at, _) in enumerate(keys) if at <= t)
    at, now = keys[k]
    if k == 0:
        return Moment(now, now, 1.0, OUT_M if now == "absent" else 0.0)
    before = keys[k - 1][1]
    since = t - at
    if now == "absent":
        return Moment(before, now, min(1.0, since / TRANSITION_S), _walked(since - TRANSITION_S))
    if before == "absent":
        started_out = k == 1
        reached = OUT_M if started_out else _walked(at - keys[k - 1][0] - TRANSITION_S)
        away = max(0.0, reached - WALK_SPEED * since)
        sitting = since - reached / WALK_SPEED
        return Moment(before, now, min(1.0, max(0.0, sitting / TRANSITION_S)), away)
    return Moment(before, now, min(1.0, since / TRANSITION_S), 0.0)


def shown(window, t):
    """Which of a window's items (by number) are there at time t."""
    return [n for n, item in enumerate(window.items) if item.since <= t < item.until]


def wears_badge(window, t):
    """Whether the window's person has not taken the badge off by time t."""
    return t < window.badge_until


def sources(script):
    """For every frame the number of the frame whose picture it shows."""
    if not script.pictures:
        return list(range(script.frames))
    signs = [_sign(script, n / script.fps) for n in range(script.frames)]
    rng, out, start = random.Random(script.seed), [], 0
    for n in range(1, script.frames + 1):
        if n < script.frames and signs[n] == signs[start]:
            continue
        out += _moving(start, n) if signs[start][0] else _calm(start, n, script.pictures, rng)
        start = n
    return out


def _sign(script, t):
    """What must be alike for one frame's picture to stand for another: movement or not, who does what, what is there."""
    now = [moment(window.behaviours, t) for window in script.windows]
    moving = any(m.blend < 1 or 0 < m.away < OUT_M for m in now)
    there = [(shown(window, t), wears_badge(window, t)) for window in script.windows]
    return moving, [(m.before, m.now) for m in now], there


def _moving(start, end):
    """One picture for so many frames, from their middle: the first of a movement looks like what was before."""
    firsts = [n - (n - start) % MOVING_FRAMES for n in range(start, end)]
    return [min(first + MOVING_FRAMES // 2, end - 1) for first in firsts]


def _calm(start, end, pictures, rng):
    pictures = min(pictures, 1 + (end - start) // CALM_FRAMES)
    step = max(1, (end - start) // pictures)
    keys = list(range(start + step // 2, end, step))[:pictures] or [start]
    out = []
    while len(out) < end - start:
        out += [rng.choice([k for k in keys if not out or k != out[-1]] or keys)] * rng.randint(*HELD_FRAMES)
    return out[: end - start]


def _walked(seconds):
    return min(OUT_M, max(0.0, WALK_SPEED * seconds))


def away_now(moment_):
    """Whether the person has left the seat at this moment."""
    return moment_.away > AWAY_M


def intervals(window_id, frames, fps):
    """Truth rows of one window from its frames.

    frames: one (state, row) per frame. `state` is what the script says; where it changes is a truth boundary. `row` is
    the frame's truth as for a still, its items carrying an `id`. Within an interval, values that not every frame shows
    (a badge behind an arm) are decided by most frames, and boxes are the median.
    """
    rows = []
    start = 0
    for i in range(1, len(frames) + 1):
        if i < len(frames) and frames[i][0] == frames[start][0]:
            continue
        span = [row for _, row in frames[start:i]]
        row = {"window": window_id, "from": round(start / fps, 3), "to": round(i / fps, 3)}
        for key in ("presence", "people", "posture", "badge", "smoking"):
            values = [r[key] for r in span if r.get(key) is not None]
            if 2 * len(values) > len(span):
                row[key] = statistics.mode(values)
        row["items"] = _items(span)
        rows.append(row)
        start = i
    return rows


def _items(span):
    seen = {}
    for row in span:
        for item in row["items"]:
            seen.setdefault(item["id"], []).append(item)
    out = []
    for items in seen.values():
        if 2 * len(items) <= len(span):
            continue
        boxes, cls = [item["box"] for item in items], statistics.mode(item["class"] for item in items)
        box = _union(boxes) if cls == IGNORE else [round(statistics.median(c), 4) for c in zip(*boxes)]
        out.append({"class": cls, "box": box})
    return out


def _union(boxes):
    """The smallest box around boxes [x, y, width, height]: where a thing in a hand was during the interval."""
    x0, y0 = min(b[0] for b in boxes), min(b[1] for b in boxes)
    x1, y1 = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return [round(c, 4) for c in (x0, y0, x1 - x0, y1 - y0)]
