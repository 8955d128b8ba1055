"""Movement between poses and within them: blending, the small motions of a living body, and walking away."""

import math

import numpy as np

from .poses import SIGN
from .rotation import euler, slerp
from .timeline import OUT_M

ANGLES = tuple(f"{part}_{axis}" for part in ("pelvis", "torso") for axis in ("pitch", "roll", "yaw"))
HELD = ("cigarette", "prop", "label")


def canonical(pose, body):
    """The same pose with every degree of freedom given, so that two of them can be blended number by number."""
    orientation, position = body.pose(pose)
    index = body.data.index
    out = {key: pose.get(key, 0.0) for key in ANGLES}
    out["root"] = np.array(pose["root"], float)
    out["head_R"] = orientation[index["head"]]
    for side, sign in SIGN.items():
        wrist = index[f"wrist.{side}"]
        hand = orientation[wrist] @ body.hand_frame[side]
        out[f"hand_{side}"] = np.array(pose.get(f"hand_{side}", position[wrist]), float)
        out[f"fing_{side}"], out[f"palm_{side}"] = hand[:, 0], hand[:, 1]
        out[f"curl_{side}"] = np.array(np.broadcast_to(pose.get(f"curl_{side}", 25), 5), float)
        out[f"pole_{side}"] = np.array(pose.get(f"pole_{side}", [sign * 0.6, 0.3, -0.8]), float)
        out[f"foot_{side}"] = np.array(pose[f"foot_{side}"], float)
        out[f"knee_{side}"] = np.array(pose.get(f"knee_{side}", [sign * 0.15, -1, 0.3]), float)
    out.update({key: pose[key] for key in HELD})
    return out


def blend(a, b, f):
    """The canonical pose a fraction f of the way from a to b, easing in and out; what is held changes half-way."""
    if f <= 0:
        return dict(a)
    if f >= 1:
        return dict(b)
    g = f * f * (3 - 2 * f)
    out = {}
    for key in a:
        if key == "head_R":
            out[key] = slerp(a[key], b[key], g)
        elif key in HELD:
            out[key] = a[key] if f < 0.5 else b[key]
        else:
            out[key] = a[key] * (1 - g) + b[key] * g
    for side in "LR":  # hands travel in an arc, over what lies on the desk
        travel = np.linalg.norm(a[f"hand_{side}"] - b[f"hand_{side}"])
        lift = 0.07 * math.sin(math.pi * g) * min(1, travel / 0.2)
        out[f"hand_{side}"] = out[f"hand_{side}"] + np.array([0, 0, lift])
    return out


def alive(pose, t, phase, behaviour):
    """Breathing, swaying, looking about, and the hands' work, at t seconds. Somebody who naps hardly moves."""
    out = dict(pose)
    calm = 0.25 if behaviour.startswith("nap") else 1.0

    def wave(hertz, size, shift=0.0):
        return size * math.sin(2 * math.pi * hertz * t + phase + shift)

    out["torso_pitch"] += wave(0.25, 0.5) + calm * wave(0.07, 1.2, 1)
    out["torso_roll"] += calm * wave(0.05, 1.0, 2)
    nod = euler(calm * wave(0.11, 3, 3), calm * wave(0.06, 1.5), calm * (wave(0.08, 5, 1) + wave(0.19, 3, 4)))
    out["head_R"] = nod @ out["head_R"]
    if behaviour == "typing":
        for n, side in enumerate("LR"):
            shift = [wave(0.4, 0.015, n), wave(0.3, 0.008), abs(wave(1.7, 0.008, n))]
            out[f"hand_{side}"] = out[f"hand_{side}"] + np.array(shift)
            taps = [wave(2 + 0.3 * k, 7, k * 1.3 + n) for k in range(5)]
            out[f"curl_{side}"] = out[f"curl_{side}"] + np.array(taps)
    elif behaviour == "writing":
        out["hand_R"] = out["hand_R"] + np.array([wave(0.9, 0.012), wave(0.31, 0.012), 0])
    return out


def walk(away, side, t):
    """Transform (4x4) of somebody `away` metres along the way out, past the chair to the side -1 or 1 of the window."""
    way = np.array([[0, 0], [0.5, 0.15], [OUT_M, 0.6]]) * [side, 1]
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    out = np.eye(4)
    if away > 0:
        out[:3, :3] = euler(yaw=side * 75 * min(1, away / 0.4))
        out[0, 3] = np.interp(away, lengths, way[:, 0])
        out[1, 3] = np.interp(away, lengths, way[:, 1])
        out[2, 3] = 0.018 * abs(math.sin(7 * t))
    return out
