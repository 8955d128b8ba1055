"""Close views of one staff member: built once, posed and photographed many times, so that a picture in which a cigarette or a
badge covers tens of pixels costs a fraction of a still.

Between two pictures the person does something else, the lamps change, and another camera looks at the seat or at the person
alone. Half of the people smoke; most others hold or do what is mistaken for it.
"""

import numpy as np

from . import behaviours, camera, people, spec, stills, truth
from .rotation import euler, unit

SMOKING = ("smoke_mouth", "smoke_lip", "smoke_hold")
LIKE_IT = ("pen_mouth", "phone_call", "drink", "chin", "phone_look", "writing", "pen_mouth")
OTHER = tuple(b for b in behaviours.BEHAVIOURS if b not in (*SMOKING, "stand"))
SMOKES, LOOKS_LIKE_IT = 0.5, 0.35
KINDS = 2 * tuple(k for k in camera.KINDS if k != "behind34") + ("behind34",)
"""From behind little of a cigarette is seen."""
WIDTHS = (140, 420)  # pixels of a picture, drawn evenly on a logarithmic scale
UPPER_BODY = range(11)  # keypoints from the nose to the wrists
AROUND = 0.14  # metres about them that a view of the person keeps


def plan(seed, without_badge=0.0):
    """The hall of a seed with one person in it, without a camera. `without_badge`: share of people whose badge, if any, is left away."""
    rng = np.random.RandomState(seed ^ 0xC105E)
    hall = spec.random_scene(seed, (640, 360), 1, wanted=("idle",))
    hall["windows"][0]["person"]["cigarette"] = people.random_cigarette(rng)
    if np.random.RandomState(seed ^ 0xBAD6E).rand() < without_badge:
        hall["windows"][0]["person"]["badge"]["kind"] = "none"
    return hall, rng


def random_behaviour(rng, wanted=()):
    """What the person does in one picture; one of `wanted`, if there are any."""
    if wanted:
        return str(rng.choice(wanted))
    draw = rng.rand()
    options = SMOKING if draw < SMOKES else LIKE_IT if draw < SMOKES + LOOKS_LIKE_IT else OTHER
    return str(rng.choice(options))


def loosened(pose, behaviour, rng):
    """The pose less exact: the head turned, the hand with the cigarette anywhere between desk and chin."""
    if behaviour == "smoke_hold":
        away = [rng.uniform(-0.2, 0.12), rng.uniform(-0.12, 0.02), rng.uniform(-0.17, 0.08)]
        pose["hand_R"] = np.array(pose["hand_R"]) + away
        pose["fing_R"] = unit(np.array(pose["fing_R"]) + rng.normal(0, 0.3, 3))
    if behaviour in ("smoke_hold", "smoke_mouth"):
        pose["head_yaw"] += rng.normal(0, 14)
        pose["head_pitch"] += rng.normal(0, 7)
    return pose


def turned(place, rng):
    """The person's place with the chair turned a little."""
    turn = np.eye(4)
    turn[:3, :3] = euler(yaw=rng.normal(0, 12))
    return place @ turn


def random_view(rng, hall, person):
    """A camera that looks at the seat or at the person alone, and the size of its picture."""
    style = hall["style"]
    view = camera.random_camera(rng, str(rng.choice(KINDS)), style["pitch"], style["back"])
    if rng.rand() < 0.5:
        points = truth.corners(0, 1, style)[: truth.SEAT_CORNERS]
    else:
        seen = person.keypoints[list(UPPER_BODY)]
        points = np.concatenate([seen - AROUND, seen + AROUND])
    width = int(np.exp(rng.uniform(*np.log(WIDTHS))))
    size = (width, int(width * rng.uniform(0.75, 1.25)))
    return camera.zoomed(view, points, size, rng.uniform(-0.08, 0.1)), size


def render_hall(seed, out, settings):
    """Render a person's pictures into OUT/img; yields their manifest rows."""
    from .poses import make_pose
    from .render import Scene

    hall, rng = plan(seed, settings["without_badge"])
    built = Scene(hall, settings["samples"])
    (person,) = built.people
    for number in range(settings["views"]):
        name = f"c{number}s{seed:06d}"
        behaviour = random_behaviour(rng, settings["behaviours"])
        pose = make_pose(behaviour, person.body, np.random.RandomState(rng.randint(1 << 30)))
        place = built.window_place(0) if behaviour in behaviours.ON_DESK else turned(built.window_place(0), rng)
        person.set_pose(loosened(pose, behaviour, rng), place)
        view, size = random_view(rng, hall, person)
        built.look(view, size)
        built.relight(rng)
        index = stills.photograph(built, out / "img" / f"{name}.jpg", camera.random_effects(rng), rng)
        (seen,) = built.measure(index)
        row = truth.still_row("1", seen, view["kind"])
        row["subject"] = people.subject(hall["windows"][0]["person"])
        windows = truth.geometry(built.view, hall["style"], 1)
        yield stills.manifest_row(name, windows, [row], view["kind"])


def render_set(start, count, out, settings, say):
    """Render a range of seeds, appending to OUT/manifest.START.jsonl; seeds already there are left alone."""

    def tell(seed, rows):
        smoking = sum(bool(row["truth"][0].get("smoking")) for row in rows)
        say(f"s{seed:06d}: {len(rows)} pictures, {smoking} of somebody who smokes")

    stills.render_views(start, count, out, settings, "c", render_hall, tell)
