"""The fetched base models, run with ONNX Runtime: their keypoints and inner feature maps feed the heads."""
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime as ort

from . import crops

VENDOR = Path(__file__).resolve().parents[1] / "vendor"
POSE_SIZE = (256, 256)
DETECTOR_SIZE = (416, 416)
DETECTOR_MEAN = np.array([103.53, 116.28, 123.675], np.float32)      # BGR
DETECTOR_STD = np.array([57.375, 57.12, 58.395], np.float32)


@lru_cache
def session(name, threads=1):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(VENDOR / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])


def thunder(picture, *features):
    """MoveNet Thunder on a 256x256 RGB crop: keypoints (17, 3) as y, x, score of the crop, and the named feature maps."""
    keypoints, *maps = session("movenet-thunder").run(["keypoints", *features], {"input": picture[None].astype(np.int32)})
    return keypoints[0, 0], *(m[0] for m in maps)


def detector(picture, *features):
    """NanoDet on a 416x416 RGB crop: the named outputs."""
    bgr = (picture[..., ::-1].astype(np.float32) - DETECTOR_MEAN) / DETECTOR_STD
    return [m[0] for m in session("nanodet").run(list(features), {"input": bgr.transpose(2, 0, 1)[None].copy()})]


def picture_keypoints(keypoints, box):
    """Thunder's keypoints of a window crop → (17, 3) of x, y in picture pixels and score."""
    xy = keypoints[:, 1::-1] * POSE_SIZE
    return np.column_stack([crops.to_picture(xy, box, POSE_SIZE), keypoints[:, 2]])
