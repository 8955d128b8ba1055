"""The labelled sets that are scored, each as a folder with one manifest.jsonl."""
import json
import re
import sys
from pathlib import Path

WITH_REQUIRED = "synthetic, items required"

RANDOM = ("Rendered clips of two minutes (`python -m scenes random-clips`, the seeds are in the name), no clip a part of another, through the same pipeline as a camera. "
          "{} "
          "Where somebody wears no badge and the chest is hidden at first, the clip does not judge that rule: a system that tells by a part of the chest would be called wrong "
          "for being early. Nor does a clip judge postures in which neither head nor shoulders are in sight for more than two seconds.")
FRESH = RANDOM.format("Nothing was trained or decided on them, and nobody had looked at them when they were scored; their seats are drawn more or less widely, as installers draw them.")
SEEN = RANDOM.format("Nothing was trained on them; errors of the heads before were looked at to choose what to teach next, and limits over time were chosen on them. Seats are tight.")

CLOSE = ("Pictures of one person that a camera zoomed in on gives (`python -m scenes closeups`), 140 to 420 pixels wide; the scenes whose seed is divisible by five. Desks are cut off in "
         "them. No head was trained or tuned on them.")

# What a reader must know before believing a figure.
NOTES = {
    "synthetic": "Rendered stills of the first generator; the scenes whose seed is divisible by five. No head was trained or tuned on them.",
    "real_badge": "Photographs of a few students of one campus. The heads were trained on them too: this table shows that the whole way "
                  "works, not how well it does on new people. The cross-validated figures are in cards/.",
    "real_smoking": "Web pictures, advertisements and film stills among them, mostly close-ups without a counter. No weights were trained on "
                    "them; the threshold of the smoking head was chosen with them in view.",
    "first generator, 1280x720, seeds 57005-57225": "Rendered stills of the first generator with twice the pixels a side: here many people and items are above the size floors. No head was trained or tuned on them.",
    WITH_REQUIRED: "The same stills, with items that every desk must hold; most lack one of them, on the tidy picture too. An item that a person may "
                   "hide is not said to be missing: where one is, that counts as missed.",
    "clip": "A rendered clip of 36 s with two windows, through the same pipeline as a camera.",
    "random clips 60701-60715": SEEN,
    "random clips 60801-60815": FRESH,
    "close views of people who smoke and do not, seeds 71001-71020": CLOSE,
    "close views of people with phones and papers, seeds 78001-78026": CLOSE,
    "bundled clips": "The clips of the demo, rendered by scenes/.",
}
# Where items are required, these are, there or not: what is missing is known from the truth.
REQUIRED = ["evaluator", "name_plate", "telephone", "notice_sign"]
UNSEEN = "Rendered stills of new seeds; the scenes whose seed is divisible by five. No head was trained or tuned on them."
CLIPS = "Rendered clips (`python -m scenes random-clips`), through the same pipeline as a camera."


def found(data, more, only):
    """(name, folder) of every set that is there: those of the data folder, the demo's clips, and `more`."""
    jobs = []
    for name in ("synthetic", "clip", "real_badge", "real_smoking"):
        if (data / name / "manifest.jsonl").exists():
            jobs.append((name, data / name))
        else:
            print(f"SKIPPED: {data / name} is not there", file=sys.stderr)
    if (data / "synthetic/manifest.jsonl").exists():
        jobs.append((WITH_REQUIRED, data / "synthetic"))
    jobs += [(folder.name, folder) for folder in sorted(p.parent for p in data.glob("*/manifest.jsonl")) if folder.name not in NOTES]
    jobs.append(("bundled clips", Path(__file__).resolve().parents[2] / "scenes/clips"))
    for folder in more:
        if not list(folder.glob("manifest*.jsonl")):
            sys.exit(f"{folder}: no manifest.jsonl")
        jobs.append((folder.name, folder))
    return [(name, folder) for name, folder in jobs if not only or name in only]


def rows(folder):
    """All entries of a set; a line that is still being written is left out."""
    for manifest in sorted(folder.glob("manifest*.jsonl")):
        for line in manifest.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def is_held_out(row):
    """Whether nothing was trained or tuned on an entry: clips, real sets, and scenes whose seed is divisible by five."""
    return row["kind"] == "clip" or row.get("source") != "synthetic" or int(re.sub(r"\D", "", row["id"]) or 1) % 5 == 0


def prepared(folder, out, part=is_held_out, required=False):
    """Writes the part of a set that is scored as OUT/manifest.jsonl with whole paths; its entries, or [] if there are none.

    `required`: every desk has to hold the items of REQUIRED.
    """
    kept = []
    for row in rows(folder):
        media = (folder / row["media"]).resolve()
        if not part(row) or not media.exists():
            continue
        row["media"] = str(media)
        row["windows"] = [window for window in row["windows"] if len(window["seat"]) >= 3]      # not a seat outside the picture
        seen = {window["window"] for window in row["windows"]}
        row["truth"] = [said for said in row["truth"] if said["window"] in seen]
        if not seen:
            continue
        for window in row["windows"]:
            if window.get("reference"):
                window["reference"] = str((folder / window["reference"]).resolve())
            if len(window.get("desk") or []) < 3:            # a desk outside the picture
                window.pop("desk", None)
            elif required:
                window["required"] = REQUIRED
        kept.append(row)
    out.mkdir(parents=True, exist_ok=True)
    (out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    return kept


def minutes(entries):
    """How long the clips of a set are together."""
    return sum(max(said["to"] for said in row["truth"]) for row in entries if row["kind"] == "clip" and row["truth"]) / 60


def note(name, entries):
    if name in NOTES:
        return NOTES[name]
    if entries[0].get("source") != "synthetic":
        return ""
    return CLIPS if entries[0]["kind"] == "clip" else UNSEEN
