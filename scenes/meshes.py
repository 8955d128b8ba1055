"""Mesh objects from simple parts. Sizes and places are metres; `index` is the object's number in the index picture."""

import math

import bmesh
import bpy
import numpy as np
from mathutils import Euler, Matrix


def place(at=(0, 0, 0), turn=(0, 0, 0)):
    """A transform: turned by x, y, z degrees, then moved."""
    return Matrix.Translation(at) @ Euler([math.radians(a) for a in turn]).to_matrix().to_4x4()


def matrix(array):
    """A Blender matrix of a 4x4 array."""
    return Matrix(np.asarray(array).tolist())


def add(name, data, index=0, at=None):
    ob = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(ob)
    ob.pass_index = index
    if at is not None:
        ob.matrix_world = at
    return ob


def mesh(name, vertices, faces, material, index=0, corners=None, attributes=None, subdivide=0, thickness=0.0, at=None):
    """A smooth mesh. corners: texture coordinates of face corners. attributes: vectors per vertex (`mask`: colours)."""
    data = bpy.data.meshes.new(name)
    data.from_pydata([tuple(v) for v in vertices], [], faces)
    for m in material if isinstance(material, list) else [material]:
        data.materials.append(m)
    if corners is not None:
        data.uv_layers.new(name="UVMap").data.foreach_set("uv", np.asarray(corners, np.float32).ravel())
    for key, values in (attributes or {}).items():
        values = np.asarray(values, np.float32)
        if key == "mask":
            rgba = np.concatenate([values, np.ones((len(values), 1), np.float32)], 1)
            data.attributes.new(key, "FLOAT_COLOR", "POINT").data.foreach_set("color", rgba.ravel())
        else:
            data.attributes.new(key, "FLOAT_VECTOR", "POINT").data.foreach_set("vector", values.ravel())
    data.polygons.foreach_set("use_smooth", [True] * len(data.polygons))
    ob = add(name, data, index, at)
    if thickness:
        shell = ob.modifiers.new("thickness", "SOLIDIFY")
        shell.thickness, shell.offset = thickness, -1
    if subdivide:
        fine = ob.modifiers.new("subdivide", "SUBSURF")
        fine.levels = fine.render_levels = subdivide
    return ob


def box(name, size, at, material, index=0, turn=(0, 0, 0), bevel=0.003, parent=None):
    """A box of a size around a place, its edges rounded by `bevel`."""
    bm = bmesh.new()
    bmesh.ops.create_cube(bm, size=1)
    bmesh.ops.scale(bm, vec=size, verts=bm.verts)
    data = bpy.data.meshes.new(name)
    bm.to_mesh(data)
    bm.free()
    data.materials.append(material)
    where = place(at, turn)
    ob = add(name, data, index, parent @ where if parent is not None else where)
    if bevel:
        edge = ob.modifiers.new("bevel", "BEVEL")
        edge.width, edge.segments = bevel, 2
    return ob


def lathe(name, profile, material, at=(0, 0, 0), index=0, segments=28, turn=(0, 0, 0), parent=None):
    """A body of revolution about z, from (radius, height) pairs."""
    angles = np.arange(segments) * 2 * math.pi / segments
    vertices = [(r * math.cos(a), r * math.sin(a), z) for r, z in profile for a in angles]
    faces = []
    for i in range(len(profile) - 1):
        for k in range(segments):
            n = (k + 1) % segments
            faces.append((i * segments + k, i * segments + n, (i + 1) * segments + n, (i + 1) * segments + k))
    where = place(at, turn)
    return mesh(name, vertices, faces, material, index, at=parent @ where if parent is not None else where)


def tube(points, radius, sides=6):
    """Vertices and faces of a thin tube along points."""
    points = np.asarray(points, float)
    vertices, faces = [], []
    last = len(points) - 1
    for i, point in enumerate(points):
        along = points[min(i + 1, last)] - points[max(i - 1, 0)]
        along = along / max(np.linalg.norm(along), 1e-9)
        a = np.cross(along, [0.3, 0.2, 1])
        a = a / max(np.linalg.norm(a), 1e-9)
        b = np.cross(along, a)
        for j in range(sides):
            t = 2 * math.pi * j / sides
            vertices.append(point + radius * (a * math.cos(t) + b * math.sin(t)))
    for i in range(last):
        for j in range(sides):
            n = (j + 1) % sides
            faces.append((i * sides + j, i * sides + n, (i + 1) * sides + n, (i + 1) * sides + j))
    return vertices, faces


def ball(centre, radii, rings=10, sectors=16):
    """Vertices and faces of an ellipsoid."""
    vertices = [
        centre + radii * np.array([math.sin(t) * math.cos(p), math.sin(t) * math.sin(p), math.cos(t)])
        for t in np.linspace(0, math.pi, rings)
        for p in np.linspace(0, 2 * math.pi, sectors, endpoint=False)
    ]
    faces = []
    for i in range(rings - 1):
        for j in range(sectors):
            n = (j + 1) % sectors
            faces.append((i * sectors + j, (i + 1) * sectors + j, (i + 1) * sectors + n, i * sectors + n))
    return vertices, faces


def sheet(name, height, size, material, index=0, at=None, cells=12, thickness=0.0):
    """A draped sheet: height(u, v) in metres over a rectangle, u and v from -0.5 to 0.5."""
    grid = np.linspace(-0.5, 0.5, cells + 1)
    vertices = [(u * size[0], v * size[1], height(u, v)) for u in grid for v in grid]
    row = cells + 1
    faces = [
        (i * row + k, (i + 1) * row + k, (i + 1) * row + k + 1, i * row + k + 1)
        for i in range(cells)
        for k in range(cells)
    ]
    return mesh(name, vertices, faces, material, index, subdivide=1, thickness=thickness, at=at)


def text(words, size, material, at, index=0):
    """Flat lettering, centred."""
    curve = bpy.data.curves.new("text", "FONT")
    curve.body, curve.size, curve.align_x, curve.align_y, curve.extrude = words, size, "CENTER", "CENTER", 0.0004
    curve.materials.append(material)
    return add("text", curve, index, at)


def vertices_of(objects):
    """Room points (n, 3) of some objects: a mesh's vertices before its modifiers, the corners of the box around anything else."""
    found = []
    for ob in objects:
        at = [vertex.co for vertex in ob.data.vertices] if ob.type == "MESH" else ob.bound_box
        matrix = np.array(ob.matrix_world)
        found.append(np.array([list(point) for point in at]) @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)


def show(objects, visible):
    for ob in objects:
        ob.hide_render = ob.hide_viewport = not visible
