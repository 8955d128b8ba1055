"""One function per TensorFlow operation: writes it in ONNX, or computes it at once if all its inputs are constant."""

from collections.abc import Callable

import numpy as np

from graph import NCHW, Builder, Value, plain
from tfjs import GraphError, Node

DTYPES = {"DT_FLOAT": np.float32, "DT_INT32": np.int32, "DT_INT64": np.int64, "DT_BOOL": np.bool_}
ONNX_TYPES = {np.float32: 1, np.int32: 6, np.int64: 7, np.bool_: 9}

Lowering = Callable[[Builder, Node, list[Value]], list[Value]]
LOWERINGS: dict[str, Lowering] = {}


def lowers(*ops: str) -> Callable[[Lowering], Lowering]:
    def register(function: Lowering) -> Lowering:
        LOWERINGS.update(dict.fromkeys(ops, function))
        return function

    return register


def lower(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    """The outputs of `node`."""
    if node.op not in LOWERINGS:
        raise GraphError(f"{node.name}: operation {node.op} is not supported; known: {', '.join(sorted(LOWERINGS))}")
    return LOWERINGS[node.op](builder, node, inputs)


def constant(array: np.ndarray) -> Value:
    return Value("", array.shape, array.dtype, plain(array.ndim), array)


def _known(node: Node, value: Value) -> np.ndarray:
    if value.constant is None:
        raise GraphError(f"{node.name}: {node.op} needs a constant here, it is computed")
    return value.constant


def _all_known(values: list[Value]) -> bool:
    return all(value.constant is not None for value in values)


# ---- element by element -------------------------------------------------------------------------------------------

BINARY = {
    "Add": ("Add", np.add),
    "AddV2": ("Add", np.add),
    "Sub": ("Sub", np.subtract),
    "Mul": ("Mul", np.multiply),
    "RealDiv": ("Div", np.divide),
}


@lowers(*BINARY)
def _binary(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    onnx_op, compute = BINARY[node.op]
    if _all_known(inputs):
        return [constant(np.asarray(compute(*(v.constant for v in inputs)), inputs[0].dtype))]
    shape = np.broadcast_shapes(*(v.shape for v in inputs))
    axes = _common_axes(inputs, len(shape))
    names = [_broadcastable(builder, v, axes) for v in inputs]
    return [Value(builder.node(onnx_op, names)[0], shape, inputs[0].dtype, axes)]


@lowers("SquaredDifference")
def _squared_difference(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    difference = _binary(builder, Node(node.name, "Sub", node.inputs, {}), inputs)[0]
    return _binary(builder, Node(node.name, "Mul", node.inputs, {}), [difference, difference])


@lowers("FloorDiv")
def _floor_div(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    if not np.issubdtype(inputs[0].dtype, np.integer):
        raise GraphError(f"{node.name}: FloorDiv of {inputs[0].dtype}, int32 is supported")
    # ONNX Div of integers cuts towards zero: the same as the floor for the indices this is used for.
    shape = np.broadcast_shapes(*(v.shape for v in inputs))
    name = builder.node("Div", [builder.plain(v) for v in inputs])[0]
    return [Value(name, shape, inputs[0].dtype, plain(len(shape)))]


UNARY = {"Sigmoid": "Sigmoid", "Sqrt": "Sqrt", "Relu": "Relu", "Identity": None}


@lowers(*UNARY)
def _unary(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    (value,) = inputs
    if UNARY[node.op] is None:
        return [value]
    return [Value(builder.node(UNARY[node.op], [value.name])[0], value.shape, value.dtype, value.axes)]


@lowers("LeakyRelu")
def _leaky_relu(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    (value,) = inputs
    return [_activate(builder, node, value, "LeakyRelu")]


@lowers("Relu6")
def _relu6(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    return [_activate(builder, node, inputs[0], "Relu6")]


@lowers("Cast")
def _cast(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    (value,) = inputs
    dtype = DTYPES[node.type("DstT")]
    if value.constant is not None:
        return [constant(value.constant.astype(dtype))]
    name = builder.node("Cast", [value.name], to=ONNX_TYPES[dtype])[0]
    return [Value(name, value.shape, np.dtype(dtype), value.axes)]


def _common_axes(values: list[Value], rank: int) -> tuple[int, ...]:
    """The stored order that most computed inputs of full rank already have (the first of them on a tie)."""
    orders = [v.axes for v in values if v.constant is None and len(v.shape) == rank]
    return max(orders, key=orders.count) if orders else plain(rank)


def _broadcastable(builder: Builder, value: Value, axes: tuple[int, ...]) -> str:
    """`value` stored so that it broadcasts against a tensor stored in the order `axes`."""
    if value.shape == ():
        return builder.plain(value)
    missing = len(axes) - len(value.shape)
    return builder.stored(_shaped(builder, value, (1,) * missing + value.shape), axes)


# ---- convolution and its kin --------------------------------------------------------------------------------------


@lowers("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative")
def _convolution(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    picture, filters, *extra = inputs
    kernel = _known(node, filters)
    depthwise = "Depthwise" in node.op
    height, width, channels, last = kernel.shape
    if depthwise:  # HWCM: each input channel has its own M filters
        weights = kernel.reshape(height, width, 1, channels * last).transpose(3, 2, 0, 1)
    else:  # HWIO
        weights = kernel.transpose(3, 2, 0, 1)
    _needs_nhwc(node)
    strides, dilations = node.ints("strides")[1:3], (node.ints("dilations")[1:3] if "dilations" in node.attributes else [1, 1])
    pads, spatial = _window(node, picture.shape[1:3], (height, width), strides, dilations)
    fused = node.strings("fused_ops")
    operands = [builder.stored(picture, NCHW), builder.constant(weights)]
    if fused[:1] == ["BiasAdd"]:
        operands.append(builder.constant(_known(node, extra[0])))
    name = builder.node(
        "Conv", operands, kernel_shape=[height, width], strides=strides, dilations=dilations, pads=pads,
        group=channels if depthwise else 1,
    )[0]
    shape = (picture.shape[0], *spatial, weights.shape[0])
    value = Value(name, shape, picture.dtype, NCHW)
    for activation in fused[1:] if fused[:1] == ["BiasAdd"] else fused:
        value = _activate(builder, node, value, activation)
    return [value]


@lowers("MaxPool")
def _max_pool(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    (picture,) = inputs
    _needs_nhwc(node)
    kernel, strides = node.ints("ksize")[1:3], node.ints("strides")[1:3]
    pads, spatial = _window(node, picture.shape[1:3], kernel, strides, [1, 1])
    name = builder.node("MaxPool", [builder.stored(picture, NCHW)], kernel_shape=kernel, strides=strides, pads=pads)[0]
    return [Value(name, (picture.shape[0], *spatial, picture.shape[3]), picture.dtype, NCHW)]


@lowers("ResizeBilinear")
def _resize(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    picture, size = inputs
    height, width = (int(v) for v in _known(node, size))
    mode = "asymmetric"
    if node.bool("half_pixel_centers"):
        mode = "half_pixel"
    elif node.bool("align_corners"):
        mode = "align_corners"
    sizes = builder.constant(np.array([picture.shape[0], picture.shape[3], height, width], np.int64))
    operands = [builder.stored(picture, NCHW), "", "", sizes]
    name = builder.node("Resize", operands, mode="linear", coordinate_transformation_mode=mode)[0]
    return [Value(name, (picture.shape[0], height, width, picture.shape[3]), picture.dtype, NCHW)]


@lowers("Pad", "PadV2")
def _pad(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    value, amounts = inputs[0], _known(node, inputs[1])
    fill = _known(node, inputs[2]) if node.op == "PadV2" else np.array(0, value.dtype)
    shape = tuple(int(n + a + b) for n, (a, b) in zip(value.shape, amounts, strict=True))
    stored = amounts[list(value.axes)]
    pads = builder.constant(np.concatenate([stored[:, 0], stored[:, 1]]).astype(np.int64))
    name = builder.node("Pad", [value.name, pads, builder.constant(fill)], mode="constant")[0]
    return [Value(name, shape, value.dtype, value.axes)]


def _activate(builder: Builder, node: Node, value: Value, kind: str) -> Value:
    match kind:
        case "Relu":
            name = builder.node("Relu", [value.name])[0]
        case "Relu6":
            bounds = [builder.constant(np.array(bound, np.float32)) for bound in (0, 6)]
            name = builder.node("Clip", [value.name, *bounds])[0]
        case "LeakyRelu":
            name = builder.node("LeakyRelu", [value.name], alpha=node.float("alpha", 0.2))[0]
        case _:
            raise GraphError(f"{node.name}: activation {kind} is not supported")
    return Value(name, value.shape, value.dtype, value.axes)


def _needs_nhwc(node: Node) -> None:
    if node.string("data_format", "NHWC") != "NHWC":
        raise GraphError(f"{node.name}: data_format {node.string('data_format')}, NHWC is supported")


def _window(node: Node, size, kernel, strides, dilations) -> tuple[list[int], tuple[int, int]]:
    """ONNX pads (top, left, bottom, right) and the output size of a sliding window over `size`."""
    before, after, spatial = [], [], []
    for extent, k, stride, dilation in zip(size, kernel, strides, dilations, strict=True):
        reach = (k - 1) * dilation + 1
        match node.string("padding"):
            case "SAME":  # TensorFlow puts the odd pixel behind
                out = -(-extent // stride)
                total = max((out - 1) * stride + reach - extent, 0)
            case "VALID":
                out, total = (extent - reach) // stride + 1, 0
            case other:
                raise GraphError(f"{node.name}: padding {other} is not supported")
        before.append(total // 2)
        after.append(total - total // 2)
        spatial.append(out)
    return before + after, (spatial[0], spatial[1])


# ---- shape --------------------------------------------------------------------------------------------------------


@lowers("Transpose")
def _transpose(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    value, perm = inputs[0], [int(axis) for axis in _known(node, inputs[1])]
    if value.constant is not None:
        return [constant(np.transpose(value.constant, perm))]
    shape = tuple(value.shape[axis] for axis in perm)
    return [Value(value.name, shape, value.dtype, tuple(perm.index(axis) for axis in value.axes))]


@lowers("Reshape")
def _reshape(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    value, wanted = inputs[0], [int(n) for n in _known(node, inputs[1])]
    if -1 in wanted:
        wanted[wanted.index(-1)] = int(np.prod(value.shape) // -np.prod(wanted))
    return [_shaped(builder, value, tuple(wanted))]


@lowers("ExpandDims")
def _expand_dims(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    value, axis = inputs[0], int(_known(node, inputs[1]))
    axis = axis if axis >= 0 else axis + len(value.shape) + 1
    return [_shaped(builder, value, value.shape[:axis] + (1,) + value.shape[axis:])]


@lowers("Squeeze")
def _squeeze(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    (value,) = inputs
    dropped = {axis % len(value.shape) for axis in node.ints("squeeze_dims")}
    return [_shaped(builder, value, tuple(n for axis, n in enumerate(value.shape) if axis not in dropped))]


@lowers("Unpack")
def _unpack(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    (value,) = inputs
    axis = node.int("axis") % len(value.shape)
    shape = value.shape[:axis] + value.shape[axis + 1 :]
    count = value.shape[axis]
    if count == 1:
        return [_shaped(builder, value, shape)]
    sizes = builder.constant(np.ones(count, np.int64))
    names = builder.node("Split", [builder.plain(value), sizes], count, axis=axis)
    part = value.shape[:axis] + (1,) + value.shape[axis + 1 :]
    return [_shaped(builder, Value(n, part, value.dtype, plain(len(part))), shape) for n in names]


@lowers("Pack")
def _pack(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    axis = node.int("axis") % (len(inputs[0].shape) + 1)
    if _all_known(inputs):
        return [constant(np.stack([v.constant for v in inputs], axis))]
    part = inputs[0].shape[:axis] + (1,) + inputs[0].shape[axis:]
    return [_concatenated(builder, [_shaped(builder, v, part) for v in inputs], axis)]


@lowers("ConcatV2")
def _concat(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    *parts, axis = inputs
    return [_concatenated(builder, parts, int(_known(node, axis)) % len(parts[0].shape))]


@lowers("SplitV")
def _split(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    value, axis = inputs[0], int(_known(node, inputs[2])) % len(inputs[0].shape)
    sizes = _known(node, inputs[1]).astype(np.int64)
    names = builder.node("Split", [value.name, builder.constant(sizes)], len(sizes), axis=value.axes.index(axis))
    return [
        Value(name, value.shape[:axis] + (int(size),) + value.shape[axis + 1 :], value.dtype, value.axes)
        for name, size in zip(names, sizes, strict=True)
    ]


def _concatenated(builder: Builder, parts: list[Value], axis: int) -> Value:
    axes = _common_axes(parts, len(parts[0].shape))
    name = builder.node("Concat", [builder.stored(v, axes) for v in parts], axis=axes.index(axis))[0]
    length = sum(v.shape[axis] for v in parts)
    return Value(name, parts[0].shape[:axis] + (length,) + parts[0].shape[axis + 1 :], parts[0].dtype, axes)


def _shaped(builder: Builder, value: Value, shape: tuple[int, ...]) -> Value:
    if value.constant is not None:
        return constant(value.constant.reshape(shape))
    if value.shape == shape:
        return value
    target = builder.constant(np.array(shape, np.int64))
    return Value(builder.node("Reshape", [builder.plain(value), target])[0], shape, value.dtype, plain(len(shape)))


# ---- choosing and gathering ---------------------------------------------------------------------------------------


@lowers("ArgMax")
def _arg_max(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    value, axis = inputs[0], int(_known(node, inputs[1])) % len(inputs[0].shape)
    index = builder.node("ArgMax", [builder.plain(value)], axis=axis, keepdims=0)[0]
    dtype = DTYPES[node.type("output_type")]
    name = builder.node("Cast", [index], to=ONNX_TYPES[dtype])[0]
    shape = value.shape[:axis] + value.shape[axis + 1 :]
    return [Value(name, shape, np.dtype(dtype), plain(len(shape)))]


@lowers("GatherNd")
def _gather_nd(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    table, places = inputs
    if places.constant is not None:
        indices = builder.constant(places.constant.astype(np.int64))
    else:
        indices = builder.node("Cast", [builder.plain(places)], to=ONNX_TYPES[np.int64])[0]
    name = builder.node("GatherND", [builder.plain(table), indices])[0]
    shape = places.shape[:-1] + table.shape[places.shape[-1] :]
    return [Value(name, shape, table.dtype, plain(len(shape)))]


@lowers("SparseToDense")
def _sparse_to_dense(builder: Builder, node: Node, inputs: list[Value]) -> list[Value]:
    places, size, values, default = (_known(node, v) for v in inputs)
    dense = np.full(tuple(size), default, values.dtype)
    for place, content in zip(places.reshape(-1, len(size)), np.broadcast_to(values, len(places)), strict=True):
        dense[tuple(place)] = content
    return [constant(dense)]
