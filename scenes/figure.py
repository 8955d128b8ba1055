"""A person's mesh parts: pieces cut from the base mesh and things fixed to it, all moved by the same skeleton."""

import numpy as np

from . import meshes
from .body import BODY_VERTICES, Body
from .rotation import unit

ARM = ("upperarm", "lowerarm", "wrist")
HAND = ("wrist", "finger", "metacarpal")
LEG = ("upperleg", "lowerleg", "foot", "toe")


class Figure:
    """A body in its rest pose and the parts made from it. `index` is the person's number in the index picture."""

    def __init__(self, data, proportions, index):
        self.data = data
        self.body = Body(data, **proportions)
        self.rest = self.body.rest
        self.index = index
        self.parts = []  # (object, rest vertices, weights)
        names = data.dominant_name
        self.bone_of = names
        self.on_arm = np.array([n.startswith(ARM) for n in names])
        self.on_leg = np.array([n.startswith(LEG) for n in names])
        eyes = [self.rest[data.groups[f"helper-{side}-eye"]].mean(0) for side in "lr"]
        self.left_eye, self.right_eye = eyes
        self.eye = sum(eyes) / 2
        self.head_scale = (self.body.height - self.eye[2]) / 0.125
        self.skin_normals = self.normals(data.faces_of["body"])
        self.neck_z = self.body.joint("neck01")[2]
        self.chest_z = self.body.joint("clavicle.L")[2]
        self.waist_z = self.body.joint("spine05")[2] + 0.02
        self.front_y = self.body.joint("spine01")[1]

    @property
    def objects(self):
        return [ob for ob, _, _ in self.parts]

    def normals(self, face_ids):
        """Vertex normals of some faces of the base mesh; zero elsewhere."""
        v = self.rest
        normals = np.zeros_like(v)
        quads = np.array([(self.data.faces[i] + self.data.faces[i][-1:])[:4] for i in face_ids])
        cross = np.cross(v[quads[:, 1]] - v[quads[:, 0]], v[quads[:, 2]] - v[quads[:, 0]])
        for corner in range(4):
            np.add.at(normals, quads[:, corner], cross)
        return unit(normals)

    def faces_where(self, group, keep):
        """Ids of a group's faces for which keep(bone names of the corners, centre) holds."""
        ids = self.data.faces_of[group]
        faces = [self.data.faces[i] for i in ids]
        corners, starts = np.concatenate(faces), np.cumsum([0] + [len(f) for f in faces[:-1]])
        sizes = np.array([len(f) for f in faces])[:, None]
        centres = np.add.reduceat(self.rest[corners], starts) / sizes
        bones = self.bone_of
        return [i for i, face, centre in zip(ids, faces, centres) if keep([bones[k] for k in face], centre)]

    def add_faces(
        self,
        name,
        vertices,
        face_ids,
        material,
        attributes=None,
        weights=None,
        textured=False,
        subdivide=0,
        thickness=0.0,
    ):
        """A part made of faces of the base mesh, at changed vertex positions (all of the mesh's, metres)."""
        data = self.data
        weights = data.weights if weights is None else weights
        used = sorted({k for i in face_ids for k in data.faces[i]})
        new = {old: k for k, old in enumerate(used)}
        faces = [tuple(new[k] for k in data.faces[i]) for i in face_ids]
        corners = [data.texture_corners[k] for i in face_ids for k in data.face_corners[i]] if textured else None
        attributes = {key: np.asarray(values)[used] for key, values in (attributes or {}).items()}
        ob = meshes.mesh(name, vertices[used], faces, material, self.index, corners, attributes, subdivide, thickness)
        self.parts.append((ob, np.asarray(vertices[used]), weights[used]))
        return ob

    def add_own(self, name, vertices, faces, material, weights, index=None, subdivide=0, thickness=0.0):
        """A part with vertices of its own; `weights` is a bone's name, one row for all, or a row per vertex."""
        vertices = np.asarray(vertices)
        if isinstance(weights, str):
            row = np.zeros(len(self.data.names), np.float32)
            row[self.data.index[weights]] = 1
            weights = row
        weights = np.broadcast_to(weights, (len(vertices), len(self.data.names)))
        index = self.index if index is None else index
        ob = meshes.mesh(name, vertices, faces, material, index, None, {"rest": vertices}, subdivide, thickness)
        self.parts.append((ob, vertices, np.ascontiguousarray(weights)))
        return ob

    def wear(self, surface, weights):
        """Say which garment surface is outermost, so that ties and badges lie on it."""
        tights = self.data.groups["helper-tights"]
        v = self.rest[tights]
        on_front = (v[:, 2] > self.waist_z) & (v[:, 1] < self.front_y) & ~self.on_arm[tights]
        self.front = tights[on_front]
        self.surface = surface
        self.cloth_weights = weights

    def front_at(self, x, z):
        """Point and outward normal of the garment's front at (x, z): a plane fitted to the vertices nearby."""
        s = self.surface[self.front]
        near = np.sqrt(np.exp(-((s[:, 0] - x) ** 2 + (s[:, 2] - z) ** 2) / (2 * 0.022**2)) + 1e-9)
        system = np.stack([np.ones(len(s)), s[:, 0] - x, s[:, 2] - z], 1) * near[:, None]
        y, slope_x, slope_z = np.linalg.lstsq(system, s[:, 1] * near, rcond=None)[0]
        return np.array([x, y, z]), unit(np.array([slope_x, -1, slope_z]))

    def weights_at(self, point):
        nearest = self.front[np.argmin(((self.surface[self.front] - point) ** 2).sum(1))]
        return self.cloth_weights[nearest]

    def add_strip(self, name, points, widths, material, off):
        """A band along (x, z) points on the garment's front, `off` metres above it."""
        spots = [self.front_at(x, z) for x, z in points]
        spots = [(point + normal * off, normal) for point, normal in spots]
        last = len(spots) - 1
        vertices, faces, weights = [], [], []
        for i, (centre, normal) in enumerate(spots):
            along = unit(spots[min(i + 1, last)][0] - spots[max(i - 1, 0)][0])
            aside = unit(np.cross(along, normal)) * widths[i] / 2
            vertices += [centre - aside, centre + normal * 0.002, centre + aside]
            weights.append(self.weights_at(centre))
            if i:
                b = 3 * i
                faces += [(b - 3, b - 2, b + 1, b), (b - 2, b - 1, b + 2, b + 1)]
        weights = np.array(weights)
        for _ in range(4):  # neighbours on the band must not follow very different bones
            weights = np.concatenate([weights[:1], (weights[:-2] + 2 * weights[1:-1] + weights[2:]) / 4, weights[-1:]])
        return self.add_own(name, vertices, faces, material, weights.repeat(3, 0), subdivide=1, thickness=0.002)

    def body_offset(self, distance):
        """Vertices pushed out of the skin by metres (a number or one per body vertex)."""
        v = self.rest.copy()
        v[:BODY_VERTICES] += (self.skin_normals * np.reshape(distance, (-1, 1)))[:BODY_VERTICES]
        return v


def wobble(points, scale, phase):
    """A smooth pseudo-random value in -1..1 per point, for wrinkles and tufts."""
    return (
        np.sin(points[:, 0] * scale + phase)
        * np.sin(points[:, 1] * scale * 1.1 + 2 * phase)
        * np.sin(points[:, 2] * scale * 0.8 + 3 * phase)
    )
