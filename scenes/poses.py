"""What staff members do at a window: behaviours as poses, solved so that hands and heads touch what they should.

`make_pose` returns a dict for `Body.pose` with three more keys: `label` (posture, behaviour, smoking), `cigarette`
(None, "mouth", "hand_R" between the fingers, "lip_R" held at the lips) and `prop` (None or (kind, side, tilt)).
Positions are metres in the window's frame; the person faces -y.
"""

import numpy as np

from .dimensions import DESK_Z, EDGE_Y
from .rotation import unit

MOUTH_FROM_TEETH = np.array([0, -0.03, -0.01])
LIPS_FROM_TEETH = np.array([0, -0.022, -0.006])
SIGN = {"L": 1, "R": -1}


class Pose(dict):
    """A pose under construction, with the moves that behaviours share. `rng` jitters them."""

    def __init__(self, body, rng):
        super().__init__()
        self.body = body
        self.rng = rng
        self.seat_z = 0.60 + self.jitter(0.015)
        self.to_head = None  # (side, what): a hand to bring to the head
        self.napping = None  # None, 0 face down, -1 or 1 face to that side
        self.posture = "upright"
        self.update(
            root=[self.jitter(0.05), 0.06 + self.jitter(0.03), self.seat_z],
            pelvis_pitch=-4,
            torso_pitch=6 + self.jitter(4),
            torso_roll=self.jitter(3),
            torso_yaw=self.jitter(8),
            head_pitch=8 + self.jitter(7),
            head_yaw=self.jitter(18),
            head_roll=self.jitter(4),
            foot_L=[0.13, -0.22, 0.075],
            foot_R=[-0.13, -0.24 + self.jitter(0.1), 0.075],
            cigarette=None,
            prop=None,
        )

    def jitter(self, size):
        return self.rng.uniform(-size, size)

    def coin(self):
        return self.rng.rand() < 0.5

    def hand(self, side, at, fingers, palm, curl=22, elbow=None):
        """Place a hand; x counts towards the hand's own side."""
        mirror = np.array([SIGN[side], 1, 1])
        self[f"hand_{side}"] = list(mirror * at)
        self[f"fing_{side}"] = list(mirror * fingers)
        self[f"palm_{side}"] = list(mirror * palm)
        self[f"curl_{side}"] = curl
        if elbow is not None:
            self[f"pole_{side}"] = list(mirror * elbow)

    def type(self, side):
        at = (0.13 + self.jitter(0.02), EDGE_Y - 0.12 + self.jitter(0.02), DESK_Z + 0.055)
        self.hand(side, at, (-0.15, -1, -0.12), (0.1, 0, -1), 20)

    def rest(self, side):
        at = (0.12 + self.jitter(0.03), EDGE_Y - 0.10 + self.jitter(0.03), DESK_Z + 0.035)
        self.hand(side, at, (-0.75, -0.7, 0), (0, 0, -1), 15)

    def lap(self, side):
        self.hand(side, (0.12, -0.12, self.seat_z + 0.12), (-0.5, -0.85, -0.1), (0, 0, -1), 18)

    def hang(self, side):
        shoulder = self.body.joint("upperarm01.L")[0]
        self.hand(side, (shoulder + 0.13, 0.10, self["root"][2] - 0.02), (0, -0.15, -1), (-1, 0, 0), 15, (0.5, 0.9, 0))

    def stand(self):
        self.update(
            root=[self.jitter(0.05), 0.12, self.body.joint("root")[2] - 0.005],
            foot_L=[0.11, 0.10, 0.07],
            foot_R=[-0.11, 0.10 + self.jitter(0.03), 0.07],
            knee_L=[0.1, -1, 0],
            knee_R=[-0.1, -1, 0],
        )
        self.posture = "standing"


# ---------------------------------------------------------------------------------------------------- behaviours


def typing(p):
    p.type("L")
    p.type("R")


def idle(p):
    p.rest("L")
    p.rest("R")


def writing(p):
    p.rest("L")
    at = (0.08 + p.jitter(0.04), EDGE_Y - 0.16, DESK_Z + 0.05)
    p.hand("R", at, (0.35, -0.9, -0.35), (0.75, 0, -0.6), 32)
    p.update(torso_pitch=16, head_pitch=18, prop=("pen", "R", 0))


def reading(p):
    """Bows over a paper: the head is low, but not on the desk."""
    p.rest("L")
    p.rest("R")
    p.update(torso_pitch=24 + p.jitter(4), head_pitch=30 + p.jitter(6), head_yaw=p.jitter(8))


def stand(p):
    p.stand()
    if p.coin():
        p.hang("L")
        p.hang("R")
    else:
        for side in "LR":
            p.hand(side, (0.2, EDGE_Y - 0.12, DESK_Z + 0.03), (-0.1, -1, 0), (0, 0, -1), 5)
        p["torso_pitch"] = 18


def leaving(p):
    """Stands with hanging arms: the pose of somebody who walks."""
    p.stand()
    p.hang("L")
    p.hang("R")


def nap_face(p):
    _nap(p, 0)
    p.update(head_rel=False, head_pitch=92, head_yaw=p.jitter(10), head_roll=p.jitter(8))


def nap_side(p):
    _nap(p, int(p.rng.choice([-1, 1])))


def _nap(p, side):
    p.update(pelvis_pitch=22, torso_pitch=72, torso_roll=0, torso_yaw=p.jitter(5))
    for hand, reach in (("L", 0.40), ("R", 0.30)):
        at = (-0.10 + p.jitter(0.03), EDGE_Y - reach, DESK_Z + 0.045)
        p.hand(hand, at, (-1, -0.1, 0), (0, 0, -1), 12, (1, -0.1, -0.35))
    p.napping = side
    p.posture = "slumped"


def nap_chair(p):
    p.lap("L")
    p.lap("R")
    p.update(root=[0, 0.02, p.seat_z - 0.02], pelvis_pitch=-22, torso_pitch=-26)
    p.update(head_pitch=-34 + p.jitter(6), head_roll=p.jitter(14), head_yaw=p.jitter(10))
    p.posture = "leaning_back"


def lean_back(p):
    p.lap("L")
    p.lap("R")
    p.update(root=[p.jitter(0.03), 0.0, p.seat_z - 0.02], pelvis_pitch=-20, torso_pitch=-26 + p.jitter(4))
    p["head_pitch"] = 14 + p.jitter(5)
    p.posture = "leaning_back"


def slouch_side(p):
    side = "L" if p.coin() else "R"
    sign = SIGN[side]
    p.update(
        torso_pitch=16 + p.jitter(4), torso_roll=sign * (27 + p.jitter(5)), pelvis_roll=sign * 5, torso_yaw=-sign * 6
    )
    p.update(head_roll=sign * (14 + p.jitter(4)), head_pitch=6)
    p.rest("R" if side == "L" else "L")
    p.to_head = (side, "cheek")
    p.posture = "tilted"


def phone_look(p):
    at = (-0.02 + p.jitter(0.03), EDGE_Y - 0.07, DESK_Z + 0.20)
    p.hand("R", at, (0.15, -0.45, 0.88), (0.1, 0.9, 0.35), 28, (0.7, 0.1, -0.8))
    place = p.rest if p.coin() else p.lap
    place("L")
    p.update(torso_pitch=10, head_pitch=28 + p.jitter(5), head_yaw=p.jitter(6), prop=("mobile_phone", "R", 0))


def phone_call(p):
    p.rest("L")
    p.to_head = ("R", "ear")
    p["prop"] = ("mobile_ear", "R", 0)


def drink(p):
    p.rest("L")
    p.to_head = ("R", "drink")
    p.update(prop=("cup", "R", -35), head_pitch=-4)


def chin(p):
    p.rest("L")
    p.to_head = ("R", "chin")
    p["torso_pitch"] = 16


def pen_mouth(p):
    """Chews on a pen: a thin stick at the lips that is no cigarette."""
    p.rest("L")
    p.to_head = ("R", "lip")
    p["prop"] = ("pen_mouth", "R", 0)


def smoke_mouth(p):
    for side in "LR":
        place = p.type if p.coin() else p.rest
        place(side)
    p["cigarette"] = "mouth"


def smoke_lip(p):
    p.rest("L")
    p.to_head = ("R", "lip")
    p["cigarette"] = "lip_R"


def smoke_hold(p):
    p.rest("L")
    at = (0.24 + p.jitter(0.03), EDGE_Y - 0.06, DESK_Z + 0.27 + p.jitter(0.03))
    p.hand("R", at, (-0.25, -0.3, 0.9), (-0.75, -0.5, 0.2), [30, 8, 8, 35, 40], (0.6, 0.0, -0.9))
    p["cigarette"] = "hand_R"


_BEHAVIOUR_FUNCTIONS = (
    typing,
    idle,
    writing,
    reading,
    stand,
    nap_face,
    nap_side,
    nap_chair,
    lean_back,
    slouch_side,
    phone_look,
    phone_call,
    drink,
    chin,
    pen_mouth,
    smoke_mouth,
    smoke_lip,
    smoke_hold,
    leaving,
)
_BY_NAME = {f.__name__: f for f in _BEHAVIOUR_FUNCTIONS}


def make_pose(behaviour, body, rng):
    """The solved pose of a behaviour."""
    p = Pose(body, rng)
    _BY_NAME[behaviour](p)
    if p.napping is not None:
        _lay_head_on_desk(p, p.napping)
    elif p.to_head is not None:
        _bring_hand_to_head(p, *p.to_head)
    pose = dict(p)
    pose["label"] = {"posture": p.posture, "behaviour": behaviour, "smoking": p["cigarette"] is not None}
    return pose


# ------------------------------------------------------------------------------------------------------- contacts


def _lay_head_on_desk(p, side):
    """Bend the torso until the head lies on the arms, and push the seat back until the chest clears the desk's edge."""
    body, data = p.body, p.body.data
    mesh = data.groups["body"]
    head = mesh[_dominated(data, mesh, ("head", "jaw", "temporalis", "oculi", "special", "levator", "oris"))]
    trunk = mesh[_dominated(data, mesh, ("spine", "breast"))]
    if side:
        p["head_R"] = _cheek_down(side)
    low, high = 40.0, 100.0
    for _ in range(12):
        p["torso_pitch"] = (low + high) / 2
        solved = body.pose(p)
        lowest = body.skin(*solved, body.rest[head], data.weights[head])[:, 2].min()
        low, high = (p["torso_pitch"], high) if lowest > DESK_Z + 0.085 else (low, p["torso_pitch"])
        chest = body.skin(*solved, body.rest[trunk], data.weights[trunk])
        below = chest[chest[:, 2] < DESK_Z]
        if len(below):
            p["root"][1] += np.clip(EDGE_Y + 0.005 - below[:, 1].min(), -0.05, 0.05)
    centre = body.skin(*body.pose(p), body.rest[head], data.weights[head]).mean(0)
    for hand, offset in (("L", -0.03), ("R", 0.05)):  # arms folded under the head
        p[f"hand_{hand}"] = [centre[0] - SIGN[hand] * 0.10, centre[1] - 0.02 + offset, DESK_Z + 0.05]
        p[f"pole_{hand}"] = [SIGN[hand], -0.5, -0.15]


def _dominated(data, vertices, stems):
    return np.array([name.startswith(stems) for name in data.dominant_name[vertices]])


def _cheek_down(side):
    """Head orientation with the crown towards -y and the face to one side."""
    up = unit([0, -1, 0.12])
    face = unit([side, 0, -0.15])
    back = -unit(face - up * (face @ up))
    return np.stack([np.cross(back, up), back, up], 1)


# What a hand at the head does: offset of the wrist from the mouth or ear, fingers, palm, curl; x towards the own side,
# all in the head's frame, except that the cheek rests on a hand whose offset and palm are upright in the room.
_AT_HEAD = {
    "lip": ("mouth", (0.055, -0.085, -0.085), (-0.6, 0.25, 0.72), (-0.3, 0.95, -0.05), [30, 9, 9, 32, 38]),
    "drink": ("mouth", (0.09, -0.10, -0.06), (-0.8, -0.1, 0.35), (-0.35, 0.9, 0.2), 30),
    "chin": ("mouth", (0.05, -0.01, -0.15), (-0.25, -0.1, 0.95), (-0.5, 0.8, 0.1), 38),
    "ear": ("ear", (0.045, -0.05, -0.115), (-0.05, 0.35, 0.92), (-1.0, 0.1, 0), 22),
}
_ELBOW_AT_HEAD = {"ear": (0.5, -0.55, -0.9), "cheek": (0.8, -0.4, -0.6)}


def _bring_hand_to_head(p, side, what):
    body, data, sign = p.body, p.body.data, SIGN[side]
    mirror = np.array([sign, 1, 1])
    orientation, position = body.pose(p)
    head = orientation[data.index["head"]]
    mesh = body.skin(orientation, position)
    ear = data.coco["left_ear" if side == "L" else "right_ear"] @ mesh
    if what == "cheek":
        at, fingers, palm, curl = ear + mirror * [0.03, -0.03, -0.13], head @ [0, 0.1, 1], mirror * [-1, 0.25, 0.1], 30
    else:
        anchor, offset, fingers, palm, curl = _AT_HEAD[what]
        anchor = ear if anchor == "ear" else mesh[data.groups["helper-upper-teeth"]].mean(0) + head @ MOUTH_FROM_TEETH
        at, fingers, palm = anchor + head @ (mirror * offset), head @ (mirror * fingers), head @ (mirror * palm)
    elbow = mirror * _ELBOW_AT_HEAD.get(what, (0.75, 0.1, -0.75))
    p.update(
        {f"hand_{side}": at, f"fing_{side}": fingers, f"palm_{side}": palm, f"curl_{side}": curl, f"pole_{side}": elbow}
    )
    if what in ("lip", "drink"):
        _close_in_on_lips(p, side, what)


def _close_in_on_lips(p, side, what):
    """Move the wrist until what the hand holds is at the lips; the shoulder gives way, so this takes a few rounds."""
    body, data = p.body, p.body.data
    for _ in range(4):
        orientation, position = body.pose(p)
        head = orientation[data.index["head"]]
        teeth = body.skin(orientation, position)[data.groups["helper-upper-teeth"]].mean(0)
        lips = teeth + head @ LIPS_FROM_TEETH
        if what == "lip":
            held = (position[data.index[f"finger2-3.{side}"]] + position[data.index[f"finger3-3.{side}"]]) / 2
            goal = lips + head @ unit([SIGN[side] * 0.25, -1, -0.15]) * 0.034
        else:
            hand = orientation[data.index[f"wrist.{side}"]] @ body.hand_frame[side]
            held = position[data.index[f"finger3-1.{side}"]] + hand[:, 1] * 0.045 + hand[:, 0] * 0.02
            goal = lips + head @ np.array([0, -0.055, -0.015])
        p[f"hand_{side}"] = np.asarray(p[f"hand_{side}"]) + goal - held
