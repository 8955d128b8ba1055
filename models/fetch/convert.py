"""TensorFlow.js graph model -> ONNX, with numpy and onnx only.

`python convert.py` converts every model of sources.toml whose result is missing or differs from its pinned hash.
The result depends on the source files alone: the same bytes on every machine.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

import tfjs
from fuse import fuse
from graph import Builder, Value, plain
from lower import DTYPES, ONNX_TYPES, constant, lower
from sources import FetchError, Model, load, sha256

OPSET = 17


def main() -> None:
    for model in load().models:
        if model.onnx.is_file() and sha256(model.onnx) == model.sha256:
            print(f"{model.onnx.name}: in place", flush=True)
            continue
        if not model.graph.is_file():
            raise FetchError(f"{model.graph}: not found; run fetch.py first (`make setup` does)")
        print(f"{model.onnx.name}: converting", flush=True)
        content = convert(model.graph, model).SerializeToString(deterministic=True)
        found = hashlib.sha256(content).hexdigest()
        if found != model.sha256:
            raise FetchError(f"{model.onnx.name}: sha256 is {found}, sources.toml says {model.sha256}: not written")
        partial = model.onnx.with_suffix(".part")
        partial.write_bytes(content)
        partial.replace(model.onnx)


def convert(source: Path, settings: Model) -> onnx.ModelProto:
    """Converts the graph model at `source`; maps that `settings.expose` names come out as they are stored, NCHW."""
    graph = tfjs.read(source)
    builder = Builder()
    values: dict[str, Value] = {}
    inputs = []
    for node in graph.nodes:
        if node.op == "Placeholder":
            shape, dtype = graph.inputs[node.name]
            title = settings.names.get(node.name, node.name)
            values[node.name] = Value(title, tuple(shape), np.dtype(DTYPES[dtype]), plain(len(shape)))
            inputs.append(helper.make_tensor_value_info(title, ONNX_TYPES[DTYPES[dtype]], shape))
        elif node.op == "Const":
            values[node.name] = constant(graph.constants[node.name])
        else:
            for port, value in enumerate(lower(builder, node, [values[i] for i in node.inputs])):
                values[node.name if port == 0 else f"{node.name}:{port}"] = value

    titled = {settings.names.get(name, name): values[name] for name in graph.outputs}
    outputs = [_output(builder, title, titled[title], plain(len(titled[title].shape))) for title in settings.outputs]
    for title, node_name in settings.expose.items():
        if node_name not in values:
            raise tfjs.GraphError(f"{source}: expose.{title}: the graph has no node {node_name!r}")
        outputs.append(_output(builder, title, values[node_name], values[node_name].axes))

    model = builder.model(settings.name, inputs, outputs, OPSET, "chuangming")
    fuse(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def _output(builder: Builder, title: str, value: Value, axes: tuple[int, ...]) -> onnx.ValueInfoProto:
    builder.nodes.append(helper.make_node("Identity", [builder.stored(value, axes)], [title]))
    shape = [value.shape[axis] for axis in axes]
    return helper.make_tensor_value_info(title, helper.np_dtype_to_tensor_dtype(value.dtype), shape)


if __name__ == "__main__":
    try:
        main()
    except (FetchError, tfjs.GraphError, OSError) as error:
        sys.exit(f"convert: {error}")
