"""The builder that item classes are made with: parts in the item's own frame, standing on z = 0, front towards -y."""

import numpy as np

from . import meshes
from .materials import plain


class Kit:
    """Collects the objects of one item. `at` is the item's transform, `index` its number in the index picture."""

    def __init__(self, rng, index, at):
        self.rng, self.index, self.at = rng, index, at
        self.objects = []
        self.dark = plain("plastic_dark", (0.02, 0.02, 0.022), 0.4)
        self.grey = plain("plastic_grey", (0.35, 0.35, 0.36), 0.45)
        self.white = plain("plastic_white", (0.75, 0.75, 0.74), 0.4)

    def coin(self, chance=0.5):
        return self.rng.rand() < chance

    def pick(self, *options):
        return options[self.rng.randint(len(options))]

    def any_colour(self):
        return tuple(self.rng.uniform(0.05, 0.8, 3))

    def box(self, size, at, material, turn=(0, 0, 0), bevel=0.003, within=None):
        parent = self.at if within is None else self.at @ within
        self.objects.append(meshes.box("item", size, at, material, self.index, turn, bevel, parent))

    def lathe(self, profile, material, at=(0, 0, 0), turn=(0, 0, 0), segments=28, within=None):
        parent = self.at if within is None else self.at @ within
        self.objects.append(meshes.lathe("item", profile, material, at, self.index, segments, turn, parent))

    def ball(self, at, radii, material):
        vertices, faces = meshes.ball(np.array(at, float), np.broadcast_to(radii, 3))
        self.objects.append(meshes.mesh("item", vertices, faces, material, self.index, at=self.at))

    def tube(self, points, radius, material):
        vertices, faces = meshes.tube(points, radius, sides=8)
        self.objects.append(meshes.mesh("item", vertices, faces, material, self.index, at=self.at))

    def sheet(self, height, size, material, at=(0, 0, 0), turn=(0, 0, 0), thickness=0.0, cells=12):
        where = self.at @ meshes.place(at, turn)
        self.objects.append(meshes.sheet("item", height, size, material, self.index, where, cells, thickness))

    def text(self, words, size, material, at, turn):
        self.objects.append(meshes.text(words, size, material, self.at @ meshes.place(at, turn), self.index))
