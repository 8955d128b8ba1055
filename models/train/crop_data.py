"""Caches of the chest crops (badge) and the head-and-hands crops (smoking): pixels, label and where the thing is."""
import time

import numpy as np

from . import augment, crops, data, paste
from .features import progress, rng_of
from .store import Store

BADGE_SIZE = (128, 128)
SMOKING_SIZE = (160, 160)
NOWHERE = np.full(4, -1, np.float32)


def badge_label(window):
    """worn, missing; unclear where somebody is there whose badge the truth cannot tell (turned away, covered, face down)."""
    known = data.label(data.BADGE, window.truth.get("badge"))
    if known < 0 and window.synthetic and window.truth.get("presence") == "present":
        return data.BADGE.index("unclear")
    return known


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
    picture = window.picture()
    if rng is not None and rng.random() < .4:
        return picture                                          # the mask is no clue
    return crops.masked(picture, window.polygons if rng is None else [augment.jittered(p, rng) for p in window.polygons])


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
    picture = shown(window, rng if number else None)
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
    if label == 0 and place[0] >= 0 and rng.random() < .08:     # something in front of the badge
        x0, y0, x1, y1 = (place + [-4, -4, 4, 4]).clip(0, 128).astype(int)
        if x1 > x0 and y1 > y0:
            crop = crop.copy()
            crop[y0:, max(0, x0 - 30):x1 + 30] = rng.integers(0, 255, 3)
            label, place = 2, NOWHERE
    crop, place = finished(crop, place, rng)
    return crop, label, place


def smoking_places(keypoints, scale):
    """Where a cigarette may be: the mouth and the hands, in picture pixels."""
    places = []
    if keypoints[0][2] >= .3:
        places.append(keypoints[0][:2] + [0, .13 * scale])
    for elbow, wrist in ((7, 9), (8, 10)):
        if keypoints[wrist][2] >= .3 and keypoints[elbow][2] >= .2:
            places.append(keypoints[wrist][:2] + .3 * (keypoints[wrist][:2] - keypoints[elbow][:2]))
    return places


def smoking_variant(window, keypoints, number, rng):
    """(crop, label, box of the cigarette) or None where the keypoints give no head and hands."""
    picture = shown(window, rng if number else None)
    height, width = picture.shape[:2]
    seat = window.geometry["seat"]
    box = crops.head_hands_box(keypoints, seat, width, height)
    if box is None:
        return None
    label = 0 if window.set == "real_badge" else data.smoking_label(window.truth)
    if number:
        box = crops.clip(moved(box, rng), width, height) or box
    crop = crops.cut(picture, box, SMOKING_SIZE)
    place = truth_box(window.truth.get("cigarette_box"), width, height, box, SMOKING_SIZE)
    if not number:
        return crop, label, place
    factor = crops.placement(box, SMOKING_SIZE)[0] / (box[2] - box[0])
    scale = crops.body_scale(keypoints, crops.window_box(seat, width, height))
    places = smoking_places(keypoints, scale)
    if label == 0 and places:
        where = crops.to_net(places[rng.integers(len(places))][None], box, SMOKING_SIZE)[0]
        draw = rng.random()
        if draw < .35:
            crop, found = paste.cigarette(crop, rng, where, scale * factor)
            inside = found and found[0] > 0 and found[1] > 0 and found[2] < SMOKING_SIZE[0] and found[3] < SMOKING_SIZE[1]
            long = found and max(found[2] - found[0], found[3] - found[1])
            label, place = (1, np.array(found, np.float32)) if inside and long >= 6 else (-1, NOWHERE)
        elif draw < .6:
            crop = paste.hand_distractor(crop, rng, where, scale * factor)
    elif label == 1 and rng.random() < .15 and places:
        crop = paste.hand_distractor(crop, rng, crops.to_net(places[-1][None], box, SMOKING_SIZE)[0] + rng.normal(0, 6, 2), scale * factor)
    crop, place = finished(crop, place, rng)
    return crop, label, place


def fill(windows, poses, folder, kind, counts):
    """Caches variant 0 of every labelled window and `counts[label]` augmented ones of those that may train."""
    make, label_of = {"badge": (badge_variant, badge_label),
                      "smoking": (smoking_variant, lambda w: 0 if w.set == "real_badge" else data.smoking_label(w.truth))}[kind]
    store = Store(folder, shard=512)
    todo = []
    for w in windows:
        label = label_of(w)
        trains = w.split == "train" or w.set == "real_badge"
        if label >= 0 or w.set == "real_smoking":
            todo += [(w, v) for v in range(1 + (counts[label] if trains else 0)) if f"{w.key}#{v}" not in store]
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
