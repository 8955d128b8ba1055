"""Writes three tiny models whose answers can be worked out by hand. Run with `onnx` of fetch/requirements.txt.

window.onnx   keypoints of a pose model → presence [0, 10 * (mean score - 0.4)], posture [0, 50 * (shoulder's y - nose's y)]
crop.onnx     an 8x8 crop → logits [mean red, mean green, mean blue] / 10
desk.onnx     features_32 of a 416 net → heat_32 and box_32 with one box of class 1 in the cell of column 6, row 3
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

HERE = Path(__file__).parent


def tensor(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(name, nodes, inputs, outputs, **constants):
    initialisers = [numpy_helper.from_array(np.asarray(v, np.int64 if k.startswith("i_") else np.float32), k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, name, inputs, outputs, initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="chuangming")
    model.ir_version = 8
    checker.check_model(model, full_check=True)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def window():
    presence, posture = np.zeros((51, 2)), np.zeros((51, 2))
    presence[2::3, 1] = 10 / 17
    posture[0, 1], posture[5 * 3, 1] = -50, 50  # y of the nose, y of the left shoulder
    nodes = [
        helper.make_node("Reshape", ["keypoints", "i_flat"], ["flat"]),
        helper.make_node("Gemm", ["flat", "presence_weights", "presence_bias"], ["presence"]),
        helper.make_node("Gemm", ["flat", "posture_weights", "zero"], ["posture"]),
    ]
    save("window", nodes, [tensor("keypoints", [1, 1, 17, 3])], [tensor("presence", [1, 2]), tensor("posture", [1, 2])],
         i_flat=[1, 51], presence_weights=presence, presence_bias=[0, -4], posture_weights=posture, zero=[0, 0])


def crop():
    nodes = [
        helper.make_node("ReduceMean", ["crop"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Div", ["mean", "ten"], ["answer"]),
    ]
    save("crop", nodes, [tensor("crop", [1, 3, 8, 8])], [tensor("answer", [1, 3])], ten=10)


def desk():
    heat, box = np.full((1, 2, 13, 13), -30.0), np.ones((1, 4, 13, 13))
    heat[0, 1, 3, 6] = 2.0
    box[0, :, 3, 6] = [16, 8, 24, 40]
    nodes = [
        helper.make_node("ReduceMean", ["features_32"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["heat", "nothing"], ["heat_32"]),
        helper.make_node("Add", ["box", "nothing"], ["box_32"]),
    ]
    save("desk", nodes, [tensor("features_32", [1, 128, 13, 13])], [tensor("heat_32", [1, 2, 13, 13]), tensor("box_32", [1, 4, 13, 13])],
         heat=heat, box=box, zero=0)


if __name__ == "__main__":
    window()
    crop()
    desk()
