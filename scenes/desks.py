"""Desk stills: one built hall seen by many cameras, so that a desk detector's pictures cost a fraction of a still.

Between two views the desks are laid anew, the lamps change, and the camera looks at one desk or at all. The truth holds
items only: what people do is not said.
"""

import numpy as np

from . import behaviours, camera, classes, layout, spec, stills, truth

PEOPLE = 0.35
"""Share of the windows with somebody at them: hands, sleeves and heads hide items."""
CROWDED = 0.6
RARE = ("mouse", "stapler", "card_reader", "post_sign", "pen_holder", "document", "printer")
"""Laid as often as clutter."""
ROOM_ABOVE = 0.32  # metres over the desk that a zoomed view keeps in the picture
WIDTHS = (200, 520)  # pixels of a zoomed view, drawn evenly on a logarithmic scale


def plan(seed, windows):
    """The hall of a seed, without a camera."""
    rng = np.random.RandomState(seed ^ 0xDE5C)
    count = int(rng.choice(windows))
    hall = spec.random_scene(seed, (640, 360), count)
    for window in hall["windows"]:
        if rng.rand() > PEOPLE:
            window["person"] = None
    return hall, rng


def random_layout(rng, window):
    """Items for one desk; somebody asleep on it needs room."""
    items = layout.random_items(rng, classes.CLUTTER + RARE, rng.rand() < CROWDED)
    asleep = window["person"] and window["behaviour"] in behaviours.ON_DESK
    return layout.clear_for_nap(items) if asleep else items


def random_view(rng, hall):
    """A camera and the size of its picture."""
    count, style = len(hall["windows"]), hall["style"]
    kind = str(rng.choice([k for k in camera.KINDS if k != "near" or count == 1]))
    view = camera.random_camera(rng, kind, count * style["pitch"], style["back"])
    if rng.rand() < 0.15:
        return view, (640, 360)
    wanted = [rng.randint(count)] if rng.rand() < 0.75 else range(count)
    desks = np.concatenate([truth.corners(k, count, style)[truth.SEAT_CORNERS :] for k in wanted])
    points = np.concatenate([desks, desks + [0, 0, ROOM_ABOVE]])
    width = int(np.exp(rng.uniform(*np.log(WIDTHS))))
    size = (width, int(width * rng.uniform(0.56, 0.9)))
    return camera.zoomed(view, points, size, rng.uniform(0.0, 0.12)), size


def render_hall(seed, out, settings):
    """Render a hall's views into OUT/img; yields their manifest rows."""
    from .poses import make_pose
    from .render import Scene

    hall, rng = plan(seed, settings["windows"])
    views = [random_view(rng, hall) for _ in range(settings["views"])]
    # The walls stand around the farthest camera.
    far = np.array([v["loc"] for v, _ in views])
    hall["camera"] = views[0][0] | {"loc": [float(np.abs(far[:, 0]).max()), float(far[:, 1].min()), 2.5]}
    built = Scene(hall, settings["samples"])
    for person in built.people:
        window = hall["windows"][person.window]
        pose = make_pose(window["behaviour"], person.body, np.random.RandomState(window["pose_seed"]))
        person.set_pose(pose, built.window_place(person.window))
    for number, (view, size) in enumerate(views):
        name = f"d{number}s{seed:06d}"
        built.look(view, size)
        built.relight(rng)
        built.lay([random_layout(rng, window) for window in hall["windows"]])
        index = stills.photograph(built, out / "img" / f"{name}.jpg", camera.random_effects(rng), rng)
        windows = truth.geometry(built.view, hall["style"], len(hall["windows"]))
        rows = [
            {"window": w["window"], "from": 0, "to": 0, "items": truth.items(seen["items"])}
            for w, seen in zip(windows, built.measure(index))
        ]
        yield stills.manifest_row(name, windows, rows, view["kind"])


def render_set(start, count, out, settings, say):
    """Render a range of seeds, appending to OUT/manifest.START.jsonl; seeds already there are left alone."""

    def tell(seed, rows):
        say(f"s{seed:06d}: {len(rows)} views, {sum(len(t['items']) for r in rows for t in r['truth'])} items")

    stills.render_views(start, count, out, settings, "d", render_hall, tell)
