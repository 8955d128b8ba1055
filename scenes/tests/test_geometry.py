"""Cameras, polygons and boxes."""

import numpy as np
import pytest

from scenes import camera, rotation, spec, truth

SIZE = (640, 360)
STRAIGHT = {"kind": "front_wall", "loc": [0, -3, 1], "at": [0, 0, 1], "fov": 60, "roll": 0}


@pytest.mark.parametrize(
    "points, expected",
    [
        ([(0, 0), (1, 0), (1, 1), (0, 1)], {(0, 0), (1, 0), (1, 1), (0, 1)}),
        ([(0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.5)], {(0, 0), (1, 0), (1, 1), (0, 1)}),
        ([(0, 0), (0.5, 0), (1, 0), (0, 1)], {(0, 0), (1, 0), (0, 1)}),
        ([(0, 0), (0, 0), (1, 0), (0, 1)], {(0, 0), (1, 0), (0, 1)}),
    ],
)
def test_hull(points, expected):
    assert set(truth.hull(points)) == expected


def test_hull_contains_every_point():
    rng = np.random.RandomState(1)
    for _ in range(20):
        points = rng.rand(30, 2)
        corners = np.array(truth.hull(points))
        edges = np.roll(corners, -1, 0) - corners
        for p in points:
            to = p - corners
            assert (edges[:, 0] * to[:, 1] - edges[:, 1] * to[:, 0] >= -1e-12).all()


def test_a_straight_camera():
    view = camera.View.of(STRAIGHT, SIZE)
    centre, right, up = view.project([[0, 0, 1], [0.5, 0, 1], [0, 0, 1.5]])
    assert centre == pytest.approx([0.5, 0.5])
    edge = view.project([[3 * np.tan(np.radians(30)), 0, 1]])[0]
    assert edge == pytest.approx([1.0, 0.5])
    assert right[0] > 0.5 and right[1] == pytest.approx(0.5)
    assert up[1] < 0.5 and up[0] == pytest.approx(0.5)
    in_px = (right[0] - 0.5) * SIZE[0], (0.5 - up[1]) * SIZE[1]
    assert in_px[0] == pytest.approx(in_px[1])  # pixels are square


def test_roll_turns_the_picture_about_its_middle():
    view = camera.View.of({**STRAIGHT, "roll": 90}, SIZE)
    centre, above = view.project([[0, 0, 1], [0, 0, 1.5]])
    assert centre == pytest.approx([0.5, 0.5])
    assert above[0] > 0.5 and above[1] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", camera.KINDS)
def test_every_kind_of_camera_sees_the_seats(kind):
    for seed in range(30):
        scene = spec.random_scene(seed, SIZE, 1, (kind,))
        view = camera.View.of(scene["camera"], SIZE)
        chest = view.project([[0, 0.05, 1.05]])[0]
        assert 0.05 < chest[0] < 0.95 and 0.05 < chest[1] < 0.95, (kind, seed, chest)
        for window in truth.geometry(view, scene["style"], 1):
            for polygon in (window["seat"], window["desk"]):
                assert len(polygon) >= 3
                assert all(0 <= c <= 1 for point in polygon for c in point)


def test_seats_are_spread_around_the_middle():
    assert [truth.seat_x(k, 3, 1.5) for k in range(3)] == [-1.5, 0, 1.5]
    assert truth.seat_x(0, 1, 1.6) == 0


def test_mask_box():
    mask = np.zeros((10, 20), bool)
    assert truth.mask_box(mask) is None
    mask[2:5, 4:10] = True
    assert truth.mask_box(mask) == [0.2, 0.2, 0.3, 0.3]
    index = np.zeros((10, 20), int)
    index[0, 0], index[1, 1] = 7, 8
    assert truth.patch(index, 7, 8) == {"px": 2, "box": [0, 0, 0.1, 0.2]}


def test_rotations():
    rng = np.random.RandomState(2)
    for _ in range(50):
        a, b = (rotation.about(rng.randn(3), rng.uniform(-180, 180)) for _ in range(2))
        assert rotation.slerp(a, b, 0) == pytest.approx(a)
        assert rotation.slerp(a, b, 1) == pytest.approx(b, abs=1e-6)
        half = rotation.slerp(a, b, 0.5)
        assert half @ half.T == pytest.approx(np.eye(3))
        u, v = rng.randn(3), rng.randn(3)
        assert rotation.align(u, v) @ rotation.unit(u) == pytest.approx(rotation.unit(v))
        f = rotation.frame(u, v)
        assert f.T @ f == pytest.approx(np.eye(3)) and np.linalg.det(f) == pytest.approx(1)


def test_half_turns_have_an_axis():
    axis, angle = rotation.axis_angle(rotation.about([0, 1, 0], 180))
    assert angle == pytest.approx(180)
    assert abs(axis[1]) == pytest.approx(1)
