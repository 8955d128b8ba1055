"""Markdown tables of the report."""
from . import windows as w
from .figures import POSITIVE, f1, share

GROUPS = ("skin", "gender", "age", "hair", "clothing", "glasses")
SMALLEST_GROUP = 20
"""A group with fewer windows says nothing."""


def signal_rows(said, title=""):
    """Rows of one signal's answers: its positive classes, then all."""
    for label in said.labels():
        tp, count, cases = said.counts(label)
        if label in POSITIVE[title.split(",")[0]] or cases >= 10:
            yield f"| {title} | {label} | {share(tp, count)} | {share(tp, cases)} | {f1(tp, count, cases):.3f} |"
    yield f"| {title} | all | | unknown {share(said.unknown(), len(said))} | macro {said.macro():.3f} |"


def desk_rows(windows, above=False, in_sight=False):
    suffix = (", items ≥ 16 px" if above else "") + (IN_SIGHT if in_sight else "")
    for title, (tp, said, cases) in (
        ("clutter", w.desk(windows, above, in_sight=in_sight)),
        ("ashtray", w.desk(windows, above, "ashtray", in_sight)),
        ("required item missing", w.required(windows)),
    ):
        if said or cases:
            yield f"| desk{suffix} | {title} | {share(tp, said)} | {share(tp, cases)} | {f1(tp, said, cases):.3f} |"


IN_SIGHT = ", half of it inside the polygons"
HEAD = ["| signal | class | precision | recall | F1 |", "|---|---|---|---|---|"]


def signals(windows):
    """All signals of all sizes, and above the floors where that differs."""
    rows = []
    for signal in w.SIGNALS:
        said = w.answers(windows, signal)
        if not len(said):
            continue
        rows += signal_rows(said, signal)
        large = w.answers(windows, signal, above=True)
        if 0 < len(large) < len(said):
            unit = "cigarette" if signal == "smoking" else "shoulders"
            rows += signal_rows(large, f"{signal}, {unit} ≥ {w.FLOORS[signal]} px")
        if signal == "smoking" and len(seen := w.smoking_in_sight(windows)) < len(large):
            rows += signal_rows(seen, f"smoking, cigarette ≥ {w.FLOORS[signal]} px{IN_SIGHT}")
    rows += desk_rows(windows)
    rows += desk_rows(windows, above=True)
    rows += desk_rows(windows, above=True, in_sight=True)
    return HEAD + rows + [""] if rows else []


def group_of(subject, name):
    if name == "age":
        return "young" if subject["age"] < 0.55 else "middle" if subject["age"] < 0.75 else "old"
    return {True: "yes", False: "no"}.get(subject[name], subject[name])


def by_group(windows):
    """{(group, value): {signal: [right or not]}} above the size floors; of the desk, whether there is clutter or none."""
    columns = {signal: lambda x, s=signal: (a[0] == a[1]) if (a := x.answer(s)) and x.is_above_floor(s) else None for signal in w.SIGNALS}
    columns["desk"] = w.desk_is_right
    table = {}
    for x in windows:
        subject = x.truth.get("subject")
        for name in GROUPS if subject else ():
            if name in subject:
                for column, right in columns.items():
                    if (ok := right(x)) is not None:
                        table.setdefault((name, group_of(subject, name)), {}).setdefault(column, []).append(bool(ok))
    return table


def gaps(table):
    """(signal, gap, in words) between the worst and the best group that is large enough, the widest gap first."""
    found = []
    for column in (*w.SIGNALS, "desk"):
        for name in GROUPS:
            shares = {v: sum(c[column]) / len(c[column]) for (n, v), c in table.items() if n == name and len(c.get(column, ())) >= SMALLEST_GROUP}
            if len(shares) > 1:
                low, high = min(shares, key=shares.get), max(shares, key=shares.get)
                found.append((column, shares[high] - shares[low], f"{name} {low} {shares[low]:.3f}, {high} {shares[high]:.3f}"))
    return sorted(found, key=lambda gap: -gap[1])


def fairness(windows):
    """Share of right answers by group of the rendered person, and how far the worst group is from the best."""
    table = by_group(windows)
    if not table:
        return []
    columns = (*w.SIGNALS, "desk")
    rows = [f"| {name} {value} | " + " | ".join(share(sum(v), len(v)) if (v := cells.get(c)) else "–" for c in columns) + " |"
            for (name, value), cells in sorted(table.items())]
    far = [f"- {column}: {text} ({100 * gap:.1f} points)" for column, gap, text in gaps(table) if gap > 0.03]
    return ["| group | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns), *rows, "",
            f"More than three points between groups of at least {SMALLEST_GROUP}:" if far else
            f"No two groups of at least {SMALLEST_GROUP} are more than three points apart.", "", *far, *([""] if far else [])]


def by_view(windows):
    """Share of right answers by camera and by the width of the shoulders."""
    def line(title, part):
        cells = [share(a.right(), len(a)) if len(a := w.answers(part, s)) else "–" for s in w.SIGNALS]
        return f"| {title} | " + " | ".join(cells) + " |"

    cameras = sorted({x.camera for x in windows if x.camera})
    rows = [line(f"camera {c}", [x for x in windows if x.camera == c]) for c in cameras]
    for low, high in ((0, 40), (40, 80), (80, 120), (120, 10000)):
        part = [x for x in windows if low <= x.pixels["shoulders"] < high and x.truth.get("presence") == "present"]
        if part:
            rows.append(line(f"shoulders {low}–{high} px" if high < 10000 else f"shoulders from {low} px", part))
    return ["| | " + " | ".join(w.SIGNALS) + " |", "|---|" + "---|" * len(w.SIGNALS), *rows, ""]


def calibration(windows):
    cells = []
    for signal in w.SIGNALS:
        error = w.answers(windows, signal, above=True).calibration_error()
        if error is not None:
            cells.append(f"{signal} {error:.3f}")
    return ["Expected calibration error above the size floors (of what is said, unknown left out): " + ", ".join(cells) + ".", ""] if cells else []
