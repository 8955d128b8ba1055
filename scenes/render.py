"""The Blender side: build a scene from its spec, render it with an index picture, measure what is seen."""

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from . import items, materials, meshes, truth
from .camera import View
from .counter import build_hall
from .dimensions import DESK_Z
from .held import PROP_CLASS
from .person import BYSTANDER, Indices, Person
from .poses import make_pose
from .rotation import euler
from .sprites import PER_METRE

TORSO_KEYPOINTS = range(5, 13)
FLESH_M = {True: 0.13, False: 0.07}
"""How deep a joint lies under its own skin (torso and limbs, head and feet): the first hit may be this much nearer."""


@dataclass
class Thing:
    """A desk item in the scene."""

    window: int
    id: str
    cls: str
    index: int
    objects: list


class Scene:
    """A built scene. spec: see `spec.random_scene`; a window's `person` may be None."""

    def __init__(self, spec, samples):
        self.spec = spec
        self.size = tuple(spec["size"])
        self.view = View.of(spec["camera"], self.size)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        materials.forget()
        build_hall(spec)
        self.things = self._things()
        self.people = [Person(w["person"], k) for k, w in enumerate(spec["windows"]) if w["person"]]
        for other in spec["bystanders"]:
            _place_bystander(other)
        self._place_camera()
        _settings(spec, samples)
        self._make_folder()

    def window_place(self, k):
        """Transform (4x4) from a window's frame to the room's."""
        m = np.eye(4)
        m[0, 3] = truth.seat_x(k, len(self.spec["windows"]), self.spec["style"]["pitch"])
        return m

    def _things(self):
        windows = enumerate(self.spec["windows"])
        return [self._thing(k, n, item) for k, w in windows for n, item in enumerate(w["items"])]

    def lay(self, items):
        """Put other items on the desks: a list for every window."""
        for thing in self.things:
            for ob in thing.objects:
                bpy.data.objects.remove(ob)
        for window, laid in zip(self.spec["windows"], items):
            window["items"] = laid
        self.things = self._things()

    def _thing(self, window, number, item):
        z = self.spec["style"]["ledge"] if item["on"] == "ledge" else DESK_Z
        local = meshes.place((item["x"], item["y"], z + 0.0005), (0, 0, item["yaw"]))
        index = Indices(window).item(number)
        objects = items.make(
            item["class"], np.random.RandomState(item["seed"]), index, meshes.matrix(self.window_place(window)) @ local
        )
        return Thing(window, f"{window}.{number}", item["class"], index, objects)

    def _place_camera(self):
        data = bpy.data.cameras.new("camera")
        data.sensor_fit, data.angle, data.clip_start = "HORIZONTAL", np.radians(self.spec["camera"]["fov"]), 0.05
        bpy.context.scene.camera = meshes.add("camera", data, at=Matrix(self.view.matrix().tolist()))

    def look(self, camera, size):
        """Move the camera: what `spec.random_scene` calls `camera`, and the picture's size in pixels."""
        scene, placed = bpy.context.scene, bpy.context.scene.camera
        self.size, self.view = tuple(size), View.of(camera, size)
        scene.render.resolution_x, scene.render.resolution_y = size
        placed.data.angle = np.radians(camera["fov"])
        placed.matrix_world = Matrix(self.view.matrix().tolist())

    def relight(self, rng):
        """Other lamps, another sky and another exposure than the style's."""
        for light in bpy.data.lights:
            light.energy = self.spec["style"]["power"] * (0.05 if rng.rand() < 0.2 else rng.uniform(0.5, 2.0))
        sky = bpy.context.scene.world.node_tree.nodes["Background"].inputs
        sky[1].default_value = rng.uniform(0.2, 0.6)
        bpy.context.scene.view_settings.exposure = rng.uniform(-0.4, 0.5)

    def _make_folder(self):
        self._folder = Path(tempfile.mkdtemp(prefix="scenes-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._index_output()

    def _index_output(self):
        """Have each render also write the picture of object numbers."""
        scene = bpy.context.scene
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        layers = tree.nodes.new("CompositorNodeRLayers")
        tree.links.new(layers.outputs["Image"], tree.nodes.new("CompositorNodeComposite").inputs["Image"])
        out = tree.nodes.new("CompositorNodeOutputFile")
        out.base_path = str(self._folder)
        out.format.file_format, out.format.color_depth, out.format.exr_codec = "OPEN_EXR", "32", "ZIP"
        out.file_slots[0].path = "index_"
        tree.links.new(layers.outputs["IndexOB"], out.inputs[0])

    def render(self, path):
        """Write the picture as PNG; returns the object number of every pixel (height, width)."""
        scene = bpy.context.scene
        scene.render.image_settings.file_format = "PNG"
        scene.render.filepath = str(path)
        with _silence():
            bpy.ops.render.render(write_still=True)
        file = self._folder / f"index_{scene.frame_current:04d}.exr"
        picture = bpy.data.images.load(str(file))
        picture.colorspace_settings.name = "Non-Color"
        width, height = picture.size
        pixels = np.empty(width * height * 4, np.float32)
        picture.pixels.foreach_get(pixels)
        bpy.data.images.remove(picture)
        file.unlink()
        return np.rint(pixels.reshape(height, width, 4)[::-1, :, 0]).astype(int)

    def measure(self, index):
        """What is seen of each window, as `truth.window_truth` takes it."""
        seen = []
        for k in range(len(self.spec["windows"])):
            row = {"person": None, "label": None, "keypoints": None, "badge": None, "cigarette": None, "items": []}
            for thing in self.things:
                if thing.window == k and not thing.objects[0].hide_render:
                    row["items"].append(self._measure_thing(thing, index))
            for person in self.people:
                if person.window == k and person.visible:
                    row.update(self._measure_person(person, index))
                    row["items"] += self._held_item(person, index)
            seen.append(row)
        return seen

    def _measure_thing(self, thing, index):
        named = {"id": thing.id, "class": thing.cls, "in_hand": False}
        return {**named, **self._outlined(thing.objects, index, thing.index)}

    def _outlined(self, objects, index, number):
        """What is seen of objects that bear one number, beside the outline they would have if nothing hid them."""
        outline = truth.outline_px(self.view.project(meshes.vertices_of(objects)), self.size)
        return {"outline": outline, **truth.patch(index, number)}

    def _measure_person(self, person, index):
        n = person.indices
        body = truth.patch(index, n.person)
        whole = truth.patch(index, n.person, n.badge, n.cigarette)
        smoking = bool(person.cigarette) and not person.cigarette[0].hide_render
        return {
            "person": {"px": body["px"], "box": whole["box"]},
            "label": person.label,
            "keypoints": self._keypoints(person),
            "badge": self._outlined([person.badge], index, n.badge) if person.wears_badge else None,
            "cigarette": self._outlined(person.cigarette, index, n.cigarette) if smoking else None,
        }

    def _held_item(self, person, index):
        cls = PROP_CLASS.get(person.prop)
        if cls is None:
            return []
        named = {"id": f"{person.window}.hand", "class": cls, "in_hand": True, "outline": 0.0}
        return [{**named, **truth.patch(index, person.indices.prop)}]

    def _keypoints(self, person):
        """COCO keypoints [x, y, v]: v 0 outside the picture, 1 hidden, 2 visible."""
        graph = bpy.context.evaluated_depsgraph_get()
        origin = Vector(self.view.position)
        own = {ob.name for ob in [*person.objects, *person.cigarette]}
        out = []
        for k, (point, (x, y)) in enumerate(zip(person.keypoints, self.view.project(person.keypoints))):
            ray = Vector(point) - origin
            distance = ray.length
            hit, at, _, _, ob, _ = bpy.context.scene.ray_cast(graph, origin, ray.normalized(), distance=distance)
            hidden = hit and (ob.name not in own or distance - (at - origin).length > FLESH_M[k in TORSO_KEYPOINTS])
            inside = 0 <= x < 1 and 0 <= y < 1
            out.append([round(float(x), 4), round(float(y), 4), 0 if not inside else 1 if hidden else 2])
        return out


class Sheet(Scene):
    """Items on a ground that shows nothing but their shadows, seen from far away. sheet: see `sprites.plan`."""

    def __init__(self, sheet, places, size, samples):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        materials.forget()
        for n, (cls, yaw, (x, y)) in enumerate(zip(sheet["classes"], sheet["yaws"], places), 1):
            rng = np.random.RandomState((sheet["seed"] * 1000 + n) % (1 << 32))
            items.make(cls, rng, n, meshes.place((x, y, 0.0005), (0, 0, yaw)))
        self._light(sheet)
        self._look_from(sheet["elevation"], size)
        ground = meshes.box("ground", (60, 60, 0.01), (0, 0, -0.005), materials.plain("ground", (0.5, 0.5, 0.5)), bevel=0)
        ground.is_shadow_catcher = True
        _settings({"size": size, "seed": sheet["seed"], "style": sheet}, samples)
        bpy.context.scene.render.film_transparent = True
        bpy.context.scene.render.image_settings.color_mode = "RGBA"
        self._make_folder()

    def _light(self, sheet):
        for lamp in sheet["lamps"]:
            light = bpy.data.lights.new("lamp", "SUN")
            light.energy, light.angle = lamp["energy"], np.radians(lamp["angle"])
            meshes.add("lamp", light, at=meshes.place((0, 0, 3), lamp["turn"]))
        world = bpy.data.worlds.new("world")
        bpy.context.scene.world = world
        world.use_nodes = True
        world.node_tree.nodes["Background"].inputs[0].default_value = (1, 1, 1, 1)
        world.node_tree.nodes["Background"].inputs[1].default_value = sheet["sky"]

    def _look_from(self, elevation, size):
        data = bpy.data.cameras.new("camera")
        data.type, data.sensor_fit, data.ortho_scale = "ORTHO", "HORIZONTAL", size[0] / PER_METRE
        data.clip_end = 200
        turn = np.radians(elevation)
        at = meshes.place((0, -50 * np.cos(turn), 50 * np.sin(turn)), (90 - elevation, 0, 0))
        bpy.context.scene.camera = meshes.add("camera", data, at=at)


def _place_bystander(spec):
    person = Person(spec["person"], BYSTANDER)
    place = np.eye(4)
    place[:3, :3] = euler(yaw=spec["yaw"])
    place[:2, 3] = spec["at"]
    # A standing pose stands 12 cm behind the seat's middle.
    place[:3, 3] -= place[:3, :3] @ [0, 0.12, 0]
    person.set_pose(make_pose("leaving", person.body, np.random.RandomState(spec["pose_seed"])), place)


@contextmanager
def _silence():
    """Blender writes its progress straight to file descriptor 1, some hundred lines a picture."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _settings(spec, samples):
    """Few samples, a cheap sky instead of bounces, and a denoiser: about six CPU seconds a picture."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = spec["size"]
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    c = scene.cycles
    c.device, c.samples, c.use_adaptive_sampling, c.seed = "CPU", samples, False, spec["seed"] % (1 << 31)
    c.use_denoising, c.denoiser, c.denoising_quality, c.denoising_prefilter = True, "OPENIMAGEDENOISE", "FAST", "NONE"
    c.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces, c.transmission_bounces, c.transparent_max_bounces = (
        3,
        2,
        2,
        2,
        3,
    )
    c.caustics_reflective = c.caustics_refractive = c.use_light_tree = False
    c.sample_clamp_indirect = 3
    c.use_fast_gi, c.fast_gi_method, c.ao_bounces_render = True, "REPLACE", 1
    scene.world.light_settings.distance, scene.world.light_settings.ao_factor = 1.2, 1.0
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.exposure = spec["style"]["exposure"]
    scene.view_layers[0].use_pass_object_index = True
