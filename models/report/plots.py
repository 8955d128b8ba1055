"""Plots as small SVG files: reliability and precision against recall, one panel a signal."""
from html import escape

from . import windows as w
from .figures import POSITIVE, interval

SIZE, GAP, EDGE = 180, 46, 34
COLOURS = ("#1f6fb2", "#b2471f", "#2f8f4e")
STYLE = ("<style>text{font:11px sans-serif;fill:#333}.frame{fill:none;stroke:#999}.grid{stroke:#ddd}.bar{stroke-width:1.5}"
         "@media (prefers-color-scheme:dark){text{fill:#ccc}.grid{stroke:#444}}</style>")


def panel(x, title, axes, marks):
    out = [f'<g transform="translate({x},{EDGE})"><rect class="frame" width="{SIZE}" height="{SIZE}"/>',
           f'<text x="{SIZE / 2}" y="-10" text-anchor="middle">{escape(title)}</text>',
           f'<text x="{SIZE / 2}" y="{SIZE + 28}" text-anchor="middle">{axes[0]}</text>',
           f'<text transform="translate(-24,{SIZE / 2}) rotate(-90)" text-anchor="middle">{axes[1]}</text>']
    for k in range(0, 11, 5):
        at = SIZE * k / 10
        out += [f'<line class="grid" x1="0" x2="{SIZE}" y1="{at}" y2="{at}"/><line class="grid" y1="0" y2="{SIZE}" x1="{at}" x2="{at}"/>',
                f'<text x="{at}" y="{SIZE + 13}" text-anchor="middle">{k / 10}</text><text x="-4" y="{SIZE - at + 4}" text-anchor="end">{k / 10}</text>']
    return "".join([*out, *marks, "</g>"])


def write(path, panels):
    width = EDGE + len(panels) * (SIZE + GAP)
    body = "".join(draw(EDGE + k * (SIZE + GAP)) for k, draw in enumerate(panels))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {SIZE + 2 * EDGE}" width="{width}">{STYLE}{body}</svg>\n')


def reliability(windows, path):
    """Share of right answers against confidence, with 95 % intervals; dots are as large as their share of the answers."""
    panels = []
    for signal in w.SIGNALS:
        said = w.answers(windows, signal, above=True)
        bins, marks = said.bins(), [f'<line class="grid" x1="0" y1="{SIZE}" x2="{SIZE}" y2="0"/>']
        total = sum(n for *_, n in bins)
        for confidence, right, n in bins:
            low, high = interval(round(right * n), n)
            x = confidence * SIZE
            marks.append(f'<line class="bar" stroke="{COLOURS[0]}" x1="{x:.1f}" x2="{x:.1f}" y1="{SIZE * (1 - low):.1f}" y2="{SIZE * (1 - high):.1f}"/>'
                         f'<circle fill="{COLOURS[0]}" cx="{x:.1f}" cy="{SIZE * (1 - right):.1f}" r="{2.5 + 5 * (n / total) ** 0.5:.1f}"/>')
        if bins:
            title = f"{signal}, ECE {said.calibration_error():.3f}, n={total}"
            panels.append(lambda x, t=title, m=marks: panel(x, t, ("confidence", "share right"), m))
    if panels:
        write(path, panels)
    return bool(panels)


def precision_recall(windows, path):
    """Precision against recall of the positive classes as the least confidence that counts is raised."""
    panels = []
    for signal, labels in POSITIVE.items():
        said, marks = w.answers(windows, signal, above=True), []
        for colour, label in zip(COLOURS, labels):
            cases = said.counts(label)[2]
            points, hits = [], 0
            for n, (truth, _, _) in enumerate(sorted((a for a in said.pairs if a[1] == label), key=lambda a: -a[2]), 1):
                hits += truth == label
                points.append(f"{SIZE * hits / cases:.1f},{SIZE * (1 - hits / n):.1f}" if cases else "")
            if cases and points:
                marks.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(points)}"/>'
                             f'<text x="8" y="{SIZE - 8 - 14 * labels.index(label)}" style="fill:{colour}">{label}</text>')
        if marks:
            panels.append(lambda x, t=signal, m=marks: panel(x, t, ("recall", "precision"), m))
    if panels:
        write(path, panels)
    return bool(panels)
