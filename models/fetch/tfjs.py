"""Reads a TensorFlow.js graph model (topology JSON + weight shards) without TensorFlow."""

import base64
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Weights may be stored narrower than they are used; these are the widths on disk.
STORED_DTYPE = {"float32": np.float32, "float16": np.float16, "int32": np.int32, "bool": np.bool_}


class GraphError(Exception):
    """The file is not a graph model that this reader understands."""


@dataclass(frozen=True)
class Node:
    """One operation; `inputs` are tensor names, `name` or `name:port` for a further output."""

    name: str
    op: str
    inputs: list[str]
    attributes: dict

    def ints(self, key: str) -> list[int]:
        return [int(value) for value in self.attributes[key]["list"].get("i", [])]

    def int(self, key: str, default: int = 0) -> int:
        return int(self.attributes[key]["i"]) if key in self.attributes else default

    def float(self, key: str, default: float) -> float:
        return float(self.attributes[key]["f"]) if key in self.attributes else default

    def bool(self, key: str) -> bool:
        return bool(self.attributes.get(key, {}).get("b", False))

    def string(self, key: str, default: str = "") -> str:
        return _text(self.attributes[key]["s"]) if key in self.attributes else default

    def strings(self, key: str) -> list[str]:
        return [_text(value) for value in self.attributes.get(key, {}).get("list", {}).get("s", [])]

    def type(self, key: str) -> str:
        return self.attributes[key]["type"]


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of execution, constants by name, inputs and outputs as `name -> shape`."""

    nodes: list[Node]
    constants: dict[str, np.ndarray]
    inputs: dict[str, tuple[list[int], str]]
    outputs: list[str]


def read(path: Path) -> Graph:
    """Reads `path` (the JSON) and the weight shards beside it."""
    model = json.loads(path.read_text(encoding="utf-8"))
    if model.get("format", "graph-model") != "graph-model":
        raise GraphError(f"{path}: format is {model['format']!r}, a TensorFlow.js graph model would be right")
    nodes = [
        # "^name" only orders execution, it carries no tensor.
        Node(n["name"], n["op"], [i.removesuffix(":0") for i in n.get("input", []) if i[0] != "^"], n.get("attr", {}))
        for n in model["modelTopology"]["node"]
    ]
    constants = _weights(path, model["weightsManifest"])
    inputs = {}
    for node in nodes:
        if node.op == "Placeholder":
            shape = [int(d["size"]) for d in node.attributes["shape"]["shape"]["dim"]]
            inputs[node.name] = (shape, node.type("dtype"))
    consumed = {name.split(":")[0] for node in nodes for name in node.inputs}
    outputs = [node.name for node in nodes if node.name not in consumed]
    return Graph(_in_order(nodes), constants, inputs, outputs)


def _weights(path: Path, manifest: list[dict]) -> dict[str, np.ndarray]:
    constants = {}
    for group in manifest:
        blob = b"".join((path.parent / shard).read_bytes() for shard in group["paths"])
        offset = 0
        for weight in group["weights"]:
            stored = weight.get("quantization", {}).get("dtype", weight["dtype"])
            if stored not in STORED_DTYPE:
                raise GraphError(f"{path}: weight {weight['name']} is stored as {stored}; known: {sorted(STORED_DTYPE)}")
            dtype = np.dtype(STORED_DTYPE[stored])
            count = math.prod(weight["shape"])
            values = np.frombuffer(blob, dtype, count, offset).reshape(weight["shape"])
            constants[weight["name"]] = values.astype(STORED_DTYPE[weight["dtype"]])
            offset += count * dtype.itemsize
        if offset != len(blob):
            raise GraphError(f"{path}: weights use {offset} bytes, the shards hold {len(blob)}")
    return constants


def _in_order(nodes: list[Node]) -> list[Node]:
    """Every node after what it reads; stable, so that the same file gives the same graph."""
    by_name = {node.name: node for node in nodes}
    done: set[str] = set()
    ordered: list[Node] = []
    for root in nodes:
        stack = [root]
        while stack:
            node = stack[-1]
            waiting = [by_name[name.split(":")[0]] for name in node.inputs if name.split(":")[0] not in done]
            if node.name in done:
                stack.pop()
            elif waiting:
                stack.extend(reversed(waiting))
            else:
                done.add(node.name)
                ordered.append(node)
                stack.pop()
    return ordered


def _text(value: str) -> str:
    return base64.b64decode(value).decode("utf-8")
