"""The window head: presence and posture, from MoveNet Thunder's maps of the window crop and from the crop itself."""
import json

import numpy as np
import onnxruntime as ort
import torch
from torch.nn import functional as F

from . import crops, data, metrics, onnx_weights
from .crop_heads import BADGE_GROUPS, badge_group, shoulder_px
from .export import export, save_figures
from .features import CROP_SIZE
from .loop import drawn, half, train
from .store import Store
from .window_nets import MAPS, Both, Eyes, MapsHead, heat_loss, varied

ARRAYS = [*MAPS, "crop", "points"]
MAPS_STEPS, EYES_STEPS, MAPS_BATCH, EYES_BATCH = 3000, 2600, 64, 32
WORSE = .01                     # so much more log-loss is chance
HEAT = .15                      # weight of the points' maps beside the answers
LEANS = 1.35                    # least log-odds of `tilted` before the temperature: in clips, people who sit upright reached 0.85 for minutes, who leans far more

# What is known of a posture where the truth gives none: real people who stand or sit upright for a photograph.
NOT_SCORED, UPRIGHT_OR_STANDING = -1, -2
# How often each kind is shown in training.
SHARES = {"upright": .31, "slumped": .18, "leaning_back": .13, "tilted": .13, "standing": .08, "absent": .13, "empty": .04, "real": .05}


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
        kinds = np.array([data.POSTURE[y] if y >= 0 else ("empty" if real else "absent") if x == 0 else "real"
                          for (x, y), real in zip(self.labels[rows], self.real[rows])])
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


def fit_maps(c, rows, seed, steps, checkpoint, start=None):
    """`start`: go on from these weights, more slowly."""
    chance, net = c.chance(rows), start or MapsHead()

    def loss(generator):
        take = rows[drawn(len(rows), MAPS_BATCH, generator, chance)]
        return loss_of(*net(*c.batch(take, MAPS)), torch.from_numpy(c.labels[take]))
    return train(net, loss, steps, seed, checkpoint, lr=.6e-3 if start else 1.5e-3, what=f"maps {len(rows)}")


def fit_eyes(c, rows, seed, steps, checkpoint, start=None):
    """`start`: go on from these weights, more slowly."""
    chance, net = c.chance(rows), (start or Eyes()).to(memory_format=torch.channels_last)

    def loss(generator):
        take = rows[drawn(len(rows), EYES_BATCH, generator, chance)]
        pixels, points = c.batch(take, ["crop", "points"])
        x, points = varied(pixels.permute(0, 3, 1, 2), points, generator, crops.MIRRORED)
        with half():
            presence, posture, heat = net.all(x.contiguous(memory_format=torch.channels_last))
        return loss_of(presence.float(), posture.float(), torch.from_numpy(c.labels[take])) + HEAT * heat_loss(heat.float(), points)
    return train(net, loss, steps, seed, checkpoint, lr=.8e-3 if start else 1.2e-3, decay=2e-2, clip=3.0, slower=("backbone",),
                 what=f"eyes {len(rows)}")


def committed_networks(path, c, rows):
    """Both networks of the committed head; the rows show what their layers see."""
    both, inputs = Both(MapsHead(), Eyes(), (.5, .5)), c.batch(rows, [*MAPS, "crop"])
    onnx_weights.load(both, path, *inputs[:-1], inputs[-1].permute(0, 3, 1, 2))
    return both.maps, both.eyes


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


def mixed(maps, eyes, shares):
    return [(1 - s) * a + s * b for a, b, s in zip(maps, eyes, shares)]


def log_loss(logits, labels):
    """Mean log-loss of each question at its best temperature."""
    out = []
    for z, y in zip(logits, labels.clip(-1).T):
        p = metrics.softmax(z[y >= 0], metrics.fit_temperature(z, y))
        out.append(float(-np.log(p[np.arange(len(p)), y[y >= 0]] + 1e-9).mean()))
    return out


def best_shares(maps, eyes, labels):
    """The eyes' share in each answer, by log-loss. Both always have a say: each corrects the other where rendered pictures don't tell."""
    tried = [.25, .4, .5, .6, .75]
    losses = np.array([log_loss(mixed(maps, eyes, (s, s)), labels) for s in tried])
    return [tried[k] for k in losses.argmin(0)]


def score(logits, labels):
    """Mean macro F1 of both questions, without thresholds."""
    return float(np.mean([metrics.per_class(z.argmax(1), y, names)["macro_f1"]
                          for z, y, names in zip(logits, labels.clip(-1).T, (data.PRESENCE, data.POSTURE))]))


def thresholds_of(presence, posture, labels, temperature):
    """Least probability at which each class is said: precise first, because staff would be accused."""
    out = {"absent": metrics.precision_threshold(presence[:, 0], labels[:, 0] == 0, .99, .6, .9), "present": .6, "upright": .4, "standing": .4}
    known = labels[:, 1] >= 0
    for i, name in enumerate(data.POSTURE[1:4], 1):
        out[name] = metrics.precision_threshold(posture[known, i], labels[known, 1] == i, .98, .45, .75)
    out["tilted"] = max(out["tilted"], 1 / (1 + np.exp(-LEANS / temperature["posture"])))
    return out


def committed_logits(path, c, rows):
    """What the committed head says of the rows."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted, out = {i.name: i.shape for i in session.get_inputs()}, []
    for row in rows:
        inputs = {n: c.arrays[n][row].astype(np.float32) for n in wanted}
        inputs = {n: (x.transpose(2, 0, 1) if n == "crop" else x).reshape(wanted[n]) for n, x in inputs.items()}
        out.append(session.run(["presence", "posture"], inputs))
    return [np.concatenate(o) for o in zip(*out)]


def refuse_if_worse(path, logits, c, tune):
    """Ends the training before it replaces a better head: by log-loss on the scenes that tune, which trained neither."""
    if not path.exists():
        return
    new, old = (sum(log_loss(z, c.labels[tune])) for z in (logits, committed_logits(path, c, tune)))
    print(f"log-loss on the tuning scenes: {new:.3f}, of the committed head {old:.3f}")
    if new > old + WORSE:
        raise SystemExit(f"{path.name}: the new head is worse than the committed one; nothing was written")


class Judge:
    """Temperatures and thresholds, and the figures they give."""

    def __init__(self, logits, labels):
        names = ("presence", "posture")
        self.temperature = {n: metrics.fit_temperature(z, y) for n, z, y in zip(names, logits, labels.clip(-1).T)}
        self.thresholds = thresholds_of(*self.probabilities(logits), labels.clip(-1), self.temperature)

    def probabilities(self, logits):
        return [metrics.softmax(z, t) for z, t in zip(logits, self.temperature.values())]

    def decisions(self, logits):
        return [metrics.decide(p, [self.thresholds[n] for n in names]) for p, names in zip(self.probabilities(logits), (data.PRESENCE, data.POSTURE))]

    def report(self, logits, labels, windows, title):
        known, probabilities = labels.clip(-1), self.probabilities(logits)
        presence, posture = self.decisions(logits)
        big = np.array([shoulder_px(w) >= 80 for w in windows])
        out = {"presence": metrics.per_class(presence, known[:, 0], data.PRESENCE), "posture": metrics.per_class(posture, known[:, 1], data.POSTURE),
               "posture_above_floor": metrics.per_class(posture[big], known[big, 1], data.POSTURE),
               "ece": {n: round(metrics.calibration_error(p, y), 3) for n, p, y in zip(self.temperature, probabilities, known.T)}}
        metrics.show(f"{title} presence", out["presence"])
        metrics.show(f"{title} posture", out["posture"])
        return out


def cross_validated(c, rows, shares, part, cache):
    """Logits of the clean real crops from networks that saw none of their people, and their rows. Three folds of groups of people."""
    groups = np.array([badge_group(w) if w.set == "real_badge" else -1 for w in c.windows])
    clean = np.flatnonzero(c.real & c.clean)
    logits = [np.zeros((len(clean), 2), np.float32), np.zeros((len(clean), 5), np.float32)]
    for fold in range(3):
        mine, others = groups[clean] % 3 == fold, rows[~(c.real[rows] & (groups[rows] % 3 == fold))]
        maps = fit_maps(c, others, 1, int(MAPS_STEPS * part * .4), cache / f"window-maps-cv{fold}.pt")
        eyes = fit_eyes(c, others, 1, int(EYES_STEPS * part * .2), cache / f"window-eyes-cv{fold}.pt")
        found = mixed(predict(maps, c, clean[mine], MAPS), predict(eyes, c, clean[mine], ["crop"]), shares)
        for whole, piece in zip(logits, found):
            whole[mine] = piece
    return clean, logits


def real_figures(c, clean, logits, judge):
    """Presence of real people and of people-free places; and how often somebody who poses upright would be accused."""
    presence, posture = judge.decisions(logits)
    out = metrics.per_class(presence, c.labels[clean, 0], data.PRESENCE)
    metrics.show("real_badge and its empty places, cross-validated, presence", out)
    said = posture[c.labels[clean, 0] == 1]
    alarms = metrics.share(int(np.isin(said, [1, 2, 3]).sum()), len(said))
    print("posture alarms on posed real people:", alarms)
    return {"real_badge": {"title": "real_badge and people-free parts of it, cross-validated", "presence": out}, "real_badge_alarms": alarms}


def fairness(c, rows, logits):
    """Right postures by group of the rendered person."""
    known, right = c.labels[rows, 1] >= 0, logits[1].argmax(1) == c.labels[rows, 1]
    return metrics.by_group([c.windows[i].truth.get("subject") if k else None for i, k in zip(rows, known)], right)


def clean_rows(c):
    """The rows of the scenes that tune and of those that test, as the agent sees them."""
    return {split: np.flatnonzero((c.split == split) & c.clean) for split in ("tune", "test")}


def figures_of(judge, said, c, rows):
    """Temperatures, thresholds, and what they give; `said` and `rows` by split."""
    reports = {split: judge.report(said[split], c.labels[r], [c.windows[i] for i in r], f"synthetic {split}") for split, r in rows.items()}
    return {"temperature": judge.temperature, "thresholds": judge.thresholds, **reports, "fairness": fairness(c, rows["test"], said["test"])}


def judge_committed(windows, cache, weights_folder):
    """Temperatures, thresholds and figures of the committed head, as after a training; its cross-validation and candidates stay."""
    c = Cached(cache / "window", windows)
    rows = clean_rows(c)
    said = {split: committed_logits(weights_folder / "window.onnx", c, r) for split, r in rows.items()}
    judge = Judge(said["tune"], c.labels[rows["tune"]])
    figures = json.loads((weights_folder / "figures.json").read_text())["window"]
    save_figures(weights_folder, "window", figures | figures_of(judge, said, c, rows))


def run(windows, cache, weights_folder, part=1.0, seed=1, cross_validate=True, again=False):
    """Trains, reports, exports. `again`: goes on from the committed weights."""
    c = Cached(cache / "window", windows)
    rows, judged = np.flatnonzero((c.split == "train") | (c.real & ~c.clean)), clean_rows(c)
    tune = judged["tune"]
    print(f"window head: {len(rows)} training crops of {len({c.windows[i].key for i in rows})} windows")
    start = committed_networks(weights_folder / "window.onnx", c, rows[:: max(1, len(rows) // 64)]) if again else (None, None)
    maps = fit_maps(c, rows, seed, int(MAPS_STEPS * part), cache / f"window-maps-{seed}.pt", start[0])
    eyes = fit_eyes(c, rows, seed, int(EYES_STEPS * part), cache / f"window-eyes-{seed}.pt", start[1])
    each = {split: (predict(maps, c, r, MAPS), predict(eyes, c, r, ["crop"])) for split, r in judged.items()}
    shares = best_shares(*each["tune"], c.labels[tune])
    net = Both(maps, eyes, shares)
    said = {split: mixed(*both, shares) for split, both in each.items()}
    judge = Judge(said["tune"], c.labels[tune])
    figures = {"training_crops": len(rows), "eyes_shares": shares, "candidates": {}}
    for name, s in (("maps alone", (0, 0)), ("eyes alone", (1, 1)), ("both", shares)):
        logits = mixed(*each["tune"], s)
        figures["candidates"][name] = {"macro_f1": round(score(logits, c.labels[tune]), 3), "log_loss": [round(v, 3) for v in log_loss(logits, c.labels[tune])]}
    print(figures["candidates"])
    figures |= figures_of(judge, said, c, judged)
    refuse_if_worse(weights_folder / "window.onnx", said["tune"], c, tune)
    inputs = {"features_32": (1280, 8, 8), "features_16": (168, 16, 16), "keypoints": (1, 17, 3), "crop": (3, *CROP_SIZE)}
    export(net, inputs, ["presence", "posture"], weights_folder / "window.onnx", check=2e-2, half=True)
    save_figures(weights_folder, "window", figures)
    if cross_validate and c.real.any():
        clean, logits = cross_validated(c, rows, shares, part, cache)
        figures.update(real_figures(c, clean, logits, judge))
        save_figures(weights_folder, "window", figures)
    return net
