"""Figures with their uncertainty, calibration, thresholds."""
import math

import numpy as np


def softmax(logits, temperature=1.0):
    z = np.asarray(logits, float) / temperature
    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def wilson(hits, n):
    """95 % interval of a share."""
    if n == 0:
        return (0.0, 1.0)
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n)))


def share(hits, n):
    """`0.97 [0.93, 0.99] (n=112)`"""
    if n == 0:
        return "– (n=0)"
    low, high = wilson(hits, n)
    return f"{hits / n:.3f} [{low:.2f}, {high:.2f}] (n={n})"


def fit_temperature(logits, labels):
    """The temperature of least log-loss, by a fine search."""
    labels = np.asarray(labels)
    keep = labels >= 0
    rows = np.arange(keep.sum())

    def loss(t):
        return -np.log(softmax(logits[keep], t)[rows, labels[keep]] + 1e-12).mean()
    return float(min(np.exp(np.linspace(np.log(.3), np.log(5), 60)), key=loss))


def calibration_error(probabilities, labels, bins=10):
    """Expected calibration error of the winning class."""
    labels = np.asarray(labels)
    keep = labels >= 0
    confidence, right = probabilities[keep].max(1), probabilities[keep].argmax(1) == labels[keep]
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(sum(abs(confidence[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in range(bins) if (place == b).any()))


def decide(probabilities, thresholds):
    """Index of the winning class, or -1 (unknown) where it stays under its threshold. One threshold per class."""
    best = probabilities.argmax(1)
    return np.where(probabilities.max(1) >= np.asarray(thresholds)[best], best, -1)


def per_class(decisions, labels, names):
    """precision, recall, f1 by class as the contract scores: unknown counts against recall, not against precision."""
    labels, decisions = np.asarray(labels), np.asarray(decisions)
    keep = labels >= 0
    labels, decisions = labels[keep], decisions[keep]
    table = {}
    for i, name in enumerate(names):
        tp = int(((decisions == i) & (labels == i)).sum())
        said, there = int((decisions == i).sum()), int((labels == i).sum())
        if there == 0 and said == 0:
            continue
        precision, recall = tp / said if said else 0.0, tp / there if there else 0.0
        table[name] = {"precision": share(tp, said), "recall": share(tp, there), "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 3)}
    unknown = int((decisions == -1).sum())
    return {"n": int(keep.sum()), "unknown": share(unknown, int(keep.sum())), "classes": table,
            "macro_f1": round(float(np.mean([r["f1"] for r in table.values()])), 3) if table else None}


def precision_threshold(probabilities, positive, precision, low=0.5, high=0.98):
    """The least threshold of a positive class at which its precision on these data is at least `precision`."""
    for threshold in np.arange(low, high + 1e-9, .01):
        said = probabilities >= threshold
        if said.any() and (positive[said]).mean() >= precision:
            return float(round(threshold, 2))
    return high


def least_score(parts, start):
    """The least score, from `start` on, that accuses no more than the allowed share of every part: (scores of people who do nothing wrong, share)."""
    score = start
    while score < .98 and any((scores >= score).mean() > allowed for scores, allowed in parts if len(scores)):
        score = round(score + .01, 2)
    return score


def logit(p):
    return np.log(p / (1 - p))


def average_precision(scores, positive):
    """Area under the steps of precision over recall, best score first; 0 without a positive."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    right = np.asarray(positive, float)[order]
    return float((right * right.cumsum() / (np.arange(len(right)) + 1)).sum() / max(right.sum(), 1))


def show(title, result):
    print(f"\n{title}: n={result['n']} unknown {result['unknown']} macro F1 {result['macro_f1']}")
    for name, row in result["classes"].items():
        print(f"  {name:13s} precision {row['precision']:28s} recall {row['recall']:28s} f1 {row['f1']}")


def by_group(subjects, right):
    """Share of right answers by group of the rendered person (`subject` of synthetic truth), with interval and n."""
    table = {}
    for subject, ok in zip(subjects, right):
        for name in ("skin", "gender", "hair", "clothing", "glasses") if subject else ():
            if name in subject:
                table.setdefault(f"{name} {subject[name]}", []).append(bool(ok))
        if subject and "age" in subject:
            table.setdefault("age " + ("young" if subject["age"] < .55 else "middle" if subject["age"] < .75 else "old"), []).append(bool(ok))
    return {k: share(sum(v), len(v)) for k, v in sorted(table.items())}
