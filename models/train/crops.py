"""Where to look: the mask of a window and the crops cut from it.

Every model sees a window through one of the crops defined here. The Rust side reproduces them; `golden.py` writes the
cases both must agree on (`models/tests/golden/crops.json`).

Frames and units
    Pictures are RGB uint8 arrays (height, width, 3). Polygons are lists of [x, y] as fractions of the picture.
    Boxes are [x0, y0, x1, y1] in picture pixels, continuous (pixel k covers k .. k+1), never rounded.
    Keypoints are a (17, 3) array of x, y in picture pixels and a score in 0..1, in COCO order.
"""
import math

import numpy as np
from PIL import Image

PAD = 114              # grey of everything that is not looked at
KEYPOINT_MIN = 0.2     # below this score a keypoint is taken as not seen
WINDOW_MARGIN = 0.08   # enlargement of the seat's bounding box, on each side, by its own size
DESK_SIDE, DESK_DOWN = 0.06, 0.04          # enlargement of the desk's bounding box
DESK_UP_H, DESK_UP_W = 0.5, 0.22           # items stand up from the desk: the larger of the two shares
MOUTH_BELOW_NOSE = 0.13                    # of the distance of the shoulder joints
CLOSER_FROM = 320      # pixels of the picture along the longer side of a head-and-hands crop

NOSE, L_EYE, R_EYE, L_EAR, R_EAR = range(5)
HEAD = NOSE, L_EYE, R_EYE, L_EAR, R_EAR
L_SHOULDER, R_SHOULDER, L_ELBOW, R_ELBOW, L_WRIST, R_WRIST, L_HIP, R_HIP = range(5, 13)
MIRRORED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]      # the order of keypoints in a mirrored picture

# Lengths of an adult as multiples of the distance between the shoulder joints. Turning away only shortens a
# length in the picture, so the largest estimate is the best one.
EYES_TO_SHOULDERS, EARS_TO_SHOULDERS = 4.0, 1.9
NECK_TO_SHOULDERS, ARM_TO_SHOULDERS, TORSO_TO_SHOULDERS = 1.3, 1.0, 0.62


# ---------------------------------------------------------------- mask

def polygon_mask(width, height, polygons):
    """True where a pixel's centre lies inside one of the polygons (even-odd rule for each).

    A centre is inside when the number of edges crossed to its left is odd; an edge from y0 to y1 is crossed by a
    row at y when (y0 > y) differs from (y1 > y), at x0 + (y - y0) / (y1 - y0) * (x1 - x0); x is left of the centre.
    """
    mask = np.zeros((height, width), bool)
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    for polygon in polygons:
        inside = np.zeros((height, width), bool)
        points = np.asarray(polygon, float) * [width, height]
        for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0)):
            rows = (y0 > y) != (y1 > y)
            if rows.any():
                inside[rows] ^= (x0 + (y[rows] - y0) / (y1 - y0) * (x1 - x0))[:, None] < x
        mask |= inside
    return mask


def masked(picture, polygons, grey=PAD):
    """A copy of the picture that is grey outside the polygons of one window (seat and desk)."""
    height, width = picture.shape[:2]
    return np.where(polygon_mask(width, height, polygons)[..., None], picture, np.uint8(grey))


# ---------------------------------------------------------------- boxes

def bounds(polygon, width, height):
    """Bounding box of a polygon of fractions, in pixels."""
    points = np.asarray(polygon, float) * [width, height]
    return [*points.min(0).tolist(), *points.max(0).tolist()]


def clip(box, width, height, min_share=0.0):
    """The part of the box inside the picture; None when less than `min_share` of its area is left."""
    x0, y0, x1, y1 = max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(width)), min(box[3], float(height))
    if x1 - x0 < 1 or y1 - y0 < 1:
        return None
    if (x1 - x0) * (y1 - y0) < min_share * (box[2] - box[0]) * (box[3] - box[1]):
        return None
    return [x0, y0, x1, y1]


def window_box(seat, width, height):
    """What the pose model and the window head look at: the seat and a little around it."""
    x0, y0, x1, y1 = bounds(seat, width, height)
    dx, dy = WINDOW_MARGIN * (x1 - x0), WINDOW_MARGIN * (y1 - y0)
    return clip([x0 - dx, y0 - dy, x1 + dx, y1 + dy], width, height)


def desk_box(desk, width, height):
    """What the desk detector looks at: the desk and, above it, room for what stands on it."""
    x0, y0, x1, y1 = bounds(desk, width, height)
    w, h = x1 - x0, y1 - y0
    up = max(DESK_UP_H * h, DESK_UP_W * w)
    return clip([x0 - DESK_SIDE * w, y0 - up, x1 + DESK_SIDE * w, y1 + DESK_DOWN * h], width, height)


def _seen(keypoints, *indices):
    return all(keypoints[i][2] >= KEYPOINT_MIN for i in indices)


def _mean(keypoints, *indices):
    """Mean place of those of the keypoints that are seen, or None."""
    seen = [keypoints[i][:2] for i in indices if keypoints[i][2] >= KEYPOINT_MIN]
    return np.mean(np.asarray(seen, float), axis=0) if seen else None


def _length(a, b):
    return math.hypot(b[0] - a[0], b[1] - a[1])


def body_scale(keypoints, window):
    """Size of the person: the distance of the shoulder joints seen from the front, in pixels. None if nothing tells.

    Never more than half of the window crop's longer side: a wild keypoint must not make the crop useless.
    """
    k, found = keypoints, []
    if _seen(k, L_SHOULDER, R_SHOULDER):
        found.append(_length(k[L_SHOULDER], k[R_SHOULDER]))
    if _seen(k, L_EYE, R_EYE):
        found.append(EYES_TO_SHOULDERS * _length(k[L_EYE], k[R_EYE]))
    if _seen(k, L_EAR, R_EAR):
        found.append(EARS_TO_SHOULDERS * _length(k[L_EAR], k[R_EAR]))
    head = _mean(k, *HEAD)
    shoulders = _mean(k, L_SHOULDER, R_SHOULDER)
    if head is not None and shoulders is not None:
        found.append(NECK_TO_SHOULDERS * _length(head, shoulders))
    for shoulder, elbow in ((L_SHOULDER, L_ELBOW), (R_SHOULDER, R_ELBOW)):
        if _seen(k, shoulder, elbow):
            found.append(ARM_TO_SHOULDERS * _length(k[shoulder], k[elbow]))
    if _seen(k, L_HIP, R_HIP) and shoulders is not None:
        found.append(TORSO_TO_SHOULDERS * _length(shoulders, _mean(k, L_HIP, R_HIP)))
    if not found:
        return None
    return min(max(found), 0.5 * max(window[2] - window[0], window[3] - window[1]))


def chest_box(keypoints, seat, width, height):
    """Where a badge hangs: a square from the collar to below the lanyard's card. None: too little to go by."""
    window = window_box(seat, width, height)
    scale = window and body_scale(keypoints, window)
    shoulders = _mean(keypoints, L_SHOULDER, R_SHOULDER)
    if not scale or shoulders is None:
        return None
    x, y = shoulders
    return clip([x - 0.9 * scale, y - 0.3 * scale, x + 0.9 * scale, y + 1.5 * scale], width, height, min_share=0.4)


def _hands(keypoints, scale):
    """Where the hands near the head (or the shoulders, where none of it is seen) are; they go on where the forearms point to."""
    head, hands = _mean(keypoints, *HEAD), []
    anchor = head if head is not None else _mean(keypoints, L_SHOULDER, R_SHOULDER)
    for elbow, wrist in ((L_ELBOW, L_WRIST), (R_ELBOW, R_WRIST)):
        if not _seen(keypoints, wrist):
            continue
        hand = np.asarray(keypoints[wrist][:2], float)
        if _seen(keypoints, elbow):
            hand = hand + 0.35 * (hand - np.asarray(keypoints[elbow][:2], float))
        if _length(anchor, hand) <= 2.2 * scale:
            hands.append(hand)
    return hands


def _head(keypoints, scale):
    """Middle of the head; above the shoulders where none of it is seen. None without either."""
    head, shoulders = _mean(keypoints, *HEAD), _mean(keypoints, L_SHOULDER, R_SHOULDER)
    return shoulders - [0.0, 0.5 * scale] if head is None and shoulders is not None else head


def head_box(keypoints, seat, width, height):
    """A square in the middle of the head, which may reach beyond the picture. None: too little to go by."""
    window = window_box(seat, width, height)
    scale = window and body_scale(keypoints, window)
    head = _head(keypoints, scale) if scale else None
    if head is None:
        return None
    x, y = head
    return [x - 0.25 * scale, y - 0.25 * scale, x + 0.25 * scale, y + 0.25 * scale]


def head_hands_box(keypoints, seat, width, height):
    """Where a cigarette is: a square around the head and the hands near it. None: too little to go by."""
    window = window_box(seat, width, height)
    scale = window and body_scale(keypoints, window)
    if not scale:
        return None
    head = [keypoints[i][:2] for i in HEAD if keypoints[i][2] >= KEYPOINT_MIN] or [_head(keypoints, scale)]
    points = np.asarray(head + _hands(keypoints, scale), float)
    low, high = points.min(0), points.max(0)
    side = min(max(float((high - low).max()) + 0.9 * scale, 1.5 * scale), 3.2 * scale)
    x, y = (low + high) / 2
    return clip([x - side / 2, y - side / 2, x + side / 2, y + side / 2], width, height, min_share=0.3)


def closer_boxes(keypoints, seat, width, height):
    """Where a cigarette is looked for once more in a head-and-hands crop that the net sees much smaller than the picture
    shows it: squares of half its side around the mouth (or its middle) and the hands. None in others."""
    box = head_hands_box(keypoints, seat, width, height)
    if box is None or max(box[2] - box[0], box[3] - box[1]) < CLOSER_FROM:
        return []
    scale = body_scale(keypoints, window_box(seat, width, height))
    mouth = np.asarray(keypoints[NOSE][:2], float) + [0.0, MOUTH_BELOW_NOSE * scale]
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    half = max(box[2] - box[0], box[3] - box[1]) / 4
    boxes = []
    for x, y in [mouth if _seen(keypoints, NOSE) else middle, *_hands(keypoints, scale)]:
        boxes.append(clip([x - half, y - half, x + half, y + half], width, height, min_share=0.5))
    return [b for b in boxes if b is not None]


# ---------------------------------------------------------------- pixels

def placement(box, size):
    """How a box goes into a net of `size` (width, height): its size in the net and its offset, centred, in whole pixels."""
    w, h = box[2] - box[0], box[3] - box[1]
    scale = min(size[0] / w, size[1] / h)
    tw = min(size[0], max(1, math.floor(w * scale + 0.5)))
    th = min(size[1], max(1, math.floor(h * scale + 0.5)))
    return tw, th, (size[0] - tw) // 2, (size[1] - th) // 2


def cut(picture, box, size):
    """The box of the picture, letterboxed in the centre of `size` (width, height); bilinear with antialiasing."""
    tw, th, ox, oy = placement(box, size)
    part = Image.fromarray(picture).resize((tw, th), Image.BILINEAR, box=tuple(box))
    out = np.full((size[1], size[0], 3), PAD, np.uint8)
    out[oy:oy + th, ox:ox + tw] = np.asarray(part)
    return out


def to_net(points, box, size):
    """Picture pixels → pixels of the net's input, for an array whose first two columns are x and y."""
    tw, th, ox, oy = placement(box, size)
    out = np.array(points, float)
    out[..., 0] = (out[..., 0] - box[0]) * tw / (box[2] - box[0]) + ox
    out[..., 1] = (out[..., 1] - box[1]) * th / (box[3] - box[1]) + oy
    return out


def to_picture(points, box, size):
    """The inverse of `to_net`."""
    tw, th, ox, oy = placement(box, size)
    out = np.array(points, float)
    out[..., 0] = (out[..., 0] - ox) * (box[2] - box[0]) / tw + box[0]
    out[..., 1] = (out[..., 1] - oy) * (box[3] - box[1]) / th + box[1]
    return out


# ---------------------------------------------------------------- desk items

STANDS_ON_MARGIN = 0.08


def inside(x, y, polygon):
    """Even-odd rule for one point; the polygon in the same units."""
    points = np.asarray(polygon, float)
    odd = False
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0)):
        if (y0 > y) != (y1 > y) and x0 + (y - y0) / (y1 - y0) * (x1 - x0) < x:
            odd = not odd
    return odd


def stands_on(box, desk, width, height):
    """Whether an item belongs to a desk: the middle of its lower edge lies in the desk's polygon, enlarged a little
    about the mean of its corners. Keeps the items of the neighbouring desk out."""
    points = np.asarray(desk, float) * [width, height]
    centre = points.mean(0)
    return inside((box[0] + box[2]) / 2, box[3], centre + (points - centre) * (1 + STANDS_ON_MARGIN))
