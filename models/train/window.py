"""The window head: presence and posture from MoveNet Thunder's maps and keypoints of the window crop."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import data, metrics
from .crop_heads import BADGE_GROUPS, badge_group, shoulder_px
from .export import export, save_figures
from .loop import train
from .store import Store

INPUTS = ["features_32", "features_16", "keypoints"]


class WindowHead(nn.Module):
    """Maps (1280x8x8, 168x16x16) and keypoints (1x1x17x3: y, x, score) → logits of presence and posture."""

    def __init__(self, width=48):
        super().__init__()
        self.deep = nn.Sequential(nn.Dropout2d(.1), nn.Conv2d(1280, width, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.middle = nn.Sequential(nn.Dropout2d(.1), nn.Conv2d(168, 32, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.AvgPool2d(2))
        self.mix = nn.Sequential(nn.Conv2d(width + 32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU())
        self.place = nn.Sequential(nn.Conv2d(64, 16, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.pose = nn.Sequential(nn.Linear(51, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.join = nn.Sequential(nn.Dropout(.3), nn.Linear(64 + 64 + 256 + 64, 64), nn.ReLU(), nn.Dropout(.2))
        self.presence = nn.Linear(64, 2)
        self.posture = nn.Linear(64, 5)

    def forward(self, features_32, features_16, keypoints):
        x = self.mix(torch.cat([self.deep(features_32), self.middle(features_16)], 1))
        pose = self.pose((keypoints.flatten(1) - .5) * 2)
        x = self.join(torch.cat([x.mean((2, 3)), x.amax((2, 3)), self.place(x).flatten(1), pose], 1))
        return self.presence(x), self.posture(x)


# What is known of a posture where the truth gives none: real people who stand or sit upright for a photograph.
NOT_SCORED, UPRIGHT_OR_STANDING = -1, -2


def labels_of(window):
    presence = data.label(data.PRESENCE, window.truth.get("presence"))
    posture = data.label(data.POSTURE, window.truth.get("posture"))
    if posture < 0 and window.set == "real_badge" and presence == 1:
        posture = UPRIGHT_OR_STANDING
    return presence, posture


def load(store_folder, windows):
    by_key = {w.key: w for w in windows}
    names, arrays = Store(store_folder).load(*INPUTS)
    keep = [i for i, n in enumerate(names) if n.rsplit("#", 1)[0] in by_key]
    found = [by_key[names[i].rsplit("#", 1)[0]] for i in keep]
    variants = np.array([int(names[i].rsplit("#", 1)[1]) for i in keep])
    labels = np.array([labels_of(w) for w in found])
    return found, variants, labels, {k: v[keep] for k, v in arrays.items()}


def loss_of(outputs, labels, weights):
    presence, posture = outputs
    y_presence, y_posture = labels[:, 0], labels[:, 1]
    loss = F.cross_entropy(presence, y_presence, weight=weights["presence"], ignore_index=-1, label_smoothing=.02)
    known = y_posture >= 0
    if known.any():
        loss = loss + F.cross_entropy(posture[known], y_posture[known], weight=weights["posture"], label_smoothing=.02)
    vague = y_posture == UPRIGHT_OR_STANDING
    if vague.any():
        p = posture[vague].log_softmax(1)
        loss = loss - .5 * torch.logsumexp(p[:, [0, 4]], 1).mean()
    return loss


def balance(labels, size, power=.5):
    """Weights of the classes by their rarity, between none (power 0) and full (1)."""
    counts = np.bincount(labels[labels >= 0], minlength=size).clip(1)
    w = (counts.sum() / counts) ** power
    return torch.tensor(w / w.mean(), dtype=torch.float32)


def fit(arrays, labels, rows, seed, epochs, checkpoint):
    net = WindowHead()
    weights = {"presence": balance(labels[rows, 0], 2), "posture": balance(labels[rows, 1], 5)}
    train(net, [arrays[n] for n in INPUTS], labels, rows, lambda out, y: loss_of(out, y, weights), seed, epochs, checkpoint, lr=1.5e-3)
    return net


@torch.no_grad()
def predict(net, arrays, rows):
    net.eval()
    parts = [net(*(torch.from_numpy(arrays[n][rows[i:i + 128]].astype(np.float32)) for n in INPUTS)) for i in range(0, len(rows), 128)]
    return [torch.cat(p).numpy() for p in zip(*parts)] if parts else [np.zeros((0, 2)), np.zeros((0, 5))]


def cross_validated(found, variants, labels, arrays, synthetic, real, epochs, cache):
    """Logits of the clean real crops from networks that saw none of their people, and their rows."""
    groups = np.array([badge_group(w) if w.set == "real_badge" else -1 for w in found])
    clean = np.flatnonzero(real & (variants == 0))
    presence, posture = np.zeros((len(clean), 2), np.float32), np.zeros((len(clean), 5), np.float32)
    for g in range(len(BADGE_GROUPS)):
        rows = np.flatnonzero(synthetic | (real & (variants > 0) & (groups != g)))
        net = fit(arrays, labels, rows, 1, epochs, cache / f"window-cv{g}.pt")
        mine = groups[clean] == g
        presence[mine], posture[mine] = predict(net, arrays, clean[mine])
    return clean, presence, posture


def run(windows, cache, weights_folder, epochs=14, seeds=(1, 2), cross_validate=True):
    found, variants, labels, arrays = load(cache / "window", windows)
    split = np.array([w.split for w in found])
    synthetic, real = split == "train", np.array([w.set == "real_badge" for w in found])
    rows = np.flatnonzero(synthetic | (real & (variants > 0)))
    print(f"window head: {len(rows)} training crops of {len(set(w.key for w in found))} windows")
    best = None
    tune, test = (np.flatnonzero((split == s) & (variants == 0)) for s in ("tune", "test"))
    for seed in seeds:
        net = fit(arrays, labels, rows, seed, epochs, cache / f"window-{seed}.pt")
        presence, posture = predict(net, arrays, tune)
        score = np.mean([metrics.per_class(presence.argmax(1), labels[tune, 0], data.PRESENCE)["macro_f1"],
                         metrics.per_class(posture.argmax(1), labels[tune, 1], data.POSTURE)["macro_f1"]])
        print(f"  seed {seed}: tune score {score:.4f}")
        if best is None or score > best[0]:
            best = (score, net)
    net = best[1]
    presence, posture = predict(net, arrays, tune)
    temperature = {"presence": metrics.fit_temperature(presence, labels[tune, 0]), "posture": metrics.fit_temperature(posture, labels[tune, 1].clip(-1))}
    thresholds = {"absent": .6, "present": .6, "upright": .4, "standing": .4}
    thresholds["absent"] = metrics.precision_threshold(metrics.softmax(presence, temperature["presence"])[:, 0], labels[tune, 0] == 0, .97, .6, .9)
    probabilities = metrics.softmax(posture, temperature["posture"])
    for i, name in enumerate(data.POSTURE[1:4], 1):
        known = labels[tune, 1] >= 0
        thresholds[name] = metrics.precision_threshold(probabilities[known, i], labels[tune, 1][known] == i, .96, .4, .8)
    figures = {"temperature": temperature, "thresholds": thresholds, "training_crops": len(rows),
               "tune": report(net, arrays, labels, tune, found, temperature, thresholds, "synthetic tune"),
               "test": report(net, arrays, labels, test, found, temperature, thresholds, "synthetic test")}
    export(net, {"features_32": (1280, 8, 8), "features_16": (168, 16, 16), "keypoints": (1, 17, 3)}, ["presence", "posture"], weights_folder / "window.onnx")
    figures["fairness"] = fairness(net, arrays, labels, test, found, temperature)
    save_figures(weights_folder, "window", figures)
    if cross_validate and real.any():
        clean, presence, posture = cross_validated(found, variants, labels, arrays, synthetic, real, max(1, epochs * 2 // 3), cache)
        p, q = metrics.softmax(presence, temperature["presence"]), metrics.softmax(posture, temperature["posture"])
        out = metrics.per_class(metrics.decide(p, [thresholds[n] for n in data.PRESENCE]), labels[clean, 0], data.PRESENCE)
        metrics.show("real_badge and its empty places, cross-validated, presence", out)
        figures["real_badge"] = {"title": "real_badge and people-free parts of it, cross-validated", "presence": out}
        people = labels[clean, 0] == 1
        said = metrics.decide(q, [thresholds[n] for n in data.POSTURE])[people]
        figures["real_badge_alarms"] = metrics.share(int(np.isin(said, [1, 2, 3]).sum()), int(people.sum()))
        print("posture alarms on posed real people:", figures["real_badge_alarms"], {n: int((said == i).sum()) for i, n in enumerate(data.POSTURE)}, "unknown", int((said < 0).sum()))
    save_figures(weights_folder, "window", figures)
    return net


def fairness(net, arrays, labels, rows, found, temperature):
    """Share of right postures by group of the rendered person."""
    _, posture = predict(net, arrays, rows)
    right = posture.argmax(1) == labels[rows, 1]
    known = labels[rows, 1] >= 0
    return metrics.by_group([found[i].truth.get("subject") if k else None for i, k in zip(rows, known)], right)


def report(net, arrays, labels, rows, found, temperature, thresholds, title):
    presence, posture = predict(net, arrays, rows)
    p = metrics.softmax(presence, temperature["presence"])
    q = metrics.softmax(posture, temperature["posture"])
    known = labels[rows, 1].clip(-1)
    out = {"presence": metrics.per_class(metrics.decide(p, [thresholds[n] for n in data.PRESENCE]), labels[rows, 0], data.PRESENCE),
           "posture": metrics.per_class(metrics.decide(q, [thresholds[n] for n in data.POSTURE]), known, data.POSTURE),
           "ece": {"presence": round(metrics.calibration_error(p, labels[rows, 0]), 3), "posture": round(metrics.calibration_error(q, known), 3)}}
    metrics.show(f"{title} presence", out["presence"])
    metrics.show(f"{title} posture", out["posture"])
    big = np.array([shoulder_px(found[i]) >= 80 for i in rows])
    out["posture_above_floor"] = metrics.per_class(metrics.decide(q, [thresholds[n] for n in data.POSTURE])[big], known[big], data.POSTURE)
    return out
