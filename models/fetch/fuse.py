"""Small rewrites that leave the result as it is and make the graph quicker: fewer, larger nodes."""

import numpy as np
import onnx
from onnx import helper, numpy_helper


def fuse(graph: onnx.GraphProto) -> None:
    """Pad into Conv and MaxPool, Add of a bias into Conv, names of outputs onto the nodes that make them."""
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    _pads_into_windows(graph, constants)
    _biases_into_convolutions(graph, constants)
    _outputs_onto_their_makers(graph)
    _drop_unused(graph)


def _consumers(graph: onnx.GraphProto) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            counts[name] = counts.get(name, 0) + 1
    for output in graph.output:
        counts[output.name] = counts.get(output.name, 0) + 1
    return counts


def _pads_into_windows(graph: onnx.GraphProto, constants: dict[str, np.ndarray]) -> None:
    makers = {node.output[0]: node for node in graph.node}
    for node in graph.node:
        pad = makers.get(node.input[0]) if node.op_type in ("Conv", "MaxPool") else None
        if pad is None or pad.op_type != "Pad":
            continue
        amounts, fill = constants[pad.input[1]], float(constants[pad.input[2]])
        # A convolution pads with 0; a pooling window ignores its padding, as it ignores the lowest float.
        neutral = fill == 0 if node.op_type == "Conv" else fill <= np.finfo(np.float32).min
        if not neutral or amounts.shape != (8,) or amounts[[0, 1, 4, 5]].any():
            continue
        pads = next(a for a in node.attribute if a.name == "pads")
        pads.ints[:] = [int(own + more) for own, more in zip(pads.ints, amounts[[2, 3, 6, 7]], strict=True)]
        node.input[0] = pad.input[0]


def _biases_into_convolutions(graph: onnx.GraphProto, constants: dict[str, np.ndarray]) -> None:
    makers = {node.output[0]: node for node in graph.node}
    consumers = _consumers(graph)
    for node in graph.node:
        if node.op_type != "Add" or node.input[1] not in constants:
            continue
        conv, bias = makers.get(node.input[0]), constants[node.input[1]]
        if conv is None or conv.op_type != "Conv" or len(conv.input) != 2 or consumers[conv.output[0]] != 1:
            continue
        filters = next(i for i in graph.initializer if i.name == conv.input[1]).dims[0]
        if bias.shape != (1, filters, 1, 1):
            continue
        name = f"{node.input[1]}_bias"
        if name not in constants:
            constants[name] = bias.reshape(filters)
            graph.initializer.append(numpy_helper.from_array(constants[name], name))
        conv.input.append(name)
        # The sum's place becomes a name for the convolution's result; the next pass removes it.
        node.CopyFrom(helper.make_node("Identity", [conv.output[0]], [node.output[0]]))


def _outputs_onto_their_makers(graph: onnx.GraphProto) -> None:
    """Removes Identity nodes: inside by reading through them, at an output by naming its maker's result so."""
    outputs = {output.name for output in graph.output}
    inputs = {i.name for i in graph.input}
    alias: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "Identity" and node.output[0] not in outputs:
            alias[node.output[0]] = node.input[0]
    _rename_inputs(graph, alias)
    renamed: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] not in inputs and node.input[0] not in renamed:
            renamed[node.input[0]] = node.output[0]
    for node in graph.node:
        if not (node.op_type == "Identity" and renamed.get(node.input[0]) == node.output[0]):
            node.output[:] = [renamed.get(name, name) for name in node.output]
    kept = [n for n in graph.node if not (n.op_type == "Identity" and renamed.get(n.input[0]) == n.output[0])]
    kept = [n for n in kept if not (n.op_type == "Identity" and n.output[0] in alias)]
    del graph.node[:]
    graph.node.extend(kept)
    _rename_inputs(graph, renamed)


def _rename_inputs(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        for place, name in enumerate(node.input):
            while name in names:
                name = names[name]
            node.input[place] = name


def _drop_unused(graph: onnx.GraphProto) -> None:
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    initialisers = [i for i in graph.initializer if i.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(initialisers)
