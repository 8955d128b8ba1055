"""The window head: presence and posture, from MoveNet Thunder's maps of the window crop and from the crop itself."""
import numpy as np
import torch
from torch.nn import functional as F

from . import crops, data, metrics
from .crop_heads import BADGE_GROUPS, badge_group, shoulder_px
from .export import export, save_figures
from .features import CROP_SIZE
from .loop import drawn, half, train
from .store import Store
from .window_nets import MAPS, Both, Eyes, MapsHead, heat_loss, varied

ARRAYS = [*MAPS, "crop", "points"]
MAPS_STEPS, EYES_STEPS, MAPS_BATCH, EYES_BATCH = 3000, 2600, 64, 32
HEAT = .15                      # weight of the points' maps beside the answers

# What is known of a posture where the truth gives none: real people who stand or sit upright for a photograph.
NOT_SCORED, UPRIGHT_OR_STANDING = -1, -2
# How often each kind is shown in training.
SHARES = {"upright": .33, "slumped": .18, "leaning_back": .13, "tilted": .13, "standing": .08, "absent": .10, "real": .05}


def labels_of(window):
    presence = data.label(data.PRESENCE, window.truth.get("presence"))
    posture = data.label(data.POSTURE, window.truth.get("posture"))
    if posture < 0 and window.set == "real_badge" and presence == 1:
        posture = UPRIGHT_OR_STANDING
    return presence, posture


class Cached:
    """The cached crops of the given windows."""

    def __init__(self, folder, windows):
        by_key = {w.key: w for w in windows}
        names, arrays = Store(folder).load(*ARRAYS)
        keep = [i for i, n in enumerate(names) if n.rsplit("#", 1)[0] in by_key]
        self.windows = [by_key[names[i].rsplit("#", 1)[0]] for i in keep]
        self.variants = np.array([int(names[i].rsplit("#", 1)[1]) for i in keep])
        self.labels = np.array([labels_of(w) for w in self.windows])
        self.arrays = {k: v[keep] for k, v in arrays.items()}
        self.split = np.array([w.split for w in self.windows])
        self.real = np.array([w.set == "real_badge" for w in self.windows])
        self.clean = self.variants == 0

    def batch(self, rows, names):
        return [torch.from_numpy(self.arrays[n][rows].astype(np.float32)) for n in names]

    def chance(self, rows):
        """Sampling weight of each of the rows."""
        kinds = np.array([data.POSTURE[y] if y >= 0 else "absent" if x == 0 else "real" for x, y in self.labels[rows]])
        counts = {k: (kinds == k).sum() for k in SHARES}
        return np.array([SHARES[k] / counts[k] for k in kinds])


def loss_of(presence, posture, labels):
    y_presence, y_posture = labels[:, 0], labels[:, 1]
    loss = F.cross_entropy(presence, y_presence, ignore_index=-1, label_smoothing=.02)
    known = y_posture >= 0
    if known.any():
        loss = loss + F.cross_entropy(posture[known], y_posture[known], label_smoothing=.02)
    vague = y_posture == UPRIGHT_OR_STANDING
    if vague.any():
        p = posture[vague].log_softmax(1)
        loss = loss - .5 * torch.logsumexp(p[:, [0, 4]], 1).mean()
    return loss


def fit_maps(c, rows, seed, steps, checkpoint):
    chance, net = c.chance(rows), MapsHead()

    def loss(generator):
        take = rows[drawn(len(rows), MAPS_BATCH, generator, chance)]
        return loss_of(*net(*c.batch(take, MAPS)), torch.from_numpy(c.labels[take]))
    return train(net, loss, steps, seed, checkpoint, lr=1.5e-3, what=f"maps {len(rows)}")


def fit_eyes(c, rows, seed, steps, checkpoint):
    chance, net = c.chance(rows), Eyes().to(memory_format=torch.channels_last)

    def loss(generator):
        take = rows[drawn(len(rows), EYES_BATCH, generator, chance)]
        pixels, points = c.batch(take, ["crop", "points"])
        x, points = varied(pixels.permute(0, 3, 1, 2), points, generator, crops.MIRRORED)
        with half():
            presence, posture, heat = net.all(x.contiguous(memory_format=torch.channels_last))
        return loss_of(presence.float(), posture.float(), torch.from_numpy(c.labels[take])) + HEAT * heat_loss(heat.float(), points)
    return train(net, loss, steps, seed, checkpoint, lr=1.2e-3, decay=2e-2, clip=3.0, slower=("backbone",), what=f"eyes {len(rows)}")


@torch.no_grad()
def predict(net, c, rows, names):
    """Logits (presence, posture) of the rows."""
    net.eval()
    out = []
    for i in range(0, len(rows), 64):
        inputs = c.batch(rows[i:i + 64], names)
        inputs = [x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) if n == "crop" else x for n, x in zip(names, inputs)]
        out.append([o.float().numpy() for o in net(*inputs)])
    return [np.concatenate(o) for o in zip(*out)] if out else [np.zeros((0, 2)), np.zeros((0, 5))]


def both(maps, eyes, share):
    return [(1 - share) * a + share * b for a, b in zip(maps, eyes)]


def log_loss(logits, labels):
    keep = labels >= 0
    return -np.log(metrics.softmax(logits[keep])[np.arange(keep.sum()), labels[keep]] + 1e-9).mean()


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
