"""How detections of desk items are fused, matched with the truth and judged, and where their thresholds lie."""
import numpy as np

from . import data, metrics
from .coco import WORDS
from .desk_data import CLUTTER as CLUTTER_NAMES, IGNORE
from .desk_net import CLASSES, SIZE
from .metrics import logit

CLUTTER = {data.ITEMS.index(name) for name in CLUTTER_NAMES}


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


def f_measure(tp, said, there, beta=1):
    """Of hits, what was said and what is there; with a beta under 1 precision counts more, above 1 recall."""
    return (1 + beta**2) * tp / max(said + beta**2 * there, 1e-9)


def best_thresholds(pictures):
    """By class, where a detection counts.

    Clutter is clutter whatever its class: one threshold for all of it, then for each class with enough truth another where
    that helps the whole. Precision counts more (F-measure with beta 0.5), because staff would be accused. An item that has to
    be there counts as missing where it is not found: of permitted classes recall counts more (beta 2, of the class alone).
    """
    chosen = np.full(CLASSES, .35)
    counts = np.bincount([int(row[0]) for _, truth in pictures for row in truth if row[0] >= 0], minlength=CLASSES)
    for label in set(range(CLASSES)) - CLUTTER:
        if counts[label] >= ENOUGH[0]:
            chosen[label] = best_of_class(pictures, label, 2)
    clutter = sorted(CLUTTER)

    def good(changed):
        tp, fp, fn = clutter_counts(pictures, changed)
        return f_measure(tp, tp + fp, tp + fn, .5)

    def with_(labels, threshold):
        changed = chosen.copy()
        changed[labels] = threshold
        return changed

    chosen = max((with_(clutter, t) for t in STEPS), key=good)
    for label in clutter:
        if counts[label] >= ENOUGH[1]:
            best = max((with_([label], t) for t in STEPS), key=good)
            if good(best) > good(chosen):
                chosen = best
    return chosen.round(3)


STEPS = np.arange(.15, .7, .025)
ENOUGH = 5, 20          # true boxes from which a permitted class, a class of clutter gets a threshold of its own


def best_of_class(pictures, label, beta):
    """The threshold of best F-measure of one class at IoU 0.3."""
    scores, n, best = [], 0, (0, .35)
    for found, truth in pictures:
        mine = truth[truth[:, 0] == label][:, 1:]
        n += len(mine)
        rows = found[found[:, 0] == label]
        scores += [(r[1], h >= 0) for r, h in zip(rows, match(rows[:, 2:], mine, .3))]
    for t in STEPS:
        tp, said = sum(h for s, h in scores if s >= t), sum(s >= t for s, _ in scores)
        f = f_measure(tp, said, n, beta)
        if f > best[0] + 1e-6:
            best = (f, t)
    return best[1]


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
