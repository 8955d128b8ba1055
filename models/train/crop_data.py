"""Caches of the chest crops (badge) and the head-and-hands crops (smoking): pixels, label and where the thing is."""
import time

import numpy as np

from . import augment, crops, data, held, paste
from .features import progress, rng_of
from .store import Store

BADGE_SIZE = (128, 128)
SMOKING_SIZE = (224, 224)
SHORTEST = 14            # pixels of the crop; less than this in sight of a drawn cigarette is not taught
SHARP_FROM = crops.CLOSER_FROM   # pixels of the picture along the longer side of a head-and-hands crop: from there on it is sharp
LENGTHS = 20, 129        # pixels of the crop: a whole cigarette, from a head with both hands to a head that fills the picture
NOWHERE = np.full(4, -1, np.float32)
SIGNS = .08              # of the head-and-hands crops get a window's number, before anything but the cigarette
COVERED = .2             # of the augmented chests get something in front of them
HIDDEN, PARTLY = .75, .45   # shares of where a badge hangs: from the first on nobody can tell, from the second on nothing is taught


def badge_label(window):
    """worn, missing; unclear where somebody is there whose badge the truth cannot tell (turned away, covered, face down)."""
    known = data.label(data.BADGE, window.truth.get("badge"))
    if known < 0 and window.synthetic and window.truth.get("presence") == "present":
        return data.BADGE.index("unclear")
    return known


def smoking_label(window):
    """Nobody smokes in `real_badge`, whose truth does not say so."""
    return 0 if window.set == "real_badge" else data.smoking_label(window.truth)


def moved(box, rng, shift=.08, scale=.12):
    """A crop as keypoints a little off would place it."""
    w, h = box[2] - box[0], box[3] - box[1]
    f = np.exp(rng.normal(0, scale))
    x, y = (box[0] + box[2]) / 2 + rng.normal(0, shift) * w, (box[1] + box[3]) / 2 + rng.normal(0, shift) * h
    return [x - w * f / 2, y - h * f / 2, x + w * f / 2, y + h * f / 2]


def truth_box(fractions, width, height, box, size):
    if fractions is None:
        return NOWHERE
    x, y, w, h = fractions
    corners = np.array([[x * width, y * height], [(x + w) * width, (y + h) * height]])
    return crops.to_net(corners, box, size).ravel().astype(np.float32)


def shown(window, rng=None):
    """(picture, polygons outside which it is grey; None: nowhere)"""
    picture = window.picture()
    if rng is not None and rng.random() < .4:
        return picture, None                                    # the mask is no clue
    polygons = window.polygons if rng is None else [augment.jittered(p, rng) for p in window.polygons]
    return crops.masked(picture, polygons), polygons


def outside(box, polygons):
    """Whether most of a box of fractions (x, y, width, height) lies in none of the polygons: nobody may look there."""
    if box is None or polygons is None:
        return False
    x, y, w, h = box
    points = [(x + w * (i + .5) / 4, y + h * (j + .5) / 4) for i in range(4) for j in range(4)]
    return sum(any(crops.inside(*point, p) for p in polygons) for point in points) < len(points) / 2


def finished(crop, box, rng, flip=True):
    """Photometric variety and mirroring of a crop with one box."""
    crop = augment.photometric(crop, rng)
    if flip and rng.random() < .5:
        crop = np.ascontiguousarray(crop[:, ::-1])
        if box[0] >= 0:
            box = np.array([crop.shape[1] - box[2], box[1], crop.shape[1] - box[0], box[3]], np.float32)
    return crop, box


def badge_variant(window, keypoints, number, rng):
    """(crop, label, box of the badge) or None where the keypoints give no chest."""
    picture, _ = shown(window, rng if number else None)
    height, width = picture.shape[:2]
    seat = window.geometry["seat"]
    box = crops.chest_box(keypoints, seat, width, height)
    if box is None:
        return None
    label = badge_label(window)
    if number:
        box = crops.clip(moved(box, rng), width, height) or box
    crop = crops.cut(picture, box, BADGE_SIZE)
    place = truth_box(window.truth.get("badge_box"), width, height, box, BADGE_SIZE)
    if not number:
        return crop, label, place
    scale = crops.body_scale(keypoints, crops.window_box(seat, width, height)) * crops.placement(box, BADGE_SIZE)[0] / (box[2] - box[0])
    neck = crops.to_net(crops._mean(keypoints, 5, 6)[None], box, BADGE_SIZE)[0]
    if label == 1 and rng.random() < .55:
        if rng.random() < .25:
            crop = paste.chest_distractor(crop, rng, neck, scale)
        crop, found = paste.badge(crop, rng, neck, scale)
        if found and found[1] < BADGE_SIZE[1] - 4 and 0 < (found[0] + found[2]) / 2 < BADGE_SIZE[0]:
            label, place = 0, np.array(found, np.float32)
        else:
            label = -1                                          # the card fell outside: no clear truth
    elif label == 1 and rng.random() < .5:
        crop = paste.chest_distractor(crop, rng, neck, scale)
    if label in (0, 1) and rng.random() < COVERED:
        crop, label, place = covered(crop, label, place, neck, scale, window.picture(), rng)
    crop, place = finished(crop, place, rng)
    return crop, label, place


def covered(crop, label, place, neck, scale, scenery, rng):
    """(crop, label, box) of a chest of known truth with something in front of it: `unclear` where that hides the badge, or most of where one would be."""
    height, width = scenery.shape[:2]
    side = rng.integers(12, max(13, min(height, width) // 2))
    x, y = rng.integers(0, width - side), rng.integers(0, height - side)
    crop, hidden = paste.cover(crop, rng, neck, scale, scenery[y:y + side, x:x + side])
    half, top, bottom = np.array(paste.BADGE_PLACE) * scale
    chest = paste.share_hidden(hidden, [neck[0] - half, neck[1] + top, neck[0] + half, neck[1] + bottom])
    gone = paste.share_hidden(hidden, place) if label == 0 and place[0] > -1 else chest
    if gone >= HIDDEN and (label == 1 or chest >= PARTLY):
        return crop, 2, NOWHERE
    return (crop, -1, NOWHERE) if gone >= PARTLY else (crop, label, place)


def is_sharp(window, keypoints):
    """Whether the head-and-hands crop covers so many pixels of the picture that a threshold of its own suits it."""
    height, width = window.picture().shape[:2]
    x0, y0, x1, y1 = crops.head_hands_box(keypoints, window.geometry["seat"], width, height)
    return bool(max(x1 - x0, y1 - y0) >= SHARP_FROM)


def closer_crops(window, keypoints):
    """What the agent looks at besides in a large head-and-hands crop."""
    picture, _ = shown(window, None)
    boxes = crops.closer_boxes(keypoints, window.geometry["seat"], *picture.shape[1::-1])
    return [crops.cut(picture, box, SMOKING_SIZE) for box in boxes]


def smoking_places(keypoints, scale):
    """Where a cigarette may be: ("mouth" or "hand", x, y) in picture pixels."""
    places = []
    if keypoints[0][2] >= .3:
        places.append(("mouth", *(keypoints[0][:2] + [0, crops.MOUTH_BELOW_NOSE * scale])))
    for elbow, wrist in ((7, 9), (8, 10)):
        if keypoints[wrist][2] >= .3 and keypoints[elbow][2] >= .2:
            places.append(("hand", *(keypoints[wrist][:2] + .3 * (keypoints[wrist][:2] - keypoints[elbow][:2]))))
    return places


def closer(box, keypoints, places, rng):
    """A crop of a part of `box`: as where the head fills the picture, where a wild wrist moved the crop, and where the picture is squeezed."""
    w, h = box[2] - box[0], box[3] - box[1]
    factor = np.exp(rng.uniform(np.log(.3), np.log(1.15)))
    squeeze = np.exp(rng.normal(0, .12))
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if places:
        _, px, py = places[0 if rng.random() < .6 else rng.integers(len(places))]
        t = 1 if factor < .6 else rng.uniform(0, 1) * (1.3 - min(factor, 1.3))
        x, y = x + t * (px - x), y + t * (py - y)
    x, y = x + rng.normal(0, .1) * w * factor, y + rng.normal(0, .1) * h * factor
    return [x - w * factor * squeeze / 2, y - h * factor / squeeze / 2, x + w * factor * squeeze / 2, y + h * factor / squeeze / 2]


def smoking_variant(window, keypoints, number, rng):
    """(crop, label, box of the cigarette) or None where the keypoints give no head and hands.

    Half of the people without a cigarette get one drawn, most others something that is mistaken for one.
    """
    picture, polygons = shown(window, rng if number else None)
    height, width = picture.shape[:2]
    seat = window.geometry["seat"]
    box = crops.head_hands_box(keypoints, seat, width, height)
    if box is None:
        return None
    label = smoking_label(window)
    masked_out = label == 1 and outside(window.truth.get("cigarette_box"), polygons)
    if not number:                                                  # who smokes where nobody may look counts, but does not teach
        place = truth_box(window.truth.get("cigarette_box"), width, height, box, SMOKING_SIZE)
        return crops.cut(picture, box, SMOKING_SIZE), -1 if masked_out and window.split == "train" else label, place
    scale = crops.body_scale(keypoints, crops.window_box(seat, width, height))
    places = smoking_places(keypoints, scale)
    near = closer(box, keypoints, places, rng) if label == 0 or rng.random() < .3 else moved(box, rng)
    near = crops.clip(near, width, height)
    if near and .5 < (near[2] - near[0]) / (near[3] - near[1]) < 2:  # a strip of the picture teaches little
        box = near
    crop = crops.cut(picture, box, SMOKING_SIZE)
    if (crop == crops.PAD).all(2).mean() > .4:                      # hardly anything of the window is left
        crop = crops.cut(window.picture(), box, SMOKING_SIZE)
    place = truth_box(window.truth.get("cigarette_box"), width, height, box, SMOKING_SIZE)
    if label == 1:
        x, y = (place[:2] + place[2:]) / 2 if place[0] > -1 else (0, 0)
        if masked_out or not (0 < x < SMOKING_SIZE[0] and 0 < y < SMOKING_SIZE[1]):
            label, place = -1, NOWHERE                              # whether it is seen is not known
    else:
        crop, label, place = with_something_held(crop, keypoints, places, scale, box, rng)
    if label == 0 and rng.random() < .25:
        crop = held.clutter(crop, rng)
    if rng.random() < SIGNS:
        crop = held.sign(crop, rng, spared=place)
    crop, place = finished(crop, place, rng)
    return crop, label, place


def with_something_held(crop, keypoints, places, scale, box, rng):
    """(crop, label, box) of a person without a cigarette, to whom one is given, or something else, or nothing."""
    tw, th, *_ = crops.placement(box, SMOKING_SIZE)
    s = scale * np.sqrt(tw / (box[2] - box[0]) * th / (box[3] - box[1]))
    if rng.random() < .6:                                           # keypoints of a close view seldom tell how large somebody is
        s = np.exp(rng.uniform(*np.log(LENGTHS))) / held.CIGARETTE[0]
    here = [(kind, *crops.to_net(np.array([[x, y]]), box, SMOKING_SIZE)[0]) for kind, x, y in places]
    here = [p for p in here if 4 < p[1] < SMOKING_SIZE[0] - 4 and 4 < p[2] < SMOKING_SIZE[1] - 4]
    draw = rng.random()
    if draw > .9:
        return crop, 0, NOWHERE
    here = here or [("hand", *rng.uniform(.2, .8, 2) * SMOKING_SIZE)]
    nose = crops.to_net(keypoints[:1, :2], box, SMOKING_SIZE)[0]
    smokes = draw < .5
    crop, seen = held.held(crop, rng, here, nose, s, smokes)
    if not smokes:
        return crop, 0, NOWHERE
    place = held.visible_box(crop, seen, SHORTEST)
    return (crop, -1, NOWHERE) if place is None else (crop, 1, place)


def fill(windows, poses, folder, kind, counts, real_times=1):
    """Caches variant 0 of every labelled window and `counts[label]` augmented ones of those that may train, `real_times` as many of the few real ones."""
    make, label_of = {"badge": (badge_variant, badge_label),
                      "smoking": (smoking_variant, smoking_label)}[kind]
    store = Store(folder, shard=512)
    todo = []
    for w in windows:
        label = label_of(w)
        trains = w.split == "train" or w.set == "real_badge"
        if label >= 0 or w.set == "real_smoking":
            many = counts[label] * (real_times if w.set == "real_badge" else 1) if trains else 0
            todo += [(w, v) for v in range(1 + many) if f"{w.key}#{v}" not in store]
    start = time.time()
    for n, (w, v) in enumerate(todo):
        name = f"{w.key}#{v}"
        made = make(w, poses[w], v, rng_of(name + kind))
        if made is not None:
            crop, label, place = made
            store.add(name, crop=crop, label=np.int64(label), place=place)
        progress(n + 1, len(todo), start, f"{kind} crops")
    store.flush()
    return store
