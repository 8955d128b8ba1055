"""Measures what README and ARCHITECTURE claim, on this machine, and writes docs/FIGURES.md. Run by `make bench`.

The figures are of one run on one machine that may be busy: the load is written beside them.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / "target" / "debug"
CLIPS = ROOT / "scenes" / "clips"
FIGURES = ROOT / "docs" / "FIGURES.md"
APART = "\n# Measured apart\n"


def step(text: str) -> None:
    print(f"bench: {text}", flush=True)


def in_browser(*script: str) -> dict:
    done = subprocess.run(["node", *script], cwd=ROOT / "tests" / "browser", check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def alert_latency(seconds: int) -> dict:
    step(f"from a full dwell to the alert on an open page ({seconds} s)")
    return in_browser("latency.mjs", str(seconds))


def four_windows() -> dict:
    step("from the QR code to four windows saved, on a phone")
    return in_browser("minutes.mjs")


def first_views() -> dict:
    step("the first view of head, staff and installer")
    return in_browser("first-view.mjs")


def agent_load(windows: int, rate: float, seconds: int) -> dict:
    step(f"an agent with {windows} windows at {rate:g} Hz ({seconds} s)")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "bench.json"
        command = [BIN / "edge-agent", "bench", "--set", CLIPS, "--windows", str(windows), "--rate", f"{rate:g}"]
        subprocess.run([*command, "--seconds", str(seconds), "--report", report], check=True, stdout=subprocess.DEVNULL)
        return json.loads(report.read_text(encoding="utf-8"))


def load_row(load: dict) -> str:
    look = load["look_ms"]
    cells = [
        load["windows"], load["looks"], load["looks_missed"], f"{look['p50']:.0f} ms", f"{look['p95']:.0f} ms",
        f"{load['cpu_ms_per_look']:.0f} ms", f"{load['cpu_cores']:.2f}", f"{load['rss_mb']:.0f} MB",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def view_row(view: dict) -> str:
    cells = [view["view"], f"{view['p50_ms']} ms", f"{view['max_ms']} ms", view["requests"], view["in_turn"], f"{view['kb']} KB"]
    return f"| {' | '.join(map(str, cells))} |"


def measured_apart() -> str:
    """What other commands measured, each named there; kept as it is."""
    _, heading, rest = FIGURES.read_text(encoding="utf-8").partition(APART)
    return heading + rest


def main() -> None:
    page = alert_latency(115)
    views = first_views()
    setting_up = four_windows()
    loads = [agent_load(windows, 2, 20) for windows in (1, 2, 4)]
    lines = [
        "# Figures",
        "",
        f"Written by `make bench` on {date.today()}: {os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f} at the end,",
        "profile of development (`target/debug`, opt-level 1). Run it again on your machine: these are one run on one machine.",
        "",
        "## From a full dwell to the alert on an open page",
        "",
        "A real agent on the bundled clip with short dwells, central with its embedded broker, headless Chromium; one machine.",
        "",
        "| alerts | p50 | p95 | longest | never shown |",
        "|---|---|---|---|---|",
        f"| {page['alerts']} | {page['p50_ms']} ms | {page['p95_ms']} ms | {page['max_ms']} ms | {page['never_shown']} |",
        "",
        "## The first view",
        "",
        "`tests/browser/first-view.mjs`: signed in, with an empty cache, on a processor made four times slower, against a month gone by; until the",
        f"data stands there. Each {views['times']} times; requests one after the other are counted as they came.",
        "",
        "| view | p50 | longest | requests | one after the other | on the wire |",
        "|---|---|---|---|---|---|",
        *[view_row(view) for view in views["views"]],
        "",
        "## Four windows set up on a phone",
        "",
        "`tests/browser/minutes.mjs`: from the QR code to saved, 360 px wide, by touch, on both bundled clips side by side; one corner of every",
        "window is pulled. The script does not think: a person adds the time for looking.",
        "",
        "| windows | taps | drags | seconds | of these until the page is there | of these while windows are proposed |",
        "|---|---|---|---|---|---|",
        f"| {setting_up['windows']} | {setting_up['taps']} | {setting_up['drags']} | {setting_up['seconds']:.0f} | {setting_up['page_s']:.1f} | {setting_up['proposing_s']:.0f} |",
        "",
        "## An agent under load",
        "",
        "`edge-agent bench` on the bundled clips, every signal of every window looked at twice a second.",
        "",
        "| windows | looks | missed | look p50 | look p95 | CPU of a look | cores used | memory |",
        "|---|---|---|---|---|---|---|---|",
        *[load_row(load) for load in loads],
        "",
    ]
    FIGURES.write_text("\n".join(lines) + measured_apart(), encoding="utf-8")
    step("wrote docs/FIGURES.md")


if __name__ == "__main__":
    sys.exit(main())
