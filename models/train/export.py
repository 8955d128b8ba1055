"""From trained network to committed ONNX file, with its figures beside it."""
import hashlib
import json

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from .gate import refuse_worse

OPSET = 17
HALVED_FROM = 1024          # numbers in a weight


def halve(path):
    """Stores the large weights in half precision, each with a cast that the runtime folds away when it loads the file."""
    model = onnx.load(str(path))
    graph, casts, kept = model.graph, [], []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < HALVED_FROM:
            kept.append(weight)
            continue
        kept.append(numpy_helper.from_array(values.astype(np.float16), f"{weight.name}_half"))
        casts.append(helper.make_node("Cast", [f"{weight.name}_half"], [weight.name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def export(net, inputs, outputs, path, check=1e-3, half=False, score=None, calibration=()):
    """Writes opset-17 ONNX with batch 1 and the given names, and compares it with the network on random input (`crop` in 0..255).

    `inputs`: name → shape without the batch. `half`: see `halve`. `score`: file → one number on the test scenes, the larger the better: a
    network that scores less than the file that is there is not put in its place. `calibration`: some inputs (name → array with the batch),
    from which an INT8 version is made in `int8/` beside the file.
    """
    net.eval()
    generator = torch.Generator().manual_seed(0)
    example = tuple(torch.rand((1, *shape), generator=generator) * (255 if name == "crop" else 1) for name, shape in inputs.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    candidate = path.with_name(f"{path.stem}.candidate.onnx")
    torch.onnx.export(net, example, str(candidate), input_names=list(inputs), output_names=outputs, opset_version=OPSET, dynamo=False)
    with torch.no_grad():
        expected = net(*example)
    expected = expected if isinstance(expected, tuple) else (expected,)

    def differences():                      # boxes are hundreds of pixels: what is larger than 1 is compared by its share
        session = ort.InferenceSession(str(candidate), providers=["CPUExecutionProvider"])
        got = session.run(outputs, {n: e.numpy() for n, e in zip(inputs, example)})
        return np.concatenate([(np.abs(e.numpy() - g) / np.abs(e.numpy()).clip(1)).ravel() for e, g in zip(expected, got)])

    worst = float(differences().max())
    if worst > check:
        raise SystemExit(f"{path.name}: ONNX differs from the trained network by {worst}")
    small = quantise(candidate, calibration) if calibration else None
    if half:                                # rounding may move a peak to the next cell: nearly all numbers must stay
        halve(candidate)
        if (rounded := float(np.quantile(differences(), .995))) > .05:
            raise SystemExit(f"{path.name}: half precision moves the outputs by {rounded}")
    if score:
        refuse_worse(path, candidate, score)
    candidate.replace(path)
    if small:
        (path.parent / "int8").mkdir(exist_ok=True)
        small.replace(path.parent / "int8" / path.name)
        if score:
            print(f"{path.name}: INT8 scores {score(path.parent / 'int8' / path.name):.4f}")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, sha256 {sha256(path)}, parity {worst:.1e}")


class Inputs(CalibrationDataReader):
    """Hands the quantiser one set of inputs after the other."""

    def __init__(self, sets):
        self.sets = iter(sets)

    def get_next(self):
        return next(self.sets, None)


def quantise(path, calibration):
    """An INT8 version: weights by channel, activations over the ranges that the calibration inputs show."""
    small = path.with_name(f"{path.stem}.int8.onnx")
    quantize_static(str(path), str(small), Inputs(calibration), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    return small


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save_figures(folder, name, figures):
    """Keeps the figures of the last training in weights/figures.json, from which the model card is written."""
    path = folder / "figures.json"
    table = json.loads(path.read_text()) if path.exists() else {}
    table[name] = figures
    path.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")
