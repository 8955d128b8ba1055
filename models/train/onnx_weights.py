"""A committed network as the start of the next training: its ONNX file is the only copy of its weights that is kept."""
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn


def exported(path):
    """Weights and biases of an exported network's convolutions and of its linear layers, each in the order in which they run."""
    graph = onnx.load(str(path)).graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    halved = {n.output[0]: constants[n.input[0]] for n in graph.node if n.op_type == "Cast" and n.input[0] in constants}
    constants |= halved
    return ([[constants[i].astype(np.float32) for i in n.input[1:3]] for n in graph.node if n.op_type == kind] for kind in ("Conv", "Gemm"))


def mean(first, second, path):
    """Writes the network whose weights are the mean of two, of which one went on from the other: between what either knows best
    (model soups, Wortsman et al. 2022)."""
    one, other = (onnx.load(str(p)) for p in (first, second))
    weights = {i.name: numpy_helper.to_array(i) for i in one.graph.initializer}
    if [i.name for i in other.graph.initializer] != list(weights):
        raise SystemExit(f"{second.name}: another network than {first.name}")
    for weight in other.graph.initializer:
        values = numpy_helper.to_array(weight)
        if np.issubdtype(values.dtype, np.floating):
            middle = (weights[weight.name].astype(np.float32) + values.astype(np.float32)) / 2
            weight.CopyFrom(numpy_helper.from_array(middle.astype(values.dtype), weight.name))
    onnx.save(other, str(path))


CONVOLUTIONS = nn.Conv1d, nn.Conv2d


@torch.no_grad()
def load(net, path, *inputs):
    """Gives the network the weights of an exported one.

    The export folded the normalisations into the convolutions before them. So each becomes the identity for what some `inputs` of the
    network (each with a batch) cause: training goes on from the same outputs.
    """
    order, hooks = [], []
    layers = [m for m in net.modules() if isinstance(m, (*CONVOLUTIONS, nn.BatchNorm2d, nn.Linear))]
    for layer in layers:
        hooks.append(layer.register_forward_hook(lambda m, *_: order.append(m)))
    net.eval()(*(x[:1] for x in inputs))
    for hook in hooks:
        hook.remove()
    convolutions, linear = exported(path)
    ours = lambda kind: [m for m in order if isinstance(m, kind)]
    for layer, (weight, bias) in [*zip(ours(CONVOLUTIONS), convolutions), *zip(ours(nn.Linear), linear)]:  # what comes after ours (COCO's head) is left out
        if tuple(layer.weight.shape) != weight.shape:
            raise SystemExit(f"{path.name}: another network, {weight.shape} where {tuple(layer.weight.shape)} is wanted")
        layer.weight.copy_(torch.from_numpy(weight))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(bias))
            continue
        norm = order[order.index(layer) + 1]
        norm.weight.fill_((1 + norm.eps) ** .5), norm.bias.copy_(torch.from_numpy(bias)), norm.running_mean.zero_(), norm.running_var.fill_(1)
    norms = [m for m in order if isinstance(m, nn.BatchNorm2d)]
    seen = {}
    hooks = [m.register_forward_hook(lambda m, inputs, _: seen.__setitem__(m, inputs[0])) for m in norms]
    net(*inputs)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        variance, mean = torch.var_mean(seen[norm], (0, 2, 3), correction=0)
        norm.running_mean.copy_(mean), norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt()), norm.bias.add_(mean)
