"""One staff member in a Blender scene: made once, posed as often as wanted."""

from dataclasses import dataclass

import numpy as np

from . import held, meshes
from .badge import add_badge
from .body import COCO, BodyData
from .clothing import dress
from .figure import Figure
from .head import add_head


BYSTANDER = 15
"""Window number of whoever is at none: it only keeps index numbers apart."""


@dataclass(frozen=True)
class Indices:
    """The numbers of a window's person and things in the index picture."""

    window: int

    @property
    def person(self):
        return 1 + self.window

    @property
    def badge(self):
        return 20 + self.window

    @property
    def cigarette(self):
        return 30 + self.window

    @property
    def prop(self):
        return 40 + self.window

    def item(self, n):
        return 100 + 40 * self.window + n


class Person:
    """spec: see `people.random_person`; window: number of the window from 0."""

    _data = None

    def __init__(self, spec, window):
        if Person._data is None:
            Person._data = BodyData()
        rng = np.random.RandomState(spec["seed"])
        self.window = window
        self.indices = Indices(window)
        self.figure = Figure(Person._data, spec["phenotype"], self.indices.person)
        self.body = self.figure.body
        add_head(self.figure, spec, rng)
        dress(self.figure, spec["outfit"], spec["phenotype"]["gender"] < 0.5, rng)
        self.badge = add_badge(self.figure, spec["badge"], self.indices.badge)
        self.wears_badge = self.badge is not None
        self.cigarette = []
        self.cigarette_look = spec.get("cigarette", held.PLAIN_CIGARETTE)
        self.props = {}  # kind -> (objects, their transforms in the prop's frame)
        self.label = None
        self.prop = None
        self.keypoints = None
        self.visible = True

    @property
    def objects(self):
        return self.figure.objects

    def held_objects(self):
        """Objects of the prop in use."""
        return self.props[self.prop][0] if self.prop and self.visible else []

    def set_pose(self, pose, world):
        """Take a pose (see `Body`); world is the 4x4 transform from the person's frame to the room's."""
        turn, shift = world[:3, :3], world[:3, 3]
        orientation, position = self.body.pose(pose)
        for ob, vertices, weights in self.figure.parts:
            posed = self.body.skin(orientation, position, vertices, weights) @ turn.T + shift
            ob.data.vertices.foreach_set("co", posed.astype(np.float32).ravel())
            ob.data.update()
        skin = self.body.skin(orientation, position)
        in_room = skin @ turn.T + shift
        self.keypoints = np.array([self.figure.data.coco[name] @ in_room for name in COCO])
        self.label = pose["label"]
        grip = held.Grip(self.figure, orientation, position, skin)
        self._hold_cigarette(pose["cigarette"], grip, world)
        self._hold_prop(pose["prop"], grip, world)

    def set_badge(self, worn):
        """Wear the badge or not, if there is one; a lanyard stays on."""
        self.wears_badge = worn and self.badge is not None
        if self.badge is not None:
            meshes.show([self.badge], self.wears_badge and self.visible)

    def set_visible(self, visible):
        self.visible = visible
        meshes.show(self.objects, visible)
        if not visible:
            meshes.show(self.cigarette, False)
            for objects, _ in self.props.values():
                meshes.show(objects, False)

    def _hold_cigarette(self, how, grip, world):
        if how and not self.cigarette:
            self.cigarette = held.make_cigarette(self.indices.cigarette, self.cigarette_look)
        meshes.show(self.cigarette, bool(how))
        if how:
            at = meshes.matrix(world @ held.cigarette_place(how, grip))
            for ob in self.cigarette:
                ob.matrix_world = at

    def _hold_prop(self, prop, grip, world):
        self.prop = prop[0] if prop else None
        if prop and prop[0] not in self.props:
            objects = held.make_prop(prop[0], self.indices.prop)
            self.props[prop[0]] = objects, [ob.matrix_world.copy() for ob in objects]
        for kind, (objects, own) in self.props.items():
            meshes.show(objects, kind == self.prop)
            if kind == self.prop:
                at = meshes.matrix(world @ held.prop_place(prop, grip))
                for ob, local in zip(objects, own):
                    ob.matrix_world = at @ local
