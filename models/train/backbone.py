"""The first stages of NanoDet's backbone as a PyTorch module, with the weights of the fetched model.

Trained on COCO photographs, they know real textures, which a net trained on rendered pictures alone would not.
The graph up to stride 16 holds convolutions, LeakyReLU(0.1), one max-pool and concatenations only; it is replayed here
from the ONNX file node by node.
"""
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

from . import bases

STRIDE_4, STRIDE_8, STRIDE_16 = "concat_37", "concat_76", "concat_119"      # the nodes that end these stages


class Backbone(nn.Module):
    """RGB 0..255 (n, 3, h, w) → maps of stride 8 (128 channels) and stride 16 (256 channels).

    `pyramid` adds the map of stride 4 (64 channels) as the first.
    """

    def __init__(self, pyramid=False, path=bases.VENDOR / "nanodet.onnx"):
        super().__init__()
        self.outputs = (STRIDE_4, STRIDE_8, STRIDE_16) if pyramid else (STRIDE_8, STRIDE_16)
        graph = onnx.load(str(path)).graph
        constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.steps, self.convs = [], nn.ModuleDict()
        for node in graph.node:
            name, attributes = node.output[0], {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Conv":
                weight, bias = constants[node.input[1]], constants[node.input[2]]
                if weight.shape[2] == 1:                                  # the neck's side branch of the stride-8 map
                    continue
                conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], attributes["strides"][0], weight.shape[2] // 2)
                conv.weight.data, conv.bias.data = torch.tensor(weight), torch.tensor(bias)
                self.convs[name] = conv
            elif node.op_type not in ("LeakyRelu", "MaxPool", "Concat"):
                raise ValueError(f"{path}: unexpected {node.op_type} in the backbone")
            self.steps.append((node.op_type, name, [i for i in node.input if i not in constants]))
            if name == self.outputs[-1]:
                break
        self.register_buffer("mean", torch.tensor(bases.DETECTOR_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(bases.DETECTOR_STD).view(1, 3, 1, 1))

    def freeze(self, convolutions):
        """Keeps the first convolutions as they are: edges and textures need no new learning from few pictures."""
        for conv in list(self.convs.values())[:convolutions]:
            conv.requires_grad_(False)

    def forward(self, rgb):
        values = {"input": (rgb.flip(1) - self.mean) / self.std}
        for kind, name, inputs in self.steps:
            x = [values[i] for i in inputs]
            if kind == "Conv":
                values[name] = self.convs[name](x[0])
            elif kind == "LeakyRelu":
                values[name] = F.leaky_relu(x[0], .1)
            elif kind == "MaxPool":
                values[name] = F.max_pool2d(x[0], 3, 2, 1)
            else:
                values[name] = torch.cat(x, 1)
        return [values[n] for n in self.outputs]
