"""The ONNX graph under construction.

TensorFlow keeps pictures as NHWC, ONNX convolves NCHW. Instead of adding transposes and removing them again, every
value remembers how its stored axes relate to the axes the source graph speaks of (`Value.axes`). A transpose of the
source graph is then only a change of that note; a node is written where an operation really needs another order.
"""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper, numpy_helper


@dataclass(frozen=True)
class Value:
    """A tensor: stored axis `k` is axis `axes[k]` of the source graph, `shape` is in the order of the source graph."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    axes: tuple[int, ...]
    constant: np.ndarray | None = None  # in the order of the source graph

    @property
    def stored_shape(self) -> tuple[int, ...]:
        return tuple(self.shape[axis] for axis in self.axes)

    @property
    def is_plain(self) -> bool:
        return self.axes == plain(len(self.shape))


NCHW = (0, 3, 1, 2)  # stored NCHW, spoken of as NHWC


def plain(rank: int) -> tuple[int, ...]:
    return tuple(range(rank))


@dataclass
class Builder:
    """Writes nodes, constants (each once) and transposes (each once)."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    _names: dict[bytes, str] = field(default_factory=dict)
    _turned: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)
    _count: int = 0

    def fresh(self, hint: str) -> str:
        self._count += 1
        return f"{hint}_{self._count}"

    def node(self, op: str, inputs: list[str], outputs: int = 1, **attributes) -> list[str]:
        names = [self.fresh(op.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names

    def constant(self, array: np.ndarray) -> str:
        """The name of an initialiser with this content."""
        array = np.asarray(array, order="C")
        key = repr((array.dtype.str, array.shape)).encode() + array.tobytes()
        if key not in self._names:
            self._names[key] = self.fresh("const")
            self.constants[self._names[key]] = array
        return self._names[key]

    def stored(self, value: Value, axes: tuple[int, ...]) -> str:
        """The name of `value` with its axes stored in the order `axes`."""
        if value.constant is not None:
            return self.constant(np.transpose(value.constant, axes))
        if value.axes == axes:
            return value.name
        if (value.name, axes) not in self._turned:
            perm = [value.axes.index(axis) for axis in axes]
            self._turned[value.name, axes] = self.node("Transpose", [value.name], perm=perm)[0]
        return self._turned[value.name, axes]

    def plain(self, value: Value) -> str:
        return self.stored(value, plain(len(value.shape)))

    def model(self, name: str, inputs, outputs, opset: int, producer: str) -> onnx.ModelProto:
        """The finished model. Nothing of the machine or of the time goes in: same source, same bytes."""
        used = {i for node in self.nodes for i in node.input}
        initialisers = [numpy_helper.from_array(a, n) for n, a in self.constants.items() if n in used]
        graph = helper.make_graph(self.nodes, name, inputs, outputs, initialisers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name=producer)
        model.ir_version = 8
        return model
