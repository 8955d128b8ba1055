"""Cameras: where they hang, what they map where, and what a cheap one does to a clean picture. No Blender here."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .rotation import unit

KINDS = ("front_high", "front_wall", "front34", "side", "behind34", "top34", "near")
FRONTAL = ("front_high", "front_wall", "front34", "top34", "near")
"""From these a person's chest is seen, so that a badge that is not seen is missing."""


@dataclass(frozen=True)
class View:
    """A placed camera: room metres to picture fractions. `axes` columns: right, up, backwards."""

    position: np.ndarray
    axes: np.ndarray
    focal: float  # in picture widths
    aspect: float  # width / height

    @classmethod
    def of(cls, camera, size):
        """camera: `loc` and `at` in room metres, `fov` in horizontal degrees, `roll` in degrees; size in pixels."""
        position = np.array(camera["loc"], float)
        forward = unit(np.array(camera["at"], float) - position)
        right = unit(np.cross(forward, [0, 0, 1]))
        up = np.cross(right, forward)
        c, s = math.cos(math.radians(camera.get("roll", 0))), math.sin(math.radians(camera.get("roll", 0)))
        axes = np.stack([c * right + s * up, c * up - s * right, -forward], 1)
        return cls(position, axes, 0.5 / math.tan(math.radians(camera["fov"]) / 2), size[0] / size[1])

    def project(self, points):
        """Picture fractions (n, 2) of room points (n, 3); points behind the camera land far outside."""
        local = (np.asarray(points, float) - self.position) @ self.axes
        depth = np.maximum(-local[:, 2], 1e-3)
        return np.stack(
            [0.5 + self.focal * local[:, 0] / depth, 0.5 - self.aspect * self.focal * local[:, 1] / depth], 1
        )

    def matrix(self):
        """Camera-to-room transform (4x4)."""
        m = np.eye(4)
        m[:3, :3], m[:3, 3] = self.axes, self.position
        return m


def random_camera(rng, kind, width, back):
    """A camera of a kind on a counter `width` metres long, in a room whose back wall is at y = `back`."""
    fov = 72.0 if kind in ("top34", "behind34") else 50.0 if kind == "near" else 55.0
    away = (width / 2 + 0.25) / math.tan(math.radians(55.0) / 2)
    draw = rng.uniform
    hand = rng.choice([-1, 1])
    if kind == "front_high":
        loc, at = [draw(-0.4, 0.4), -max(2.0, away) - 0.2, draw(2.3, 2.75)], [0, -0.25, 1.0]
    elif kind == "front_wall":
        loc, at = [draw(-0.3, 0.3), -max(1.9, away) - 0.2, draw(1.75, 2.1)], [0, -0.2, 1.05]
    elif kind == "front34":
        d = max(1.9, away * 1.05)
        loc, at = [hand * (d * 0.55 + 0.2), -d * 0.85 - 0.2, draw(2.2, 2.7)], [0, -0.2, 0.98]
    elif kind == "side":
        loc, at = [hand * (width / 2 + 1.3), draw(-0.6, 0.1), draw(1.8, 2.4)], [0, -0.15, 0.95]
    elif kind == "behind34":
        d = max(1.4, min(away * 0.9, back - 0.25))
        loc, at = [hand * (width / 2 + 0.9), min(d, back - 0.2), draw(2.2, 2.7)], [0, -0.25, 0.95]
    elif kind == "top34":
        loc, at = [draw(-0.5, 0.5), -max(1.2, away * 0.8) - 0.1, 2.9], [0, -0.15, 0.95]
    elif kind == "near":
        loc, at = [draw(-0.45, 0.45), draw(-1.65, -1.3), draw(1.3, 1.8)], [draw(-0.05, 0.05), -0.1, draw(1.0, 1.1)]
    else:
        raise ValueError(f"unknown camera kind {kind!r}")
    return {
        "kind": kind,
        "loc": [float(x) for x in loc],
        "at": [float(x) for x in at],
        "fov": fov,
        "roll": float(draw(-1.5, 1.5)),
    }


def zoomed(camera, points, size, margin):
    """The camera turned and zoomed until the room points fill the picture but for a margin (share of its width).

    Turning moves the picture plane, so that centring and fitting are repeated until they settle.
    """
    camera = dict(camera, at=list(camera["at"]))
    points = np.asarray(points, float)
    for _ in range(4):
        view = View.of(camera, size)
        local = (points - view.position) @ view.axes
        plane = local[:, :2] / np.maximum(-local[:, 2:], 1e-3)
        low, high = plane.min(0), plane.max(0)
        middle = np.append((low + high) / 2, -1.0)
        camera["at"] = [float(x) for x in view.position + view.axes @ middle]
        half = max(high[0] - low[0], (high[1] - low[1]) * view.aspect) / 2 / (1 - 2 * margin)
        camera["fov"] = float(np.degrees(2 * np.arctan(half)))
    return camera


def random_effects(rng):
    """Settings of `apply_effects` and the JPEG quality, as network cameras differ."""
    return {
        "blur_px": float(rng.uniform(0.2, 0.9)) if rng.rand() < 0.5 else 0.0,
        "gamma": float(rng.uniform(0.8, 1.25)),
        "white_balance": [float(x) for x in rng.uniform(0.94, 1.06, 3)],
        "infrared": bool(rng.rand() < 0.12),
        "noise": float(rng.uniform(0.003, 0.025)),
        "quality": int(rng.randint(62, 93)),
    }


def apply_effects(picture, effects, rng):
    """An RGB picture as a camera with these effects delivers it; the noise is drawn from rng, anew for each frame."""
    picture = picture.convert("RGB")
    if effects["blur_px"]:
        picture = picture.filter(ImageFilter.GaussianBlur(effects["blur_px"]))
    pixels = (np.asarray(picture, np.float32) / 255) ** effects["gamma"] * effects["white_balance"]
    if effects["infrared"]:
        pixels = np.repeat(pixels.mean(2, keepdims=True), 3, 2)
    pixels = pixels + rng.normal(0, effects["noise"], pixels.shape)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
