"""The service hall around the windows: room, counter, chairs, lamps. Room frame, metres."""

import math

import bpy
import numpy as np
from mathutils import Matrix

from . import meshes
from .dimensions import DESK_DEPTH, DESK_Z, EDGE_Y, LEDGE_DEPTH, LEDGE_Y
from .materials import plain
from .meshes import box, lathe, place
from .truth import seat_x

CEILING = 3.0


def build_hall(scene):
    """Everything but people and desk items."""
    style, windows = scene["style"], len(scene["windows"])
    rng = np.random.RandomState(style["seed"])
    _room(style, windows, scene["camera"]["loc"], rng)
    _counter(style, windows)
    for k, window in enumerate(scene["windows"]):
        x = seat_x(k, windows, style["pitch"])
        if style["glass"]:
            _number(str(k + 1), x, style["ledge"])
        _chair(window["chair"], x)
    _lamps(style, windows, scene["camera"]["loc"])


def _room(style, windows, camera, rng):
    """Walls far enough out to have the camera inside."""
    width = windows * style["pitch"]
    wall = plain("wall", style["wall"], 0.85, blotch=0.05, blotch_scale=2)
    floor = plain("floor", style["floor"], 0.35, blotch=0.15, blotch_scale=2)
    front = min(-4.6, camera[1] - 0.5)
    depth, half = 1 - front, max(width / 2 + 2.2, abs(camera[0]) + 0.4)
    back = style["back"]
    box("floor", (2 * half + 2, 2 * depth + 2, 0.1), (0, 0, -0.05), floor, bevel=0)
    box("back wall", (2 * half + 1, 0.1, 3.2), (0, back + 0.05, 1.6), wall, bevel=0)
    box("front wall", (2 * half + 1, 0.1, 3.2), (0, front, 1.6), wall, bevel=0)
    for side in (-1, 1):
        box("side wall", (0.1, 2 * depth, 3.2), (side * half, 0, 1.6), wall, bevel=0)
    box(
        "ceiling",
        (2 * half + 2, 2 * depth + 2, 0.1),
        (0, 0, CEILING + 0.05),
        plain("ceiling", (0.75, 0.75, 0.74), 0.9),
        bevel=0,
    )
    if style["decor"] != "none":
        decorate = _cabinet if style["decor"] == "cabinet" else _poster
        for k in range(windows):
            decorate(seat_x(k, windows, style["pitch"]) + rng.uniform(-0.3, 0.3), back, rng)
    if style["banner"]:
        box("banner", (width + 1, 0.03, 0.35), (0, back - 0.02, 2.55), plain("banner", style["banner"], 0.5), bevel=0)
        meshes.text(
            "SERVICE HALL", 0.24, plain("banner text", (0.9, 0.9, 0.85), 0.5), place((0, back - 0.04, 2.55), (90, 0, 0))
        )


def _cabinet(x, back, rng):
    door, handle = plain("door", (0.56, 0.58, 0.6), 0.4, 0.2), plain("handle", (0.2, 0.2, 0.2), 0.3, 0.8)
    box("cabinet", (1.1, 0.4, 1.9), (x, back - 0.2, 0.95), plain("cabinet", (0.5, 0.52, 0.54), 0.4, 0.2), bevel=0.01)
    for side in (-1, 1):
        box("door", (0.5, 0.01, 1.75), (x + side * 0.26, back - 0.405, 0.96), door, bevel=0.006)
        box("handle", (0.02, 0.02, 0.15), (x + side * 0.05, back - 0.415, 1.0), handle)


def _poster(x, back, rng):
    box("poster", (0.6, 0.02, 0.85), (x, back - 0.01, 1.75), plain("poster", (0.8, 0.8, 0.8), 0.5), bevel=0)
    box(
        "headline",
        (0.55, 0.02, 0.25),
        (x, back - 0.015, 2.0),
        plain("headline", tuple(rng.uniform(0.1, 0.7, 3)), 0.5),
        bevel=0,
    )
    for k in range(6):
        box(
            "line",
            (0.45, 0.02, 0.02),
            (x, back - 0.015, 1.8 - 0.06 * k),
            plain("line", (0.25, 0.25, 0.28), 0.6),
            bevel=0,
        )


def _counter(style, windows):
    """Staff desk, higher ledge towards the public, dividers between windows, a rail above."""
    width, ledge, pitch = windows * style["pitch"], style["ledge"], style["pitch"]
    top, front = (
        plain("desk", style["desk"], 0.4, blotch=0.25, blotch_scale=6),
        plain("front", style["front"], 0.5, blotch=0.1, blotch_scale=3),
    )
    box("ledge", (width, LEDGE_DEPTH, 0.035), (0, LEDGE_Y, ledge - 0.018), top, bevel=0.006)
    box("ledge front", (width, 0.04, ledge - 0.03), (0, -0.90, (ledge - 0.03) / 2), front)
    box("ledge back", (width, 0.03, ledge - DESK_Z), (0, -0.72, (ledge + DESK_Z) / 2 - 0.02), front)
    box("desk", (width, DESK_DEPTH, 0.035), (0, EDGE_Y - DESK_DEPTH / 2, DESK_Z - 0.0176), top, bevel=0.006)
    box("kick plate", (width, 0.02, 0.5), (0, -0.68, 0.46), front, bevel=0)
    for k in range(windows + 1):
        x = pitch * (k - windows / 2)
        at_end = k in (0, windows) and windows > 1
        if style["divider"] and not at_end:
            glass = plain("divider", (0.6, 0.65, 0.68), 0.3)
            box(
                "divider",
                (0.025, 0.72, style["divider"]),
                (x, -0.55, DESK_Z + style["divider"] / 2),
                glass,
                bevel=0.004,
            )
        box("leg", (0.04, 0.5, DESK_Z - 0.03), (x, -0.46, (DESK_Z - 0.03) / 2), front, bevel=0)
    if style["glass"]:
        steel = plain("steel", (0.6, 0.6, 0.62), 0.3, 0.9)
        for k in range(windows + 1):
            box("post", (0.035, 0.035, 1.0), (pitch * (k - windows / 2), -0.80, ledge + 0.5), steel)
        box("rail", (width, 0.04, 0.05), (0, -0.80, ledge + 1.0), steel)


def _number(words, x, ledge):
    meshes.text(
        words, 0.14, plain("digits", (0.9, 0.2, 0.1), 0.4, glow=1.5), place((x, LEDGE_Y, ledge + 1.12), (90, 0, 0))
    )
    box("display", (0.3, 0.05, 0.22), (x, -0.80, ledge + 1.13), plain("display", (0.03, 0.03, 0.05), 0.4))


def _chair(chair, x):
    """An office chair; `coat` is the colour of a jacket hung over its back, or None."""
    at = Matrix.Translation((x, chair["y"], 0)) @ Matrix.Rotation(math.radians(chair["yaw"]), 4, "Z")
    fabric, metal = plain("chair", (0.03, 0.03, 0.035), 0.7, bump=0.2), plain("chair metal", (0.1, 0.1, 0.1), 0.4)
    box("chair seat", (0.48, 0.46, 0.07), (0, 0, 0.455), fabric, bevel=0.03, parent=at)
    box("chair back", (0.44, 0.05, 0.52), (0, 0.29, 0.82), fabric, bevel=0.025, turn=(-10, 0, 0), parent=at)
    box("back post", (0.05, 0.03, 0.3), (0, 0.265, 0.52), metal, parent=at)
    lathe("column", [(0.03, 0), (0.03, 0.42)], metal, parent=at)
    for k in range(5):
        a = math.radians(72 * k)
        box(
            "foot",
            (0.30, 0.04, 0.03),
            (0.15 * math.cos(a), 0.15 * math.sin(a), 0.06),
            metal,
            turn=(0, 0, 72 * k),
            parent=at,
        )
    if chair["coat"]:
        _coat(chair["coat"], at)


def _folds(u, v):
    return 0.014 * math.sin(15 * u) * (0.5 - v)


def _coat(colour, at):
    """A jacket over the chair's back: shoulders, hanging front and back, two sleeves."""
    fabric = plain("coat", colour, 0.95, bump=0.6, bump_scale=60)
    for y, lean, length in ((0.235, -10, 0.46), (0.365, -12, 0.56)):
        hang = at @ place((0, y, 1.085 - length / 2), (90 + lean, 0, 0))
        meshes.sheet("coat", _folds, (0.48, length), fabric, at=hang, thickness=0.006)
    box("coat shoulders", (0.50, 0.17, 0.05), (0, 0.325, 1.085), fabric, bevel=0.025, parent=at)
    for side in (-1, 1):
        box(
            "coat sleeve",
            (0.10, 0.09, 0.50),
            (side * 0.27, 0.33, 0.84),
            fabric,
            bevel=0.04,
            turn=(-6, side * 6, 0),
            parent=at,
        )


def _lamps(style, windows, camera):
    span = windows * style["pitch"] + 2
    rows = (-1.8, 0.4) if camera[1] > -4.5 else (-3.6, -1.6, 0.4)
    panel = plain("lamp", (1, 1, 1), 0.5, glow=5)
    for k in range(style["lights"]):
        x = (k + 0.5) / style["lights"] * span - span / 2
        for y in rows:
            light = bpy.data.lights.new("lamp", "AREA")
            light.shape, light.size, light.size_y = "RECTANGLE", 1.2, 0.3
            light.energy, light.color = style["power"], style["tint"]
            meshes.add("lamp", light, at=place((x, y, 2.98)))
            box("lamp", (1.2, 0.3, 0.01), (x, y, 2.995), panel, bevel=0)
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    sky = world.node_tree.nodes["Background"].inputs
    sky[0].default_value = (*style["tint"], 1)
    sky[1].default_value = style.get("ambient", 0.42)
