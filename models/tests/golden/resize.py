"""Writes resize.json: boxes of a pattern, resized by Pillow (bilinear, antialiased, float box). Run with Pillow."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

CASES = [  # box in picture pixels, size
    ([0, 0, 64, 48], [32, 24]),
    ([0, 0, 64, 48], [16, 16]),
    ([10.25, 5.5, 50.75, 41.125], [20, 18]),
    ([3.9, 2.1, 9.2, 7.7], [24, 24]),
    ([20, 10, 36, 26], [16, 16]),
    ([0.4, 30.6, 63.6, 47.9], [25, 7]),
]

y, x, channel = np.mgrid[0:48, 0:64, 0:3]
pattern = ((x * x + 7 * x * y + 3 * y + 85 * channel) % 256).astype(np.uint8)
picture = Image.fromarray(pattern)
cases = []
for box, size in CASES:
    part = np.asarray(picture.resize(size, Image.BILINEAR, box=tuple(box)))
    cases.append({"box": box, "size": size, "rgb": part.tobytes().hex()})
lines = ",\n".join(json.dumps(case) for case in cases)
Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
