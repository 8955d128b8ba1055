"""Surfaces, as Blender node materials. Colours are linear RGB from 0 to 1."""

import bpy
import numpy as np


class Shader:
    """A material's node tree with short names for the few nodes the generator uses."""

    def __init__(self, name):
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]

    def set(self, **inputs):
        """Set inputs of the surface, `rough_ness` style names spelled as Blender does: roughness -> Roughness."""
        for name, value in inputs.items():
            self.surface.inputs[name.replace("_", " ")].default_value = value
        return self

    def node(self, kind, link=None, **inputs):
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in inputs.items():
            node.inputs[name].default_value = value
        if link is not None:
            self.link(link, node.inputs[0])
        return node

    def link(self, output, to):
        self.tree.links.new(output, to)

    def object_coordinates(self):
        return self.node("TexCoord").outputs["Object"]

    def attribute(self, name):
        node = self.node("Attribute")
        node.attribute_name = name
        return node.outputs["Vector"]

    def noise(self, at, **inputs):
        node = self.node("TexNoise", **inputs)
        self.link(at, node.inputs["Vector"])
        return node.outputs["Fac"]

    def stretch(self, at, scale):
        node = self.node("Mapping", Scale=scale)
        self.link(at, node.inputs["Vector"])
        return node.outputs["Vector"]

    def math(self, operation, a, b=None):
        node = self.node("Math")
        node.operation = operation
        for slot, value in enumerate((a, b)):
            if isinstance(value, (int, float)):
                node.inputs[slot].default_value = value
            elif value is not None:
                self.link(value, node.inputs[slot])
        return node.outputs[0]

    def all(self, *factors):
        """1 where every factor is 1."""
        product = factors[0]
        for factor in factors[1:]:
            product = self.math("MULTIPLY", product, factor)
        return product

    def below(self, a, b):
        return self.math("LESS_THAN", a, b)

    def above(self, a, b):
        return self.math("GREATER_THAN", a, b)

    def near(self, a, middle, half):
        """1 where a is within `half` of `middle`."""
        return self.below(self.math("ABSOLUTE", self.math("SUBTRACT", a, middle)), half)

    def mix(self, factor, a, b):
        """Colour a where factor is 0, b where it is 1; each a colour or an output."""
        node = self.node("Mix")
        node.data_type = "RGBA"
        self.link(factor, node.inputs["Factor"])
        for name, value in (("A", a), ("B", b)):
            if isinstance(value, bpy.types.NodeSocket):
                self.link(value, node.inputs[name])
            else:
                node.inputs[name].default_value = (*np.clip(value, 0, 1), 1)
        return node.outputs["Result"]

    def colour(self, output):
        self.link(output, self.surface.inputs["Base Color"])

    def bump(self, height, strength, distance):
        node = self.node("Bump", Strength=strength, Distance=distance)
        self.link(height, node.inputs["Height"])
        self.link(node.outputs["Normal"], self.surface.inputs["Normal"])


_plain = {}


def forget():
    """Drop cached materials; Blender frees them when a new scene starts."""
    _plain.clear()


def plain(
    name, colour, rough=0.6, metal=0.0, bump=0.0, bump_scale=200.0, specular=0.4, glow=0.0, blotch=0.0, blotch_scale=8.0
):
    """One colour, with optional fine bumps, glow, and large blotches (as parts of the colour)."""
    key = (name, tuple(np.round(colour, 3)), rough, metal, bump, glow, blotch)
    if key in _plain:
        return _plain[key]
    s = Shader(name)
    s.set(Base_Color=(*colour, 1), Roughness=rough, Metallic=metal, Specular_IOR_Level=specular)
    if glow:
        s.material.cycles.emission_sampling = "NONE"
        s.set(Emission_Color=(*colour, 1), Emission_Strength=glow)
    if blotch or bump:
        at = s.object_coordinates()
    if blotch:
        base = np.array(colour)
        s.colour(s.mix(s.noise(at, Scale=blotch_scale, Detail=5), base * (1 - blotch), base * (1 + blotch)))
    if bump:
        s.bump(s.noise(at, Scale=bump_scale, Detail=3), bump, 0.02)
    _plain[key] = s.material
    return s.material


def cloth(name, colour, bump=0.35, stripes=None, lapels=None, placket=None):
    """Fabric with wrinkles fixed to the body (vertex attribute `rest`, metres).

    stripes: (scale, colour). lapels: a jacket's V over a shirt, dict(top, depth, width, shirt, front). placket: buttons
    and pocket of a shirt, dict(pocket, front). `front` is the y before which the chest lies.
    """
    s = Shader(name)
    s.set(Roughness=0.85, Specular_IOR_Level=0.2, Sheen_Weight=0.15)
    rest = s.attribute("rest")
    wrinkles = s.noise(s.stretch(rest, (1, 1, 1.9)), Scale=14, Detail=4, Distortion=0.8)
    s.bump(wrinkles, bump, 0.03)
    base = np.array(colour)
    out = s.mix(wrinkles, base * 0.82, base * 1.1)
    if stripes:
        wave = s.node("TexWave", Scale=stripes[0])
        s.link(rest, wave.inputs["Vector"])
        out = s.mix(s.above(wave.outputs["Fac"], 0.8), out, stripes[1])
    if lapels:
        out = _lapels(s, out, base, rest, **lapels)
    if placket:
        out = _placket(s, out, base, rest, **placket)
    s.colour(out)
    return s.material


def _axes(s, rest, front):
    split = s.node("SeparateXYZ", rest)
    x, y, z = split.outputs
    return x, z, s.math("ABSOLUTE", x), s.below(y, front)


def _lapels(s, out, base, rest, top, depth, width, shirt, front):
    x, z, aside, ahead = _axes(s, rest, front)
    down = s.math("DIVIDE", s.math("SUBTRACT", top, z), depth)  # 0 at the neck, 1 where the V closes
    half = s.math("MULTIPLY", s.math("SUBTRACT", 1.0, down), width)
    beyond = s.math("SUBTRACT", aside, half)
    in_v = s.below(down, 1.0)
    for line in (
        s.all(s.near(beyond, 0.026, 0.0022), s.below(down, 0.8), ahead),
        s.all(s.below(beyond, 0.004), in_v, ahead),
        s.all(s.below(aside, 0.002), s.above(down, 1.0), ahead),
    ):
        out = s.mix(line, out, base * 0.35)
    out = s.mix(s.all(s.below(beyond, 0.0), in_v, ahead), out, shirt)
    step = s.math("FRACT", s.math("DIVIDE", z, 0.085))
    buttons = s.all(s.near(step, 0.5, 0.09), s.near(aside, 0.008, 0.008), ahead, s.above(down, 1.05))
    return s.mix(buttons, out, (0.25, 0.22, 0.18))


def _placket(s, out, base, rest, pocket, front):
    x, z, aside, ahead = _axes(s, rest, front)
    out = s.mix(s.all(s.near(aside, 0.016, 0.0014), ahead), out, base * 0.6)
    step = s.math("FRACT", s.math("DIVIDE", z, 0.08))
    out = s.mix(s.all(s.near(step, 0.5, 0.06), s.below(aside, 0.005), ahead), out, base * 0.45)
    return s.mix(s.all(s.near(x, 0.085, 0.04), s.near(z, pocket, 0.002), ahead), out, base * 0.55)


def skin(colour, hair, female, textures):
    """Skin with lips, lids, nails and ears of the body data's masks; attribute `mask`: scalp, brows, flush."""
    s = Shader("skin")
    s.set(Roughness=0.5, Specular_IOR_Level=0.35)
    base = np.array(colour)
    corners = s.node("UVMap")
    corners.uv_map = "UVMap"

    def painted(out, picture, tint, strength):
        node = s.node("TexImage")
        node.image = bpy.data.images.load(str(textures / picture), check_existing=True)
        node.image.colorspace_settings.name = "Non-Color"
        s.link(corners.outputs["UV"], node.inputs["Vector"])
        return s.mix(s.math("MULTIPLY", node.outputs["Color"], strength), out, base * tint)

    out = s.mix(s.noise(s.object_coordinates(), Scale=30, Detail=6), base * 0.88, base * 1.08)
    out = painted(out, "mpfb_ears.jpg", [1, 0.72, 0.66], 0.5)
    out = painted(out, "mpfb_lips.jpg", [0.85, 0.45, 0.45] if female else [0.85, 0.6, 0.58], 0.85)
    out = painted(out, "mpfb_eyelids.jpg", [0.75, 0.6, 0.58], 0.5)
    out = painted(out, "mpfb_fingernails.jpg", [1.1, 0.9, 0.9], 0.6)
    mask = s.node("Attribute")
    mask.attribute_name = "mask"
    scalp, brows, flush = s.node("SeparateColor", mask.outputs["Color"]).outputs
    hair = np.array(hair)
    for part, tint, strength in ((flush, base * [1, 0.68, 0.62], 0.35), (brows, hair * 0.8, 0.85), (scalp, hair, 1.0)):
        out = s.mix(s.math("MULTIPLY", part, strength), out, tint)
    s.colour(out)
    return s.material


def hair(colour):
    s = Shader("hair")
    s.set(Roughness=0.45, Specular_IOR_Level=0.5)
    strands = s.noise(s.stretch(s.attribute("rest"), (160, 50, 18)), Scale=1, Detail=4)
    base = np.array(colour)
    s.colour(s.mix(strands, base * 0.55, base * 1.5 + 0.008))
    s.bump(strands, 0.7, 0.01)
    return s.material


def eye():
    """White with a dark iris around the middle of the eye (attribute `rest`, metres from the eye's centre)."""
    key = "eye"
    if key not in _plain:
        s = Shader("eye")
        s.set(Roughness=0.15)
        x, _, z = s.node("SeparateXYZ", s.attribute("rest")).outputs
        squared = s.math("ADD", s.math("MULTIPLY", x, x), s.math("MULTIPLY", z, z))
        s.colour(s.mix(s.below(squared, 0.0062**2), (0.72, 0.70, 0.67), (0.02, 0.012, 0.008)))
        _plain[key] = s.material
    return _plain[key]
