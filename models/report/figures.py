"""Shares with intervals, classes, calibration: the arithmetic of the report."""
import math

POSITIVE = {"presence": ("absent",), "posture": ("slumped", "leaning_back", "tilted"), "badge": ("missing",), "smoking": ("smoking",)}


def interval(hits, n):
    """95 % interval of a share (Wilson 1927)."""
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def share(hits, n):
    """`0.970 [0.93, 0.99] (n=112)`"""
    if not n:
        return "–"
    low, high = interval(hits, n)
    return f"{hits / n:.3f} [{low:.2f}, {high:.2f}] (n={n})"


def f1(tp, said, cases):
    return 2 * tp / (said + cases) if said + cases else 0.0


class Answers:
    """Pairs of truth and answer of one signal; `unknown` is an answer that counts against recall only."""

    def __init__(self, pairs):
        self.pairs = list(pairs)                  # (truth, said, confidence or None)

    def __len__(self):
        return len(self.pairs)

    def counts(self, label):
        """(right, said, cases)"""
        right = sum(t == s == label for t, s, _ in self.pairs)
        return right, sum(s == label for _, s, _ in self.pairs), sum(t == label for t, _, _ in self.pairs)

    def labels(self):
        return sorted({t for t, _, _ in self.pairs})

    def unknown(self):
        return sum(s == "unknown" for _, s, _ in self.pairs)

    def right(self):
        return sum(t == s for t, s, _ in self.pairs)

    def macro(self):
        return sum(f1(*self.counts(label)) for label in self.labels()) / len(self.labels()) if self.pairs else 0.0

    def bins(self, count=10):
        """(mean confidence, share right, n) of the answers that are known, by confidence."""
        out = []
        for k in range(count):
            mine = [(c, t == s) for t, s, c in self.pairs if s != "unknown" and c is not None and min(int(c * count), count - 1) == k]
            if mine:
                out.append((sum(c for c, _ in mine) / len(mine), sum(ok for _, ok in mine) / len(mine), len(mine)))
        return out

    def calibration_error(self):
        """Expected calibration error of what is said; None of nothing."""
        bins = self.bins()
        n = sum(b[2] for b in bins)
        return sum(abs(c - r) * m for c, r, m in bins) / n if n else None


def iou(a, b):
    """Of two boxes [x, y, width, height]."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(0.0, w) * max(0.0, h)
    return both / (a[2] * a[3] + b[2] * b[3] - both) if both else 0.0


def match(said, truth, ignored, threshold):
    """(hits, said, cases) as `edge-agent eval` counts them: one to one, the surest first, what is ignored scores neither way."""
    free, hits, count = list(truth), 0, 0
    for item in sorted(said, key=lambda item: -item["confidence"]):
        best = max(free, key=lambda box: iou(item["box"], box), default=None)
        if best is not None and iou(item["box"], best) >= threshold:
            free.remove(best)
            hits, count = hits + 1, count + 1
        elif not any(iou(item["box"], box) >= threshold for box in ignored):
            count += 1
    return hits, count, len(truth)
