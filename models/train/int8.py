"""INT8 versions of the committed window and desk heads: ranges from what they see on training scenes, figures from test scenes."""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

from . import bases, crops, data, desk, desk_data, features
from .export import quantise

MANY = 64           # windows or desks whose values give the ranges
TESTED = 150        # at most so many of the test scenes are looked at


def run(windows, folder):
    """Writes `int8/window.onnx` and `int8/desk.onnx` beside the heads in `folder` and prints what full and INT8 score."""
    (folder / "int8").mkdir(exist_ok=True)
    seats = [w for w in windows if w.synthetic and data.label(data.POSTURE, w.truth.get("posture")) >= 0]
    make(folder / "window.onnx", [seat_inputs(w) for w in spread(seats, "train", MANY)], seat_score(spread(seats, "test", TESTED)))
    desks = desk_data.desks([w for w in windows if w.synthetic])
    tested = spread(desks, "test", TESTED, of=lambda d: d[0].split)
    make(folder / "desk.onnx", [desk_inputs(*d) for d in spread(desks, "train", MANY, of=lambda d: d[0].split)], lambda path: desk.clutter_f1(path, tested))


def make(path, calibration, score):
    full = path.with_name(f"{path.stem}.full.onnx")
    onnx.save(unhalved(onnx.load(str(path))), str(full))
    small = quantise(full, calibration)
    full.unlink()
    target = path.parent / "int8" / path.name
    small.replace(target)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB scores {score(path):.3f}, INT8 {target.stat().st_size / 1e6:.1f} MB scores {score(target):.3f}")


def unhalved(model):
    """The model with its weights in full precision again: the opposite of `export.halve`."""
    graph = model.graph
    halves = {w.name: w for w in graph.initializer if w.data_type == onnx.TensorProto.FLOAT16}
    casts = [n for n in graph.node if n.op_type == "Cast" and n.input[0] in halves]
    whole = [numpy_helper.from_array(numpy_helper.to_array(halves[n.input[0]]).astype(np.float32), n.output[0]) for n in casts]
    kept = [w for w in graph.initializer if w.name not in halves]
    nodes = [n for n in graph.node if n not in casts]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept + whole)
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def spread(rows, split, many, of=lambda w: w.split):
    """At most `many` of the rows of one split, spread over all of them."""
    mine = [row for row in rows if of(row) == split]
    return mine[:: max(1, len(mine) // many)][:many]


def seat_inputs(window):
    picture, box, _ = features.window_variant(window, 0, None)
    keypoints, *maps = bases.thunder(crops.cut(picture, box, bases.POSE_SIZE), *features.POSE_MAPS[:2])
    crop = crops.cut(picture, box, features.CROP_SIZE).transpose(2, 0, 1)
    named = dict(zip(features.POSE_MAPS, maps), keypoints=keypoints[None], crop=crop)
    return {name: np.ascontiguousarray(values[None], np.float32) for name, values in named.items()}


def desk_inputs(window, group):
    crop, _ = desk_data.plain_crop(window, group)
    return {"crop": desk.net_input(crop), **{name: m[None] for name, m in zip(desk.MAPS, bases.detector(crop, *desk.MAPS))}}


def seat_score(windows):
    """Share of right postures, of any file."""
    seen = [(seat_inputs(w), data.label(data.POSTURE, w.truth["posture"])) for w in windows]

    def score(path):
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return float(np.mean([session.run(["posture"], inputs)[0][0].argmax() == label for inputs, label in seen]))

    return score
