"""Scores every labelled set and writes models/RESULTS.md: synthetic and real apart, with what each figure may be trusted for.

    python models/results.py [--agent target/debug/edge-agent] [--data ../shared/data] [--out models/RESULTS.md]

Reports, predictions and pages stay in target/eval. Sets that are not there are skipped, loudly.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CHUANGMING_SHARED", ROOT.parent / "shared"))

# What a reader must know before believing a figure.
NOTES = {
    "synthetic": "Rendered stills. Four in five of its scenes were used to train or tune the heads: the next table holds the others.",
    "synthetic, held out": "The scenes of `synthetic` whose seed is divisible by five; no head was trained or tuned on them.",
    "real_badge": "Photographs of a few students of one campus. The badge head was trained on them too: this table shows that the whole way "
                  "works, not how well it does on new people. The cross-validated figure is in weights/CARD.md.",
    "real_smoking": "Web pictures, advertisements and film stills among them, mostly close-ups without a counter. No weights were trained on "
                    "them; the threshold of the smoking head was chosen with them in view.",
    "clip": "A rendered clip of 36 s with two windows, through the same pipeline as a camera.",
    "bundled clips": "The clips of the demo, rendered by scenes/.",
}


def sets(data):
    """(name, folder) of every set that is there."""
    found = []
    for name in ("synthetic", "clip", "real_badge", "real_smoking"):
        if (data / name / "manifest.jsonl").exists():
            found.append((name, data / name))
        else:
            print(f"SKIPPED: {data / name} is not there", file=sys.stderr)
    others = sorted(p.parent for p in data.glob("*/manifest.jsonl") if p.parent.name not in NOTES)
    return found + [(folder.name, folder) for folder in others]


def held_out(folder, out):
    """The same set with only the scenes that nothing was trained or tuned on."""
    out.mkdir(parents=True, exist_ok=True)
    lines = []
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        if int(re.sub(r"\D", "", row["id"]) or 1) % 5 == 0:
            row["media"] = str((folder / row["media"]).resolve())
            for window in row["windows"]:
                if window.get("reference"):
                    window["reference"] = str((folder / window["reference"]).resolve())
            lines.append(json.dumps(row))
    (out / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    return out


def evaluate(agent, folder, out):
    """The report of a set, and what the agent said of false events."""
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    command = [agent, "eval", "--set", folder, "--report", out / "report.json", "--predictions", out / "predictions.jsonl", "--html", out / "page.html"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{folder}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'edge-agent eval failed'}")
    bounds = [line for line in done.stderr.splitlines() if "window-hours" in line]
    print(f"{folder.name}: {time.monotonic() - start:.0f} s")
    return json.loads((out / "report.json").read_text()), bounds


def wilson(hits, n):
    """95 % interval of a share (Wilson 1927)."""
    if not n:
        return ""
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return f"{p:.3f} [{(middle - half) / (1 + z * z / n):.2f}, {(middle + half) / (1 + z * z / n):.2f}] (n={n})"


def signal_rows(signals):
    for name, signal in signals.items():
        confusion = signal["confusion"]
        for label in signal["classes"]:
            hits, cases = confusion[label][label], sum(confusion[label].values())
            said = sum(row[label] for row in confusion.values())
            yield f"| {name} | {label} | {wilson(hits, said) or '–'} | {wilson(hits, cases) or '–'} | {signal['classes'][label]['f1']:.3f} |"
        yield f"| {name} | all, n={signal['n']} | unknown {signal['unknown_rate']:.3f} | | macro {signal['macro_f1']:.3f} |"


def quality(name, q):
    return f"| {name} | {q['precision']:.3f} | {q['recall']:.3f} | {q['f1']:.3f} |"


def section(name, report, bounds):
    out = [f"### {name}", ""] + ([NOTES[name], ""] if name in NOTES else [])
    for source, part in report["sources"].items():
        out += [f"Source `{source}`.", ""]
        if part.get("signals"):
            out += ["| signal | class | precision | recall | F1 |", "|---|---|---|---|---|", *signal_rows(part["signals"]), ""]
        if items := part.get("items"):
            rows = [quality(title, items[key]) for key, title in (("clutter", "clutter, IoU 0.3"), ("required_missing", "required item missing")) if key in items]
            if rows:
                out += ["| desk | precision | recall | F1 |", "|---|---|---|---|", *rows, ""]
            if ap := items["ap50"]:
                out += [f"AP50, mean of {len(ap)} classes {sum(ap.values()) / len(ap):.3f}: " + ", ".join(f"{c} {v:.2f}" for c, v in ap.items()) + ".", ""]
        if events := part.get("events"):
            rows = [f"| {rule} | {n['tp']} | {n['fp']} | {n['fn']} |" for rule, n in events["rules"].items()]
            out += ["| event | right | false | missed |", "|---|---|---|---|", *rows, ""]
            latency = events.get("latency_s")
            out += [f"Latency after the dwell: median {latency['p50']:.2f} s, 95th percentile {latency['p95']:.2f} s.", ""] if latency else []
    out += [line + "." for line in bounds] + ([""] if bounds else [])
    stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in report["stage_ms"].items())
    return out + [f"Mean milliseconds of one run of each stage on the machine that wrote this: {stages}.", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agent", type=Path, default=ROOT / "target/debug/edge-agent")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models/RESULTS.md")
    args = parser.parse_args()
    work = ROOT / "target/eval"
    jobs = sets(args.data)
    if (synthetic := dict(jobs).get("synthetic")) is not None:
        jobs.insert(1, ("synthetic, held out", held_out(synthetic, work / "synthetic-held-out")))
    jobs.append(("bundled clips", ROOT / "scenes/clips"))
    rendered, real = [], []
    for name, folder in jobs:
        report, bounds = evaluate(args.agent, folder, work / re.sub(r"\W+", "-", name))
        is_real = any(source != "synthetic" for source in report["sources"])
        (real if is_real else rendered).extend(section(name, report, bounds))
    text = ["# Results", "",
            "Written by `make eval`: `edge-agent eval` on every labelled set, with the committed weights. Shares have 95 % Wilson intervals; unknown counts "
            "against recall, not against precision; macro F1 is over the classes that occur. Stills are single frames without smoothing over time. "
            "Rendered and real pictures are never in one figure. Frames of one clip resemble each other: their intervals are too narrow.", "",
            "## Rendered pictures", "", *rendered, "## Real pictures", "", *(real or ["None were there.", ""])]
    args.out.write_text("\n".join(text).rstrip() + "\n")
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
