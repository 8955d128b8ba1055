"""Small rotation algebra on 3x3 matrices. Angles are degrees."""

import numpy as np


def unit(v):
    """v scaled to length one, along its last axis."""
    v = np.asarray(v, float)
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def about(axis, angle):
    """Rotation by an angle about an axis (Rodrigues)."""
    a = unit(axis)
    t = np.radians(angle)
    k = np.array([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])
    return np.eye(3) + np.sin(t) * k + (1 - np.cos(t)) * k @ k


def euler(pitch=0.0, roll=0.0, yaw=0.0):
    """A body part's orientation: pitch bends forward, roll to the own left, yaw turns to the own left."""
    return about([0, 0, 1], yaw) @ about([0, 1, 0], roll) @ about([1, 0, 0], pitch)


def axis_angle(r):
    """Axis and angle of a rotation."""
    t = np.arccos(np.clip((np.trace(r) - 1) / 2, -1, 1))
    if t < 1e-6:
        return np.array([1.0, 0, 0]), 0.0
    if np.pi - t < 1e-3:  # the antisymmetric part vanishes: take the eigenvector of eigenvalue one
        _, vectors = np.linalg.eigh((r + r.T) / 2)
        return vectors[:, -1], np.degrees(t)
    return unit(np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])), np.degrees(t)


def slerp(a, b, f):
    """The rotation a fraction f of the way from a to b."""
    axis, angle = axis_angle(b @ a.T)
    return about(axis, angle * f) @ a


def align(a, b):
    """The smallest rotation that takes direction a to direction b."""
    a, b = unit(a), unit(b)
    c = np.cross(a, b)
    s = np.linalg.norm(c)
    if s < 1e-6:
        return np.eye(3)
    return about(c, np.degrees(np.arctan2(s, a @ b)))


def frame(x, y):
    """A right-handed frame (columns) with its first axis along x and its second in the plane of x and y."""
    x = unit(x)
    y = unit(np.asarray(y) - x * (x @ y))
    return np.stack([x, y, np.cross(x, y)], 1)
