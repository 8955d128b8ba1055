"""NanoDet's own COCO head, replayed on its neck maps with our words for its classes.

Rendered desks teach what no public data has (evaluators, notice signs, ashtrays …); COCO's photographs teach what real cups,
bottles and bags look like. The exported desk detector carries both.
"""
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

from . import bases, data

# COCO index → our word. A laptop is read as a monitor: both are permitted screens.
WORDS = {24: "bag", 25: "umbrella", 26: "bag", 28: "bag", 39: "bottle", 40: "cup", 41: "cup", 45: "food", 46: "food", 47: "food", 48: "food", 49: "food",
         52: "food", 53: "food", 54: "food", 55: "food", 58: "plant", 62: "monitor", 63: "monitor", 64: "mouse", 66: "keyboard", 67: "mobile_phone", 73: "book", 77: "toy"}
BINS = 11


class CocoLevel(nn.Module):
    """One stride: neck map (n, 128, h, w) → logits of our 28 classes (-30 where COCO has no word) and distances in pixels."""

    def __init__(self, graph, constants, stride):
        super().__init__()
        self.stride = stride
        nodes = {i: n for n in graph.node for i in n.input}
        first = next(n for n in graph.node if n.op_type == "Conv" and n.input[0] == f"features_{stride}")
        second = nodes[nodes[first.output[0]].output[0]]
        self.first, self.second = nn.Conv2d(128, 128, 3, padding=1), nn.Conv2d(128, 80 + 4 * BINS, 1)
        for conv, node in ((self.first, first), (self.second, second)):
            conv.weight.data, conv.bias.data = (torch.tensor(constants[i]) for i in node.input[1:3])
        self.register_buffer("bins", torch.arange(BINS).float().view(1, 1, BINS, 1, 1))

    def forward(self, neck):
        x = self.second(F.leaky_relu(self.first(neck), .1))
        n, _, h, w = x.shape
        distances = (torch.softmax(x[:, 80:].view(n, 4, BINS, h, w), 2) * self.bins).sum(2) * self.stride
        empty = torch.full_like(x[:, :1], -30.0)
        channels = []
        for word in data.ITEMS:
            own = [x[:, i:i + 1] for i, w_ in WORDS.items() if w_ == word]
            channels.append(torch.cat(own, 1).amax(1, keepdim=True) if own else empty)
        return torch.cat(channels, 1), distances


class CocoHead(nn.Module):
    def __init__(self, path=bases.VENDOR / "nanodet.onnx"):
        super().__init__()
        graph = onnx.load(str(path)).graph
        constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.levels = nn.ModuleList(CocoLevel(graph, constants, s) for s in (8, 16, 32))
        self.requires_grad_(False)

    def forward(self, features_8, features_16, features_32):
        return [level(f) for level, f in zip(self.levels, (features_8, features_16, features_32))]
