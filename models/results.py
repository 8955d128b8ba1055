"""Scores every labelled set with `edge-agent eval` and writes models/RESULTS.md. Run by `make eval`.

Sets: the folders of $CHUANGMING_SHARED/data and the project's own scenes/clips. Sources are never mixed: synthetic and
real stand apart.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / "target" / "debug" / "edge-agent"
TRAINED_ON = {
    "synthetic": "seen in training in part (seeds that are no multiple of 5); unseen seeds stand in weights/CARD.md",
    "real_badge": "the badge head trained on it: cross-validated figures stand in weights/CARD.md",
    "real_smoking": "never trained on; thresholds were set on it",
    "clip": "never trained on",
    "clips": "bundled with the project (scenes/clips); never trained on",
}


def sets() -> list[Path]:
    shared = Path(os.environ.get("CHUANGMING_SHARED", ROOT.parent / "shared")) / "data"
    if not shared.is_dir():
        print(f"SKIPPED: the labelled sets of {shared} are not there (CHUANGMING_SHARED names them)", flush=True)
    found = sorted(path.parent for path in shared.glob("*/manifest.jsonl"))
    return [*found, ROOT / "scenes" / "clips"]


def score(folder: Path) -> tuple[dict, list[str]]:
    """The report, and what eval says on top of it (the bound of false events)."""
    print(f"eval: {folder.name}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        command = [BIN, "eval", "--set", folder, "--report", report]
        quiet = {**os.environ, "RUST_LOG": "error"}
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=quiet, check=False)
        if done.returncode != 0:
            raise SystemExit(f"eval of {folder.name} ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(report.read_text(encoding="utf-8")), done.stderr.strip().splitlines()


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    line = lambda cells: f"| {' | '.join(cells)} |"
    return [line(head), line(["---"] * len(head)), *map(line, rows), ""]


def signals(report: dict) -> list[str]:
    rows = []
    for signal, part in report.get("signals", {}).items():
        for name, c in part["classes"].items():
            rows.append([signal, name, number(c["precision"]), number(c["recall"]), number(c["f1"]), str(part["n"]), number(part["unknown_rate"])])
        if not part["classes"]:
            rows.append([signal, "–", "–", "–", "–", str(part["n"]), number(part["unknown_rate"])])
    return table(["signal", "class", "precision", "recall", "F1", "n", "unknown"], rows)


def items(report: dict) -> list[str]:
    part = report.get("items", {})
    quality = [[name.replace("_", " "), *(number(part[name][key]) for key in ("precision", "recall", "f1"))]
               for name in ("clutter", "required_missing") if part.get(name)]
    classes = [[name, number(ap)] for name, ap in sorted(part.get("ap50", {}).items())]
    return table(["items", "precision", "recall", "F1"], quality) + table(["class", "AP50"], classes)


def events(report: dict) -> list[str]:
    part = report.get("events")
    if not part:
        return []
    rows = [[rule, str(c["tp"]), str(c["fp"]), str(c["fn"])] for rule, c in part["rules"].items()]
    latency = part.get("latency_s") or {}
    told = [f"Events: precision {number(part.get('precision'))}, recall {number(part.get('recall'))}, F1 {number(part.get('f1'))}; "
            f"false events per window-hour {number(part.get('fp_per_window_hour'))}; latency beyond the dwell "
            f"p50 {number(latency.get('p50'))} s, p95 {number(latency.get('p95'))} s.", ""]
    return told + table(["rule", "right", "false", "missed"], rows)


def main() -> None:
    lines = ["# Results", "",
             f"Written by `make eval` on {date.today()} with `edge-agent eval`, scored as in docs/contracts.md. Synthetic and real apart.",
             "Unknown counts against recall, not against precision.", ""]
    for folder in sets():
        report, told = score(folder)
        for source, part in report["sources"].items():
            lines += [f"## {folder.name}: {source}", "", f"{TRAINED_ON.get(folder.name, '')}".strip(), ""]
            lines += signals(part) + items(part) + events(part)
        lines += [f"> {line}" for line in told if "95" in line] + [""]
        stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in report["stage_ms"].items())
        lines += [f"Mean milliseconds a stage: {stages}.", ""]
    text = "\n".join(lines).replace("\n\n\n", "\n\n")
    (ROOT / "models" / "RESULTS.md").write_text(text, encoding="utf-8")
    print("wrote models/RESULTS.md")


if __name__ == "__main__":
    sys.exit(main())
