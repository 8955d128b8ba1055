"""From trained network to committed ONNX file, with its figures beside it."""
import hashlib
import json

import numpy as np
import onnxruntime as ort
import torch

OPSET = 17


def export(net, inputs, outputs, path, check=1e-3):
    """Writes opset-17 ONNX with batch 1 and the given names, and compares it with the network on random input.

    `inputs`: name → shape without the batch.
    """
    net.eval()
    generator = torch.Generator().manual_seed(0)
    example = tuple(torch.rand((1, *shape), generator=generator) for shape in inputs.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(net, example, str(path), input_names=list(inputs), output_names=outputs, opset_version=OPSET, dynamo=False)
    with torch.no_grad():
        expected = net(*example)
    expected = expected if isinstance(expected, tuple) else (expected,)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(outputs, {n: e.numpy() for n, e in zip(inputs, example)})
    worst = max(float(np.abs(e.numpy() - g).max()) for e, g in zip(expected, got))
    if worst > check:
        raise SystemExit(f"{path.name}: ONNX differs from the trained network by {worst}")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, sha256 {sha256(path)}, parity {worst:.1e}")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save_figures(folder, name, figures):
    """Keeps the figures of the last training in weights/figures.json, from which the model card is written."""
    path = folder / "figures.json"
    table = json.loads(path.read_text()) if path.exists() else {}
    table[name] = figures
    path.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")
