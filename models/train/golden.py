"""Writes the cases on which crops.py and the Rust side must agree: `python -m train golden`."""
import json
from pathlib import Path

import numpy as np

from . import crops

PATH = Path(__file__).resolve().parents[1] / "tests" / "golden" / "crops.json"

# A person seen from the front: offsets from the middle of the shoulders in shoulder widths.
FRONT = np.array([[0, -.65], [.09, -.72], [-.09, -.72], [.22, -.66], [-.22, -.66], [.5, 0], [-.5, 0], [.62, .8], [-.62, .8],
                  [.4, 1.3], [-.4, 1.3], [.3, 1.55], [-.3, 1.55], [.35, 2.4], [-.35, 2.4], [.35, 3.2], [-.35, 3.2]])
FULL = [[0, 0], [1, 0], [1, 1], [0, 1]]


def person(x, y, shoulders, score=0.8, turn=1.0, **changes):
    """Keypoints of FRONT at (x, y); `turn` shrinks the width; changes: index → [x, y, score] or score."""
    points = FRONT * [turn, 1] * shoulders + [x, y]
    k = np.column_stack([points, np.full(17, score)])
    for name, value in changes.items():
        i = int(name[1:])
        k[i] = value if isinstance(value, list) else [*k[i, :2], value]
    return k


def low(k, *indices, score=0.1):
    k = k.copy()
    k[list(indices), 2] = score
    return k


def cases():
    seat = [[.3, .1], [.6, .1], [.62, .8], [.28, .8]]
    desk = [[.2, .7], [.7, .68], [.75, .95], [.15, .97]]
    front = person(290, 140, 80)
    yield "front", 640, 360, seat, desk, front
    yield "front, hips hidden", 640, 360, seat, desk, low(front, 11, 12, 13, 14, 15, 16)
    yield "front, hand at the mouth", 640, 360, seat, desk, person(290, 140, 80, k9=[300, 95, .6], k7=[350, 150, .6])
    yield "hands far away are left out", 640, 360, seat, desk, person(290, 140, 40, k9=[600, 300, .9], k10=[20, 20, .9])
    yield "side view", 640, 360, seat, desk, low(person(290, 140, 80, turn=.2), 1, 3, 5, 7, 9, score=.15)
    yield "side view, both shoulders", 640, 360, seat, desk, person(290, 140, 80, turn=.25)
    yield "one shoulder, no head", 640, 360, seat, desk, low(front, 0, 1, 2, 3, 4, 6, 8, 10)
    yield "head alone", 640, 360, seat, desk, low(front, *range(5, 17))
    yield "nose alone", 640, 360, seat, desk, low(front, *range(1, 17))
    yield "shoulders alone", 640, 360, seat, desk, low(front, *range(0, 5), *range(7, 17))
    yield "wrists alone", 640, 360, seat, desk, low(front, *range(0, 9), *range(11, 17))
    yield "nothing seen", 640, 360, seat, desk, person(290, 140, 80, score=.05)
    yield "at the least score", 640, 360, seat, desk, person(290, 140, 80, score=crops.KEYPOINT_MIN)
    yield "slumped", 640, 360, seat, desk, person(290, 230, 80, k0=[250, 240, .3], k1=[245, 236, .2], k2=[248, 246, .1],
                                                  k3=[240, 230, .1], k4=[262, 226, .4], k9=[230, 250, .3], k10=[330, 255, .35])
    yield "wild keypoint is held back", 640, 360, seat, desk, person(290, 140, 80, k6=[5, 350, .9])
    yield "chest below the picture", 640, 360, FULL, None, person(320, 355, 120)
    yield "head above the picture", 640, 360, FULL, None, person(320, 10, 150)
    yield "person at the left edge", 640, 360, [[0, .1], [.2, .1], [.2, .9], [0, .9]], desk, person(5, 150, 60)
    yield "person mostly outside", 640, 360, FULL, None, person(-60, 150, 100)
    yield "whole picture", 512, 512, FULL, None, person(250, 260, 140)
    yield "close face, shoulders hidden", 512, 512, FULL, None, low(person(250, 700, 600), *range(5, 17))
    yield "close, a hand at the mouth", 1280, 720, FULL, None, person(600, 420, 300, k9=[590, 300, .6], k7=[760, 600, .6])
    yield "close, no nose", 1280, 720, FULL, None, low(person(600, 420, 300), 0, 9, 10)
    yield "large picture", 1920, 1080, [[.4, .1], [.55, .12], [.54, .6], [.41, .58]], [[.35, .5], [.6, .5], [.62, .7], [.33, .7]], person(900, 300, 130)
    yield "tall picture", 480, 854, [[.1, .2], [.9, .2], [.9, .8], [.1, .8]], [[0, .7], [1, .7], [1, 1], [0, 1]], person(240, 330, 110)
    yield "narrow desk at the edge", 640, 360, seat, [[.9, .5], [1, .45], [1, .8], [.92, .82]], front
    yield "concave seat", 640, 360, [[.2, .2], [.8, .2], [.8, .8], [.5, .4], [.2, .8]], None, front
    rng = np.random.default_rng(7)
    for n in range(12):
        w, h = [(640, 360), (1280, 720), (500, 700)][n % 3]
        x, y, s = rng.uniform(.1, .9) * w, rng.uniform(.1, .7) * h, rng.uniform(.05, .4) * w
        k = person(x, y, s, turn=rng.uniform(.1, 1))
        k[:, :2] += rng.normal(0, .06 * s, (17, 2))
        k[:, 2] = rng.uniform(0, .9, 17)
        cx, cy, rw, rh = x / w, y / h, rng.uniform(.1, .3), rng.uniform(.2, .5)
        polygon = [[max(0, cx - rw), max(0, cy - rh)], [min(1, cx + rw), max(0, cy - rh * .8)], [min(1, cx + rw * .9), min(1, cy + rh)], [max(0, cx - rw), min(1, cy + rh)]]
        yield f"random {n}", w, h, polygon, desk, k


def rounded(values, digits=6):
    return None if values is None else [round(float(v), digits) for v in values]


def case(name, width, height, seat, desk, keypoints):
    keypoints = np.round(keypoints, 4)
    seat = np.round(seat, 6).tolist()
    polygons = [seat] + ([desk] if desk else [])
    mask = crops.polygon_mask(width, height, polygons)
    window = crops.window_box(seat, width, height)
    return {
        "name": name, "width": width, "height": height, "seat": seat, "desk": desk, "keypoints": keypoints.tolist(),
        "expected": {
            "mask_pixels": int(mask.sum()),
            "mask_rows": {str(y): int(mask[y].sum()) for y in range(height // 8, height, height // 4)},
            "window": rounded(window),
            "window_placement_256": crops.placement(window, (256, 256)),
            "desk": rounded(crops.desk_box(desk, width, height)) if desk else None,
            "scale": round(float(crops.body_scale(keypoints, window)), 6) if crops.body_scale(keypoints, window) else None,
            "chest": rounded(crops.chest_box(keypoints, seat, width, height)),
            "head": rounded(crops.head_box(keypoints, seat, width, height)),
            "head_hands": rounded(crops.head_hands_box(keypoints, seat, width, height)),
            "closer": [rounded(box) for box in crops.closer_boxes(keypoints, seat, width, height)],
        },
    }


def standing_cases():
    """Boxes that stand on a desk and boxes that don't."""
    desk = [[.2, .7], [.7, .68], [.75, .95], [.15, .97]]
    boxes = [[200, 150, 260, 280], [200, 150, 260, 240], [200, 230, 260, 249], [440, 230, 500, 300], [70, 300, 110, 345], [300, 200, 320, 352],
             [300, 200, 320, 358], [20, 200, 60, 300], [90, 250, 110, 330], [480, 300, 520, 340], [440, 225, 450, 241], [96, 300, 98, 349]]
    rng = np.random.default_rng(11)
    for x, y, w, h in rng.uniform([0, 180, 5, 5], [600, 340, 80, 80], (20, 4)).round(2):
        boxes.append([x, y, x + w, y + h])
    return [{"width": 640, "height": 360, "desk": desk, "box": b, "stands": crops.stands_on(b, desk, 640, 360)} for b in boxes]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
    print(f"{len(rows)} cases → models/tests/golden/{path.name}")


def main():
    write(PATH, [case(*c) for c in cases()])
    write(PATH.with_name("stands_on.json"), standing_cases())


if __name__ == "__main__":
    main()
