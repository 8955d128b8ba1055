"""The converted models against outputs recorded with TensorFlow.js."""

import hashlib
import tomllib

import numpy as np
import onnx
import onnxruntime
import pytest

from convert import convert
from inputs import FIXTURES, pictures, sample, tensor
from sources import HERE, Model, load

MODELS = load().models
# Both sides compute in float32 but add in another order; feature maps reach about 30.
TOLERANCE = 2e-4


def run(model: Model, picture: np.ndarray) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.onnx, options)
    (source,) = session.get_inputs()
    values = session.run(None, {source.name: tensor(picture, source.shape, source.type == "tensor(int32)")})
    return {output.name: value for output, value in zip(session.get_outputs(), values, strict=True)}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_outputs_are_those_of_the_reference(model: Model) -> None:
    recorded = np.load(FIXTURES / f"{model.name}.npz")
    problems, compared = [], 0
    for name, picture in pictures().items():
        for title, values in run(model, picture).items():
            expected, found = recorded[f"{name}/{title}"], sample(values)
            error = np.abs(found - expected).max()
            compared += 1
            if not error <= TOLERANCE:
                problems.append(f"{name}/{title}: off by {error:.2g}")
    assert not problems
    assert compared == len(recorded.files)


def test_recorded_outputs_tell_pictures_apart() -> None:
    """A comparison of constants would prove nothing."""
    for model in MODELS:
        recorded = np.load(FIXTURES / f"{model.name}.npz")
        for title in [*model.outputs, *model.expose]:
            difference = np.abs(recorded[f"person/{title}"] - recorded[f"pattern/{title}"]).max()
            assert difference > 10 * TOLERANCE, f"{model.name}/{title}: {difference}"


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_same_source_same_bytes(model: Model) -> None:
    content = convert(model.graph, model).SerializeToString(deterministic=True)
    assert hashlib.sha256(content).hexdigest() == model.sha256
    assert hashlib.sha256(model.onnx.read_bytes()).hexdigest() == model.sha256


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_no_transpose_inside_the_network(model: Model) -> None:
    """Transposes belong to the edges of the graph: none may stand between two convolutions."""
    graph = onnx.load(model.onnx).graph
    after_conv: set[str] = set()
    for node in graph.node:
        reached = any(name in after_conv for name in node.input)
        if node.op_type == "Transpose" and reached:
            after_conv.discard(node.output[0])
            turned = node.output[0]
            readers = [n.op_type for n in graph.node if turned in n.input]
            assert "Conv" not in readers, f"{node.output[0]} is read by a convolution"
        elif node.op_type == "Conv" or reached:
            after_conv.update(node.output)


def test_manifest_pins_the_same_files() -> None:
    manifest = tomllib.loads((HERE.parent / "manifest.toml").read_text(encoding="utf-8"))
    pinned = {model.name: model.sha256 for model in MODELS}
    listed = {entry["name"]: entry["sha256"] for entry in manifest["models"] if entry["file"].startswith("vendor/")}
    assert listed
    assert {name: pinned.get(name) for name in listed} == listed
