"""INT8 versions: the way back from half precision, and which scenes they are made of."""
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed here: the networks' tests are skipped")
onnx = pytest.importorskip("onnx", reason="the networks need models/train/requirements.txt")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from train import int8  # noqa: E402
from train.export import HALVED_FROM, halve  # noqa: E402


def product(weight):
    """y = x · weight as a file's model."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, weight.shape[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, weight.shape[1]])],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("size", [8, HALVED_FROM])
def test_unhalved_weights_are_initialisers_of_full_precision(tmp_path, size):
    weight = np.random.default_rng(1).normal(size=(size, 2)).astype(np.float32)
    path = tmp_path / "product.onnx"
    onnx.save(product(weight), str(path))
    halve(path)
    whole = int8.unhalved(onnx.load(str(path)))
    (kept,) = whole.graph.initializer
    assert (kept.name, kept.data_type) == ("w", TensorProto.FLOAT)
    assert [n.op_type for n in whole.graph.node] == ["MatMul"]
    np.testing.assert_allclose(numpy_helper.to_array(kept), weight, rtol=1e-3, atol=1e-6)


def test_scenes_are_of_one_split_and_spread_over_the_set():
    rows = [("train" if k % 2 else "test", k) for k in range(100)]
    taken = int8.spread(rows, "train", 10, of=lambda row: row[0])
    assert len(taken) == 10 and {split for split, _ in taken} == {"train"}
    assert taken[0][1] < 10 and taken[-1][1] > 85
    assert len(int8.spread(rows, "test", 1000, of=lambda row: row[0])) == 50
