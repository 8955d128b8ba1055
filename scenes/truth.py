"""From what was rendered to the manifest's truth. No Blender here: masks and numbers in, plain rows out."""

import numpy as np

from .camera import FRONTAL
from .classes import IGNORE, PERMITTED
from .dimensions import DESK_DEPTH, DESK_Z, EDGE_Y, LEDGE_DEPTH, LEDGE_Y, SEAT_HALF_WIDTH, SEAT_Y, SEAT_Z

SEAT_CORNERS = 8
MIN_PERSON_PX = 150
MIN_ITEM_PX = 20
MIN_CIGARETTE_PX = 6
LEAST_SEEN = {"clutter": 0.15, "badge": 0.25, "cigarette": 0.25}
"""Of what less of its outline is in sight nobody can tell what it is."""
HEAD_AND_SHOULDERS = 7
"""The first of COCO's keypoints: nose, eyes, ears, shoulders."""


def hull(points):
    """Convex hull of 2-D points (monotone chain), without points inside edges."""
    points = sorted(map(tuple, points))

    def half(sequence):
        out = []
        for p in sequence:
            while len(out) > 1 and _turn(out[-2], out[-1], p) <= 0:
                out.pop()
            out.append(p)
        return out[:-1]

    return half(points) + half(points[::-1])


def _turn(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def seat_x(window, windows, pitch):
    """Room x of a window's seat, the window counted from 0."""
    return pitch * (window + 0.5 - windows / 2)


def corners(window, windows, style, margin=0.0):
    """Room points (n, 3) around a window: first the SEAT_CORNERS of its seat, then those of its desk and ledge.

    margin: by so many metres the seat reaches over the desk, where people lean forward; half of it to the sides and above.
    """
    x0, half = seat_x(window, windows, style["pitch"]), style["pitch"] * 0.48
    beside, before, above = SEAT_HALF_WIDTH + margin / 2, SEAT_Y[0] - margin, SEAT_Z[1] + margin / 2
    seat = [(x0 + x, y, z) for x in (-beside, beside) for y in (before, SEAT_Y[1]) for z in (SEAT_Z[0], above)]
    desk = [(x0 + x, y, DESK_Z) for x in (-half, half) for y in (EDGE_Y - DESK_DEPTH, EDGE_Y)]
    ledge_y = (LEDGE_Y - LEDGE_DEPTH / 2, LEDGE_Y + LEDGE_DEPTH / 2)
    desk += [(x0 + x, y, style["ledge"]) for x in (-half, half) for y in ledge_y]
    return np.array(seat + desk)


def geometry(view, style, windows):
    """The manifest's windows with the seat and desk polygons that an installer would draw, tight or with room to lean."""
    out = []
    for k in range(windows):
        points = corners(k, windows, style, style["seat_margin"])
        seat, desk = _polygon(view, points[:SEAT_CORNERS]), _polygon(view, points[SEAT_CORNERS:])
        # Of a desk outside the picture there is nothing to draw.
        out.append({"window": str(k + 1), "seat": seat, **({"desk": desk} if len(desk) > 2 else {}), "post": 1})
    return out


def _polygon(view, corners):
    return [[round(float(x), 4), round(float(y), 4)] for x, y in hull(np.clip(view.project(corners), 0, 1))]


def mask_box(mask):
    """Box [x, y, width, height] in fractions around a mask's pixels, None without any."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    if not len(rows):
        return None
    height, width = mask.shape
    x, y = columns[0] / width, rows[0] / height
    return [round(float(c), 4) for c in (x, y, (columns[-1] + 1) / width - x, (rows[-1] + 1) / height - y)]


def patch(index, *numbers):
    """What is seen of some objects in the index picture: pixel count and box."""
    mask = np.isin(index, numbers)
    return {"px": int(mask.sum()), "box": mask_box(mask)}


def outline_px(points, size):
    """Pixels inside the convex outline of points (picture fractions), as far as it lies in the picture; size: width, height."""
    outline = np.array(hull(np.clip(points, 0, 1))) * size
    if len(outline) < 3:
        return 0.0
    x, y = outline.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def window_truth(seen, camera_kind):
    """A window's truth row without `window`, `from` and `to`.

    seen: `person` (None or patch), `badge` and `cigarette` (None or patch with `outline`), `label`, `keypoints` [[x, y, v]],
    `items` [dict(id, class, px, box, outline, in_hand)]. What cannot be told from this picture is None.
    """
    row = {"items": [_item(i) for i in seen["items"] if i["px"] >= MIN_ITEM_PX]}
    person = seen["person"]
    if person is None:
        return {"presence": "absent", "people": 0, **row}
    if person["px"] <= MIN_PERSON_PX:
        return {"presence": None, **row}
    label = seen["label"]
    return {
        "presence": "present",
        "people": 1,
        "posture": _posture(seen),
        "behaviour": label["behaviour"],
        **_badge(seen, camera_kind),
        **_smoking(seen),
        "person_box": person["box"],
        "keypoints": seen["keypoints"],
        **row,
    }


def _item(item):
    """A permitted thing is there as soon as any of it is seen: where it is required, it is not missing."""
    is_clutter = item["class"] not in PERMITTED
    is_untold = item["in_hand"] or (is_clutter and _is_sliver(item, "clutter"))
    return {"id": item["id"], "class": IGNORE if is_untold else item["class"], "box": item["box"]}


def _is_sliver(patch, kind):
    return patch["px"] < LEAST_SEEN[kind] * patch["outline"]


def _posture(seen):
    """None where neither head nor shoulders are in sight: elbows over a desk tell little. A head on the desk shows by its shape."""
    posture = seen["label"]["posture"]
    is_told = posture == "slumped" or any(point[2] == 2 for point in seen["keypoints"][:HEAD_AND_SHOULDERS])
    return posture if is_told else None


def _badge(seen, camera_kind):
    badge = seen["badge"]
    if badge is not None:
        visible = badge["px"] >= MIN_ITEM_PX and not _is_sliver(badge, "badge")
        return {"badge": "worn", "badge_box": badge["box"]} if visible else {"badge": None}
    left_shoulder, right_shoulder = seen["keypoints"][5], seen["keypoints"][6]
    chest_seen = left_shoulder[2] == right_shoulder[2] == 2 and seen["label"]["posture"] != "slumped"
    return {"badge": "missing" if chest_seen and camera_kind in FRONTAL else None}


def _smoking(seen):
    if not seen["label"]["smoking"]:
        return {"smoking": False}
    cigarette = seen["cigarette"]
    visible = cigarette and cigarette["px"] >= MIN_CIGARETTE_PX and not _is_sliver(cigarette, "cigarette")
    return {"smoking": True, "cigarette_box": cigarette["box"]} if visible else {"smoking": None}


def still_row(window, seen, camera_kind):
    """The complete truth row of a still."""
    row = window_truth(seen, camera_kind)
    row.pop("items")
    return {"window": window, "from": 0, "to": 0, **row, "items": items(seen["items"])}


def items(seen):
    """The items of a still, as the manifest lists them."""
    return [{"class": i["class"], "box": i["box"]} for i in map(_item, (i for i in seen if i["px"] >= MIN_ITEM_PX))]
