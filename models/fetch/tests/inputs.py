"""The small pictures on which the converted models are compared with their reference."""

from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent / "fixtures"
NANODET_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
NANODET_STD = np.array([57.375, 57.12, 58.395], np.float32)


def pictures() -> dict[str, np.ndarray]:
    """RGB uint8, 64x64: a rendered seated person, and a pattern that every pixel of differs from its neighbours."""
    y, x, channel = np.mgrid[0:64, 0:64, 0:3]
    return {
        "person": np.load(FIXTURES / "person.npy"),
        "pattern": ((x * x + 7 * x * y + 3 * y + 85 * channel) % 256).astype(np.uint8),
    }


def tensor(picture: np.ndarray, shape: list[int], integers: bool) -> np.ndarray:
    """The picture as a model's input: int32 NHWC as it is, or float NCHW normalised as NanoDet wants it."""
    side = shape[1] if integers else shape[2]
    places = np.arange(side) * len(picture) // side
    enlarged = picture[places][:, places]
    if integers:
        return enlarged.astype(np.int32)[None]
    normalised = (enlarged[..., ::-1].astype(np.float32) - NANODET_MEAN) / NANODET_STD
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None])


def sample(values: np.ndarray) -> np.ndarray:
    """About 400 values spread over a tensor: enough to notice any difference, small enough to keep."""
    flat = values.ravel()
    return flat[:: max(1, len(flat) // 400)]
