"""Labelled stills: seed in, picture, truth and sometimes the tidy reference picture out."""

import copy
import json
from pathlib import Path

import numpy as np
from PIL import Image

from . import behaviours, camera, layout, people, spec, truth
from .classes import PERMITTED

PROVENANCE = {"source": "synthetic", "licence": "CC0-1.0"}


def plan(seed, settings):
    """The scene of a seed and its camera's effects, both plain data: all that is random about a still."""
    rng = np.random.RandomState(seed ^ 0x5EED)
    windows = int(rng.choice(settings["windows"]))
    scene = spec.random_scene(
        seed,
        settings["size"],
        windows,
        settings["cameras"],
        settings["behaviours"],
        settings["emphasise"],
        settings["zoom"],
        settings["focus"],
        settings["crowded"],
        settings["bystanders"],
        settings["behind"],
    )
    with_reference = seed * 2654435761 % 1000 < settings["reference_share"] * 1000
    return scene, camera.random_effects(rng), with_reference, rng


def tidied(scene):
    """The same view with the seats empty and the desks tidy."""
    tidy = copy.deepcopy(scene) | {"bystanders": []}
    for window in tidy["windows"]:
        window["person"] = None
        window["behaviour"] = behaviours.ABSENT
        window["items"] = layout.tidy(window["items"], PERMITTED)
    return tidy


def render_still(seed, out, settings):
    """Render one still into OUT/img; returns its manifest row."""
    from .poses import make_pose
    from .render import Scene

    planned, effects, with_reference, rng = plan(seed, settings)
    name = f"s{seed:06d}"
    built = Scene(planned, settings["samples"])
    for person in built.people:
        window = planned["windows"][person.window]
        pose = make_pose(window["behaviour"], person.body, np.random.RandomState(window["pose_seed"]))
        person.set_pose(pose, built.window_place(person.window))
    index = photograph(built, out / "img" / f"{name}.jpg", effects, rng)
    windows = truth.geometry(built.view, planned["style"], len(planned["windows"]))
    kind = planned["camera"]["kind"]
    rows = [truth.still_row(w["window"], seen, kind) for w, seen in zip(windows, built.measure(index))]
    for row, window in zip(rows, planned["windows"]):
        row["subject"] = people.subject(window["person"]) if window["person"] else None
        if planned["bystanders"]:
            row.pop("people", None)
    if with_reference:
        photograph(Scene(tidied(planned), settings["samples"]), out / "img" / f"{name}.ref.jpg", effects, rng)
        for window in windows:
            window["reference"] = f"img/{name}.ref.jpg"
    return manifest_row(name, windows, rows, kind)


def manifest_row(name, windows, truth_rows, camera_kind):
    """The manifest line of the picture img/NAME.jpg, as plain data."""
    return {
        "id": name,
        "kind": "still",
        "media": f"img/{name}.jpg",
        "windows": windows,
        "truth": truth_rows,
        "camera": camera_kind,
        **PROVENANCE,
    }


def photograph(built, path, effects, rng):
    """Render, spoil and save as JPEG; returns the index picture."""
    clean = path.with_name(f".{path.stem}.png")
    index = built.render(clean)
    camera.apply_effects(Image.open(clean), effects, rng).save(path, quality=effects["quality"])
    clean.unlink()
    return index


def render_set(start, count, out, settings, say):
    """Render a range of seeds, appending to OUT/manifest.START.jsonl; seeds already there are left alone."""

    def tell(seed, rows):
        [row] = rows
        say(f"{row['id']}: {row['camera']}, {', '.join(w.get('behaviour', 'absent') for w in row['truth'])}")

    render_seeds(start, count, out, lambda seed: f"s{seed:06d}", lambda seed, folder: [render_still(seed, folder, settings)], tell)


def render_views(start, count, out, settings, prefix, render_hall, say):
    """Render several pictures of each of a range of halls, appending to OUT/manifest.START.jsonl; halls already there are left alone.

    render_hall(seed, out, settings) yields manifest rows of pictures named PREFIX, number, "s", seed; say(seed, rows) is told of each hall.
    """
    last = settings["views"] - 1
    render_seeds(start, count, out, lambda seed: f"{prefix}{last}s{seed:06d}", lambda seed, folder: render_hall(seed, folder, settings), say)


def render_seeds(start, count, out, last_picture, rows_of, say):
    """Append what rows_of(seed, out) yields to OUT/manifest.START.jsonl, except for seeds whose last picture is there already."""
    out = Path(out)
    (out / "img").mkdir(parents=True, exist_ok=True)
    for seed in range(start, start + count):
        if (out / "img" / f"{last_picture(seed)}.jpg").exists():
            continue
        rows = list(rows_of(seed, out))
        with open(out / f"manifest.{start}.jsonl", "a", encoding="utf-8") as manifest:
            manifest.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        say(seed, rows)
