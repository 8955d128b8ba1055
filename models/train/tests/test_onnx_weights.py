"""Weights taken from exported networks."""
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed here: the networks' tests are skipped")
onnx = pytest.importorskip("onnx", reason="the networks need models/train/requirements.txt")

from onnx import numpy_helper  # noqa: E402

from test_int8 import product  # noqa: E402
from train import onnx_weights  # noqa: E402


def written(path, weight):
    onnx.save(product(np.asarray(weight, np.float32)), str(path))
    return path


def test_the_mean_of_two_networks_has_the_mean_of_their_weights(tmp_path):
    one, other = written(tmp_path / "a.onnx", [[1, 2], [3, 4]]), written(tmp_path / "b.onnx", [[3, 2], [0, -4]])
    onnx_weights.mean(one, other, tmp_path / "c.onnx")
    weight, = onnx.load(str(tmp_path / "c.onnx")).graph.initializer
    assert numpy_helper.to_array(weight).tolist() == [[2, 2], [1.5, 0]]


def test_another_network_is_refused(tmp_path):
    one, other = written(tmp_path / "a.onnx", [[1, 2]]), tmp_path / "b.onnx"
    model = product(np.ones((1, 2), np.float32))
    model.graph.initializer[0].name = "v"
    onnx.save(model, str(other))
    with pytest.raises(SystemExit, match="another network"):
        onnx_weights.mean(one, other, tmp_path / "c.onnx")
