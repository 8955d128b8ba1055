"""Windows of stills with their truth, what was said of them, and how large things are in their picture."""
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path

from .figures import Answers, match

FLOORS = {"posture": 80, "badge": 80, "smoking": 12, "item": 16}
"""Pixels: width of the shoulders for posture and badge, length of a cigarette, the longer side of an item."""
SIGNALS = ("presence", "posture", "badge", "smoking")
ITEM_IOU = 0.3
GRID = 6
"""So many points a side tell how much of a box lies in a polygon."""
PERMITTED = frozenset("monitor scanner evaluator telephone pen_holder post_sign notice_sign name_plate keyboard mouse document card_reader "
                      "printer stapler".split())


@dataclass
class Scored:
    """One window of a still."""
    set: str
    id: str
    window: dict
    truth: dict
    said: dict
    size: tuple
    camera: str
    source: str
    media: str
    pixels: dict = field(default_factory=dict)

    def answer(self, signal):
        """(truth, said, confidence); None where the truth is silent."""
        truth = self.truth.get(signal)
        if truth is None:
            return None
        truth = ("smoking" if truth else "none") if signal == "smoking" else truth
        return truth, self.said[signal]["value"], self.said[signal]["confidence"]

    def shows(self, box):
        """Whether at least half of a box lies in the seat or desk polygon: elsewhere the agent may not look."""
        polygons = [self.window[key] for key in ("seat", "desk") if self.window.get(key)]
        points = [(box[0] + box[2] * (i + 0.5) / GRID, box[1] + box[3] * (j + 0.5) / GRID) for i in range(GRID) for j in range(GRID)]
        return 2 * sum(any(contains(polygon, *point) for polygon in polygons) for point in points) >= len(points)

    def shows_cigarette(self):
        """Whether the agent may see one of the cigarettes, or there is none."""
        boxes = cigarettes(self.truth)
        return not boxes or any(self.shows(box) for box in boxes)

    def is_above_floor(self, signal):
        """Whether the signal's size floor is passed. Without a cigarette there is none to measure, and presence has no floor."""
        if signal == "smoking":
            return self.pixels["cigarette"] is None or self.pixels["cigarette"] >= FLOORS["smoking"]
        return signal == "presence" or self.pixels["shoulders"] >= FLOORS[signal]


def contains(polygon, x, y):
    """Whether a point lies in a polygon (even-odd rule)."""
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def cigarettes(truth):
    """The boxes of all cigarettes of a window."""
    return truth.get("cigarette_boxes") or ([truth["cigarette_box"]] if truth.get("cigarette_box") else [])


def picture_size(path):
    """(width, height) of a JPEG or PNG, from its header."""
    data = Path(path).read_bytes()
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", data[16:24])
    at = 2
    while at + 9 < len(data):
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return width, height
        at += 2 + length
    raise ValueError(f"{path}: neither JPEG nor PNG")


def pixels(truth, window, size):
    """Width of the shoulders and length of the cigarette. Where no joints are labelled, as in photographs, the labelled chest or
    half of the seat stands for the shoulders."""
    width, height = size
    points, chest = truth.get("keypoints"), truth.get("chest_box")
    if points:
        (x0, y0, seen0), (x1, y1, seen1) = points[5], points[6]
        shoulders = (((x0 - x1) * width) ** 2 + ((y0 - y1) * height) ** 2) ** 0.5 if seen0 and seen1 else 0.0
    else:
        xs = [p[0] for p in window["seat"]]
        shoulders = (chest[2] if chest else (max(xs) - min(xs)) / 2) * width
    cigarette = max((max(b[2] * width, b[3] * height) for b in cigarettes(truth)), default=None)
    return {"shoulders": shoulders, "cigarette": cigarette}


def scored(name, entries, predictions):
    """Every scored window of the stills of a set."""
    stills = {row["id"]: row for row in entries if row["kind"] == "still"}
    out = []
    for line in predictions.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        row = stills.get(said["id"])
        if row is None:
            continue
        window = next(w for w in row["windows"] if w["window"] == said["window"])
        truth = next(t for t in row["truth"] if t["window"] == said["window"])
        size = picture_size(row["media"])
        out.append(Scored(name, row["id"], window, truth, said, size, row.get("camera", ""), row.get("source", "unnamed"), row["media"],
                          pixels(truth, window, size)))
    return out


def answers(windows, signal, above=False):
    return Answers(a for w in windows if (a := w.answer(signal)) and (not above or w.is_above_floor(signal)))


def smoking_in_sight(windows):
    """Smoking above the size floor, without those whose cigarette lies where the agent may not look."""
    return answers([w for w in windows if w.shows_cigarette()], "smoking", above=True)


def is_small(box, size):
    return max(box[2] * size[0], box[3] * size[1]) < FLOORS["item"]


def desk(windows, above=False, only=None, in_sight=False):
    """(hits, said, cases) of clutter, or of one class. Items under the floor score neither way if `above`, those where the agent may not look
    neither way if `in_sight`."""
    total = [0, 0, 0]
    for w in windows:
        if w.truth.get("items") is None or not w.window.get("desk"):
            continue
        permitted = PERMITTED | set(w.window.get("permitted", ()))
        counts = (lambda c: c == only) if only else (lambda c: c not in permitted)
        truth, ignored = [], []
        for item in w.truth["items"]:
            box = item["box"]
            if item["class"] == "ignore" or (above and is_small(box, w.size)) or (in_sight and not w.shows(box)):
                ignored.append(box)
            elif counts(item["class"]):
                truth.append(box)
        said = [i for i in w.said["items"] if counts(i["class"]) and not (above and is_small(i["box"], w.size))]
        total = [a + b for a, b in zip(total, match(said, truth, ignored, ITEM_IOU))]
    return tuple(total)


def required(windows):
    """(hits, said, cases) of windows at which a required item is missing."""
    hits = said = cases = 0
    for w in windows:
        wanted = set(w.window.get("required", ()))
        if not wanted or w.truth.get("items") is None or not w.window.get("desk"):
            continue
        is_missing = bool(wanted - {i["class"] for i in w.truth["items"]})
        says = "desk" not in w.said and bool(wanted - {i["class"] for i in w.said["items"]})
        hits, said, cases = hits + (is_missing and says), said + says, cases + is_missing
    return hits, said, cases


def desk_is_right(w):
    """Whether it is right of a whole desk that there is, or is not, clutter on it; None where the truth is silent."""
    if w.truth.get("items") is None or not w.window.get("desk"):
        return None
    permitted = PERMITTED | set(w.window.get("permitted", ())) | {"ignore"}
    return any(i["class"] not in permitted for i in w.truth["items"]) == any(i["class"] not in permitted for i in w.said["items"])
