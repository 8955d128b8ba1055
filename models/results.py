"""Scores every labelled set and writes models/RESULTS.md: rendered and real apart, with what each figure may be trusted for.

    python models/results.py [--agent target/debug/edge-agent] [--data ../shared/data] [--more DIR…] [--only NAME…] [--out models/RESULTS.md]

`--more` (or CHUANGMING_EVAL_SETS, separated by colons) adds sets: stills of new seeds, of which only the scenes that nothing was
trained on are scored (`--all` scores them whole), clips, photographs. Reports, predictions and pages stay in target/eval. Sets that
are not there are skipped, loudly.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from report import errors, goals, plots, sets, tables, windows
from report.figures import f1, share

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CHUANGMING_SHARED", ROOT.parent / "shared"))


def evaluate(agent, folder, name, models):
    """The report of a prepared set, and what the agent said of false events. Pages and predictions lie beside it."""
    start = time.monotonic()
    command = [agent, "eval", "--set", folder, "--report", folder / "report.json", "--predictions", folder / "predictions.jsonl",
               "--html", folder / "page.html", *(["--models", models] if models else [])]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{folder}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'edge-agent eval failed'}")
    bounds = [line for line in done.stderr.splitlines() if "window-hours" in line]
    print(f"{name}: {time.monotonic() - start:.0f} s")
    return json.loads((folder / "report.json").read_text()), bounds


def confusion_rows(signals):
    """Tables of clips, from the report: their frames are scored by the agent alone."""
    for name, signal in signals.items():
        confusion = signal["confusion"]
        for label in signal["classes"]:
            hits, cases = confusion[label][label], sum(confusion[label].values())
            said = sum(row[label] for row in confusion.values())
            yield f"| {name} | {label} | {share(hits, said)} | {share(hits, cases)} | {signal['classes'][label]['f1']:.3f} |"
        yield f"| {name} | all, n={signal['n']} | | unknown {signal['unknown_rate']:.3f} | macro {signal['macro_f1']:.3f} |"


def event_lines(events, bounds):
    rows = [f"| {rule} | {n['tp']} | {n['fp']} | {n['fn']} |" for rule, n in events["rules"].items()]
    tp, fp, fn = (sum(n[key] for n in events["rules"].values()) for key in ("tp", "fp", "fn"))
    out = ["| event | right | false | missed |", "|---|---|---|---|", *rows, f"| all | {tp} | {fp} | {fn} |", "",
           f"Events: precision {share(tp, tp + fp)}, recall {share(tp, tp + fn)}, F1 {f1(tp, tp + fp, tp + fn):.3f}."]
    if latency := events.get("latency_s"):
        out.append(f"Latency after the dwell: median {latency['p50']:.2f} s, 95th percentile {latency['p95']:.2f} s.")
    return [*out, *(line + "." for line in bounds), ""]


def section(name, entries, report, bounds, stills):
    out = [f"### {name}", "", sets.note(name, entries), ""]
    for source, part in report["sources"].items():
        if len(report["sources"]) > 1:
            out += [f"Source `{source}`.", ""]
        mine = [x for x in stills if x.source == source]
        if mine:
            out += tables.signals(mine) + tables.calibration(mine)
        elif part.get("signals"):
            out += [*tables.HEAD, *confusion_rows(part["signals"]), ""]
        if ap := part.get("items", {}).get("ap50"):
            out += [f"AP50, mean of {len(ap)} classes {sum(ap.values()) / len(ap):.3f}: " + ", ".join(f"{c} {v:.2f}" for c, v in ap.items()) + ".", ""]
        if missing := part.get("items", {}).get("required_missing"):
            out += [f"Required items that are missing ({', '.join(sets.REQUIRED)}): precision {missing['precision']:.3f}, recall {missing['recall']:.3f}, F1 {missing['f1']:.3f}.", ""]
        if events := part.get("events"):
            out += event_lines(events, bounds)
    stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in report["stage_ms"].items())
    return out + [f"Mean milliseconds of one run of each stage on the machine that wrote this: {stages}.", ""]


def together(title, stills, folder):
    """All stills of one kind together: classes, calibration, groups, views, with plots."""
    if not stills:
        return []
    kind = title.split()[0].lower()
    out = [f"### {title}", "", *tables.signals(stills), *tables.calibration(stills)]
    for name, draw in (("reliability", plots.reliability), ("precision-recall", plots.precision_recall)):
        path = folder / f"{name}-{kind}.svg"
        if draw(stills, path):
            out += [f"![{name}, {kind} pictures]({folder.name}/{path.name})", ""]
    if fair := tables.fairness(stills):
        out += ["Share of right answers by group of the rendered person, above the size floors; for the desk, whether it is right that there "
                "is clutter or none. No head is told of groups.", "", *fair]
    return out + ["By camera and size:", "", *tables.by_view(stills)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agent", type=Path, default=ROOT / "target/debug/edge-agent")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--more", type=Path, nargs="+", default=[Path(p) for p in os.environ.get("CHUANGMING_EVAL_SETS", "").split(":") if p])
    parser.add_argument("--only", nargs="+", default=[], help="names of the sets that are scored (default all)")
    parser.add_argument("--all", action="store_true", help="score the scenes that trained, too")
    parser.add_argument("--models", type=Path, help="another model manifest than the agent's own")
    parser.add_argument("--out", type=Path, default=ROOT / "models/RESULTS.md")
    args = parser.parse_args()
    rendered, real, stills, events, required = [], [], [], [], None
    for name, folder in sets.found(args.data, args.more, args.only):
        work = ROOT / "target/eval" / re.sub(r"\W+", "-", name)
        entries = sets.prepared(folder, work, (lambda row: True) if args.all else sets.is_held_out, required=name == sets.WITH_REQUIRED)
        if not entries:
            print(f"SKIPPED: {folder} holds nothing that is scored", file=sys.stderr)
            continue
        report, bounds = evaluate(args.agent, work, name, args.models)
        mine = windows.scored(name, entries, work / "predictions.jsonl")
        if name == sets.WITH_REQUIRED:                   # the same pictures once more, for their desks alone
            report["sources"] = {source: {"items": part["items"]} for source, part in report["sources"].items()}
            rendered.extend(section(name, entries, report, bounds, []))
            required = next(iter(report["sources"].values()))["items"]["required_missing"]["f1"]
            continue
        stills += mine
        events += [(name, part["events"], sets.minutes(entries)) for part in report["sources"].values() if "events" in part]
        is_real = any(source != "synthetic" for source in report["sources"])
        (real if is_real else rendered).extend(section(name, entries, report, bounds, mine))
    folder = args.out.parent / "plots"
    of_renders = [x for x in stills if x.source == "synthetic"]
    of_photographs = [x for x in stills if x.source != "synthetic"]
    badge = json.loads((ROOT / "models/weights/figures.json").read_text())["badge"]["real_badge_cross_validated"]["classes"]
    text = ["# Results", "",
            "Written by `make eval`: `edge-agent eval` on every labelled set, with the committed weights. Shares have 95 % Wilson intervals; unknown counts "
            "against recall, not against precision; macro F1 is over the classes that occur. Stills are single frames without smoothing over time. "
            "Rendered and real pictures are never in one figure. Frames of one clip resemble each other: their intervals are too narrow. Size floors: "
            "shoulders of 80 px for posture and badge, a cigarette of 12 px, an item of 16 px.", "",
            *goals.section(of_renders, of_photographs, required, events, badge),
            "## Rendered pictures", "", *together("Rendered stills together", of_renders, folder), *errors.section(stills, folder / "errors"), *rendered,
            "## Real pictures", "", *together("Real pictures together", of_photographs, folder), *(real or ["None were there.", ""])]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text("\n".join(text).rstrip() + "\n")
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
