"""The desk detector: a light convolutional head on NanoDet's frozen neck maps of the desk crop."""
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import bases, data, metrics
from .coco import WORDS, CocoHead
from .desk_data import IGNORE, MAPS
from .export import export, save_figures
from .store import Store

CLASSES = len(data.ITEMS)
CELLS, STRIDE, SIZE = 52, 8, bases.DETECTOR_SIZE[0]


def block(channels):
    """A 3x3 convolution (added to its input where it is used)."""
    return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.LeakyReLU(.1))


class DeskHead(nn.Module):
    """Neck maps (128 channels at strides 8, 16, 32) → class logits and box distances at stride 8."""

    def __init__(self, width=64):
        super().__init__()
        self.inputs = nn.ModuleList(nn.Sequential(nn.LeakyReLU(.1), nn.Conv2d(128, width, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(.1)) for _ in MAPS)
        self.blocks = nn.ModuleList(nn.ModuleList(block(width) for _ in range(n)) for n in (3, 1, 1))
        self.heat = nn.Conv2d(width, CLASSES, 1)
        self.distances = nn.Conv2d(width, 4, 1)
        nn.init.constant_(self.heat.bias, -4.6)
        nn.init.constant_(self.distances.bias, 1.0)

    def raw(self, features_8, features_16, features_32):
        x = None
        for level, f in ((2, features_32), (1, features_16), (0, features_8)):
            y = self.inputs[level](f)
            x = y if x is None else y + F.interpolate(x, scale_factor=2, mode="nearest")
            for b in self.blocks[level]:
                x = x + b(x)
        return self.heat(x), self.distances(x).clamp(-3, 5).exp() * STRIDE


def peaks(logits):
    """Logits where a cell is its class's local maximum (3x3) and its own best class, -30 elsewhere."""
    peak = (logits >= F.max_pool2d(logits, 3, 1, 1)) & (logits >= logits.amax(1, keepdim=True))
    return torch.where(peak, logits, torch.full_like(logits, -30.0))


class Exported(nn.Module):
    """The exported form: our head at stride 8, then NanoDet's COCO head at strides 8, 16 and 32, each as logits of peaks and as
    distances (left, top, right, bottom) from the cell's centre in pixels of the 416x416 input.

    `shift` (28): what is added to the COCO logits of each class, so that one threshold a class serves both heads.
    """

    def __init__(self, head, coco, shift):
        super().__init__()
        self.head, self.coco = head, coco
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, features_8, features_16, features_32):
        logits, distances = self.head.raw(features_8, features_16, features_32)
        outputs = [peaks(logits), distances]
        for logits, distances in self.coco(features_8, features_16, features_32):
            outputs += [peaks(logits) + self.shift, distances]
        return tuple(outputs)


OUTPUTS = ["heat_8", "box_8", "heat_coco_8", "box_coco_8", "heat_coco_16", "box_coco_16", "heat_coco_32", "box_coco_32"]


def targets(boxes):
    """Heat (n, classes, 52, 52), weight of every cell (0: ignored), distances (n, 4, 52, 52) and where they are taught."""
    n = len(boxes)
    heat, weight = np.zeros((n, CLASSES, CELLS, CELLS), np.float32), np.ones((n, 1, CELLS, CELLS), np.float32)
    distance, taught = np.zeros((n, 4, CELLS, CELLS), np.float32), np.zeros((n, CELLS, CELLS), np.float32)
    grid = (np.arange(CELLS) + .5) * STRIDE
    for k in range(n):
        rows = [b for b in boxes[k].astype(np.float32) if b[0] > -1.5]
        for label, x0, y0, x1, y1 in rows:
            if label == IGNORE:
                a, b = (grid >= x0) & (grid <= x1), (grid >= y0) & (grid <= y1)
                weight[k, 0][np.ix_(b, a)] = 0
        for label, x0, y0, x1, y1 in sorted((r for r in rows if r[0] >= 0), key=lambda r: -(r[3] - r[1]) * (r[4] - r[2])):
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            i, j = int(np.clip(cx // STRIDE, 0, CELLS - 1)), int(np.clip(cy // STRIDE, 0, CELLS - 1))
            sx, sy = max((x1 - x0) / STRIDE / 6, .45), max((y1 - y0) / STRIDE / 6, .45)
            bump = np.exp(-((grid[None] - grid[i]) / STRIDE) ** 2 / (2 * sx * sx) - ((grid[:, None] - grid[j]) / STRIDE) ** 2 / (2 * sy * sy))
            heat[k, int(label)] = np.maximum(heat[k, int(label)], bump)
            heat[k, int(label), j, i] = 1
            weight[k, 0, j, i] = 1
            near = bump > .45
            near[j, i] = True
            distance[k, :, near] = np.stack(np.broadcast_arrays(grid[None] - x0, grid[:, None] - y0, x1 - grid[None], y1 - grid[:, None]), -1)[near].clip(1, 600)
            taught[k][near] = 1
    return [torch.from_numpy(a) for a in (heat, weight, distance, taught)]


def loss_of(logits, distances, boxes, class_weight):
    heat, weight, distance, taught = targets(boxes)
    p = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    centre = heat >= .999
    positive = -(1 - p) ** 2 * p.log() * centre
    negative = -(1 - heat) ** 4 * p ** 2 * (1 - p).log() * ~centre * weight
    focal = ((positive + negative) * class_weight.view(1, -1, 1, 1)).sum() / centre.sum().clamp(min=1)
    on = taught > 0
    if not on.any():
        return focal
    a, b = distances.permute(0, 2, 3, 1)[on], distance.permute(0, 2, 3, 1)[on]
    overlap = (torch.minimum(a[:, 0], b[:, 0]) + torch.minimum(a[:, 2], b[:, 2])) * (torch.minimum(a[:, 1], b[:, 1]) + torch.minimum(a[:, 3], b[:, 3]))
    hull = (torch.maximum(a[:, 0], b[:, 0]) + torch.maximum(a[:, 2], b[:, 2])) * (torch.maximum(a[:, 1], b[:, 1]) + torch.maximum(a[:, 3], b[:, 3]))
    union = (a[:, 0] + a[:, 2]) * (a[:, 1] + a[:, 3]) + (b[:, 0] + b[:, 2]) * (b[:, 1] + b[:, 3]) - overlap
    giou = overlap / union - (hull - union) / hull
    return focal + 2 * (1 - giou).mean()


def load(folder, windows):
    by_key = {w.key: w for w in windows}
    names, arrays = Store(folder).load("boxes", *MAPS)
    found = [by_key.get(n.rsplit("#", 1)[0]) for n in names]
    return found, np.array([int(n.rsplit("#", 1)[1]) for n in names]), arrays


def fit(arrays, rows, seed, epochs, checkpoint, batch=16, lr=2e-3, start_from=None):
    """Trains the head; `start_from`: a checkpoint whose weights are the start (a set has grown since)."""
    torch.manual_seed(seed)
    net, generator = DeskHead().to(memory_format=torch.channels_last), np.random.default_rng(seed)
    if start_from:
        net.load_state_dict(torch.load(start_from, weights_only=False)["net"])
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=2e-2)
    steps = len(rows) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps * epochs + 1, pct_start=.15)
    labels = arrays["boxes"][rows][..., 0].astype(int)
    counts = np.bincount(labels[labels >= 0], minlength=CLASSES)
    class_weight = torch.tensor(np.where(counts > 0, (counts.max() / counts.clip(1)) ** .35, 1).clip(1, 2.5), dtype=torch.float32)
    first = 0
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state["rows"] == len(rows) and state["epochs"] == epochs:
            net.load_state_dict(state["net"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            first = state["epoch"]
    start = time.time()
    for epoch in range(first, epochs):
        net.train()
        order, total = generator.permutation(rows)[:steps * batch], 0.0
        for step in range(steps):
            take = np.sort(order[step * batch:(step + 1) * batch])
            maps = [torch.from_numpy(arrays[m][take].astype(np.float32)).contiguous(memory_format=torch.channels_last) for m in MAPS]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                x = net.raw(*maps)
            loss = loss_of(x[0].float(), x[1].float(), arrays["boxes"][take], class_weight)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
            if step % 10 == 0:
                done = (epoch - first) * steps + step + 1
                left = (time.time() - start) / done * (steps * (epochs - first) - done)
                print(f"\r  epoch {epoch + 1}/{epochs} loss {total / (step + 1):.3f}, {left / 60:.1f} min left ", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        if checkpoint:
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(), "epoch": epoch + 1,
                        "rows": len(rows), "epochs": epochs}, checkpoint)
    return net


def overlaps(a, b):
    """IoU of every box of a with every box of b."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = np.prod((high - low).clip(0), 2)
    area = lambda v: np.prod((v[:, 2:] - v[:, :2]).clip(0), 1)
    return inner / (area(a)[:, None] + area(b)[None] - inner + 1e-9)


def suppressed(rows, keep=60, same=.55):
    """Rows (class, score, x0, y0, x1, y1), best first; one that overlaps a better one by more than `same` is dropped, whatever its class."""
    rows = rows[np.argsort(-rows[:, 1], kind="stable")]
    out = []
    for k in range(len(rows)):
        if not out or overlaps(rows[k:k + 1, 2:], rows[out, 2:]).max() <= same:
            out.append(k)
        if len(out) == keep:
            break
    return rows[out]


def cells_to_rows(logits, distances, least=.05, most=150):
    """One level (classes, n, n), (4, n, n) → rows (class, score, x0, y0, x1, y1)."""
    scores = 1 / (1 + np.exp(-logits))
    cells = logits.shape[1]
    grid = (np.arange(cells) + .5) * SIZE / cells
    label, j, i = np.nonzero(scores >= least)
    order = np.argsort(-scores[label, j, i])[:most]
    label, j, i = label[order], j[order], i[order]
    d = distances[:, j, i]
    return np.column_stack([label, scores[label, j, i], grid[i] - d[0], grid[j] - d[1], grid[i] + d[2], grid[j] + d[3]])


@torch.no_grad()
def predict(net, arrays, rows):
    """For every row: detections of our head, and those of the COCO head with COCO's own scores."""
    net.eval()
    exported = Exported(net, CocoHead(), np.zeros(CLASSES)).eval()
    ours, theirs = [], []
    for i in range(0, len(rows), 16):
        out = [o.numpy() for o in exported(*(torch.from_numpy(arrays[m][rows[i:i + 16]].astype(np.float32)) for m in MAPS))]
        for k in range(len(out[0])):
            ours.append(cells_to_rows(out[0][k], out[1][k]))
            theirs.append(np.concatenate([cells_to_rows(out[level][k], out[level + 1][k], .2) for level in (2, 4, 6)]))
    return ours, theirs


def logit(p):
    return np.log(p / (1 - p))


def fused(ours, theirs, thresholds, coco_from):
    """Both heads' detections, COCO's shifted so that its score `coco_from` (by class; 1: never) becomes the class's threshold."""
    found = []
    for own, coco in zip(ours, theirs):
        label = coco[:, 0].astype(int)
        coco = coco[coco_from[label] < 1].copy()
        label = coco[:, 0].astype(int)
        coco[:, 1] = 1 / (1 + np.exp(-(logit(coco[:, 1].clip(1e-6, 1 - 1e-6)) - logit(coco_from[label]) + logit(thresholds[label]))))
        found.append(suppressed(np.concatenate([own, coco[coco[:, 1] >= .05]])))
    return found


def match(found, truth, least=.5):
    """Greedy one-to-one matches of detections (best first) with truth boxes: index of truth or -1."""
    used, result = set(), []
    iou = overlaps(found, truth) if len(found) and len(truth) else np.zeros((len(found), len(truth)))
    for row in iou:
        best = max((k for k in range(len(truth)) if k not in used), key=lambda k: row[k], default=None)
        if best is not None and row[best] >= least:
            used.add(best)
            result.append(best)
        else:
            result.append(-1)
    return result


def average_precision(pictures, label, least=.5):
    """AP at IoU `least` of one class; pictures: (detections, truth rows)."""
    scored, n = [], 0
    for found, truth in pictures:
        mine = truth[truth[:, 0] == label][:, 1:]
        ignored = truth[truth[:, 0] == IGNORE][:, 1:]
        n += len(mine)
        rows = found[found[:, 0] == label]
        for row, hit in zip(rows, match(rows[:, 2:], mine, least)):
            if hit < 0 and len(ignored) and overlaps(row[None, 2:], ignored).max() > .3:
                continue
            scored.append((row[1], hit >= 0))
    if n == 0:
        return None, 0
    scored.sort(reverse=True)
    hits = np.cumsum([h for _, h in scored]) if scored else np.array([])
    if not len(hits):
        return 0.0, n
    recall, precision = hits / n, hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * precision)), n


CLUTTER = set(range(data.ITEMS.index("cup"), CLASSES))


def clutter_counts(pictures, thresholds):
    """Hits, false and missed clutter boxes at IoU 0.3, classes alike. `thresholds` by class index."""
    tp = fp = fn = 0
    for found, truth in pictures:
        keep = np.array([r[0] in CLUTTER and r[1] >= thresholds[int(r[0])] for r in found], bool)
        rows = found[keep] if len(found) else found
        mine = np.array([t[1:] for t in truth if t[0] in CLUTTER]).reshape(-1, 4)
        ignored = truth[truth[:, 0] == IGNORE][:, 1:]
        hits = match(rows[:, 2:], mine, .3)
        tp += sum(h >= 0 for h in hits)
        fn += len(mine) - sum(h >= 0 for h in hits)
        fp += sum(h < 0 and not (len(ignored) and overlaps(r[None, 2:], ignored).max() > .3) for r, h in zip(rows, hits))
    return tp, fp, fn


def best_thresholds(pictures):
    """By class, the threshold of best F1 at IoU 0.3 with precision counted one and a half times."""
    chosen = np.full(CLASSES, .35)
    for label in range(CLASSES):
        scores, n = [], 0
        for found, truth in pictures:
            mine = truth[truth[:, 0] == label][:, 1:]
            n += len(mine)
            rows = found[found[:, 0] == label]
            scores += [(r[1], h >= 0) for r, h in zip(rows, match(rows[:, 2:], mine, .3))]
        if n < 5:
            continue
        best = (0, .35)
        for t in np.arange(.15, .7, .025):
            tp, said = sum(h for s, h in scores if s >= t), sum(s >= t for s, _ in scores)
            precision, recall = tp / max(said, 1), tp / n
            f = 1.5625 * precision * recall / max(.5625 * precision + recall, 1e-9)
            if f > best[0] + 1e-6:
                best = (f, t)
        chosen[label] = best[1]
    return chosen.round(3)


def truths_of(arrays, rows):
    boxes = arrays["boxes"][rows].astype(np.float32)
    return [b[b[:, 0] > -1.5] for b in boxes]


def class_counts(pictures, label, threshold):
    """Hits, said and there of one class at IoU 0.3."""
    tp = said = there = 0
    for found, truth in pictures:
        mine = truth[truth[:, 0] == label][:, 1:]
        ignored = truth[truth[:, 0] == IGNORE][:, 1:]
        rows = found[(found[:, 0] == label) & (found[:, 1] >= threshold)]
        for row, hit in zip(rows, match(rows[:, 2:], mine, .3)):
            if hit < 0 and len(ignored) and overlaps(row[None, 2:], ignored).max() > .3:
                continue
            said, tp = said + 1, tp + (hit >= 0)
        there += len(mine)
    return tp, said, there


def choose_coco(ours, theirs, truths, thresholds):
    """By class, the COCO score from which its detections are taken: the least that costs the tuning scenes no F1, and where
    these hold no such item, at most one false box in a hundred desks. Never under 0.5."""
    chosen = np.ones(CLASSES)
    words = {data.ITEMS.index(w) for w in WORDS.values()}
    for label in sorted(words):
        off = np.ones(CLASSES)
        tp, said, there = class_counts(list(zip(fused(ours, theirs, thresholds, off), truths)), label, thresholds[label])
        alone = 2 * tp / max(said + there, 1)
        for start in (.5, .55, .6, .7, .8):
            off[label] = start
            tp, said, there = class_counts(list(zip(fused(ours, theirs, thresholds, off), truths)), label, thresholds[label])
            if (there >= 5 and 2 * tp / max(said + there, 1) >= alone - .003) or (there < 5 and said - tp <= .01 * len(truths)):
                chosen[label] = start
                break
    return chosen


def report(title, pictures, thresholds):
    tp, fp, fn = clutter_counts(pictures, thresholds)
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    out = {"pictures": len(pictures), "clutter": {"precision": metrics.share(tp, tp + fp), "recall": metrics.share(tp, tp + fn), "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 3)}, "ap50": {}}
    print(f"\n{title}: {len(pictures)} desks, clutter precision {out['clutter']['precision']} recall {out['clutter']['recall']} f1 {out['clutter']['f1']}")
    for label, name in enumerate(data.ITEMS):
        ap, n = average_precision(pictures, label)
        if ap is not None:
            out["ap50"][name] = {"ap50": round(ap, 3), "n": n}
            print(f"  {name:14s} AP50 {ap:.3f} n={n} threshold {thresholds[label]:.2f}")
    out["mean_ap50"] = round(float(np.mean([v["ap50"] for v in out["ap50"].values()])), 3)
    print(f"  mean AP50 {out['mean_ap50']}")
    return out


def run(windows, cache, folder, epochs=12, seed=1, lr=2e-3, start_from=None):
    found, variants, arrays = load(cache / "desk", windows)
    split = np.array([w.split if w else "none" for w in found])
    rows = np.flatnonzero(split == "train")
    tune, test = (np.flatnonzero((split == s) & (variants == 0)) for s in ("tune", "test"))
    print(f"desk detector: {len(rows)} training crops")
    net = fit(arrays, rows, seed, epochs, cache / f"desk-{seed}.pt", lr=lr, start_from=start_from)
    ours, theirs = predict(net, arrays, tune)
    truths, off = truths_of(arrays, tune), np.ones(CLASSES)
    thresholds = best_thresholds(list(zip(fused(ours, theirs, np.full(CLASSES, .35), off), truths)))
    coco_from = choose_coco(ours, theirs, truths, thresholds)
    print("COCO from", {n: c for n, c in zip(data.ITEMS, coco_from) if c < 1})
    figures = {"thresholds": dict(zip(data.ITEMS, thresholds.tolist())), "coco_from": {n: float(c) for n, c in zip(data.ITEMS, coco_from) if c < 1},
               "training_crops": len(rows), "tune": report("desk, synthetic tune", list(zip(fused(ours, theirs, thresholds, coco_from), truths)), thresholds)}
    ours, theirs = predict(net, arrays, test)
    truths = truths_of(arrays, test)
    figures["test_without_coco"] = report("desk, synthetic test, our head alone", list(zip(fused(ours, theirs, thresholds, off), truths)), thresholds)
    figures["test"] = report("desk, synthetic test", list(zip(fused(ours, theirs, thresholds, coco_from), truths)), thresholds)
    shift = np.where(coco_from < 1, logit(thresholds) - logit(coco_from.clip(0, .99)), -30.0)
    shapes = {"features_8": (128, 52, 52), "features_16": (128, 26, 26), "features_32": (128, 13, 13)}
    export(Exported(net, CocoHead(), shift), shapes, OUTPUTS, folder / "desk.onnx", check=5e-2)
    save_figures(folder, "desk", figures)
    return net
