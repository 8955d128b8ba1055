"""Writes the model cards and the heads' entries of the manifest from the figures of the last training."""
import json
from pathlib import Path

import onnx

from . import data, export

MARK = "# ---- Heads of our own. Everything below is written by `python -m train card`."

NOTES = Path(__file__).parent / "notes"
"""Of each head: how it was made, its limits, what was tried."""


def class_rows(title, result):
    rows = [f"| {title} | {name} | {r['precision']} | {r['recall']} | {r['f1']} |" for name, r in result["classes"].items()]
    return rows + [f"| {title} | all, n={result['n']} | unknown {result['unknown']} | | macro {result['macro_f1']} |"]


def class_table(parts):
    head = ["| set | class | precision | recall | F1 |", "|---|---|---|---|---|"]
    return head + [row for title, result in parts for row in class_rows(title, result)]


TITLE = {"window": "presence and posture", "desk": "desk items", "badge": "badge worn or missing", "smoking": "a cigarette at the mouth or in the hand"}
INTRO = """One of four small networks for what happens at a window. They judge conduct at a window, never who a person is, and see nothing outside the
window's polygons. They are no basis for a decision about a person without a human look.

Figures of the training: synthetic and real apart; shares with 95 % Wilson intervals and n; `unknown` counts against recall, not against precision; frame by
frame, no smoothing over time. Synthetic test: scenes of the generator whose seeds (seed % 5 == 0) were used for nothing else. `../RESULTS.md` holds the
figures of the whole agent, with plots, views, sizes and worst errors."""
BASES = {
    "window": "MoveNet Thunder and NanoDet (both Apache-2.0)",
    "desk": "NanoDet (Apache-2.0)",
    "badge": "NanoDet (Apache-2.0)",
    "smoking": "EfficientNet-Lite0 (Apache-2.0)",
}
DATA = {
    "window": "Rendered service windows (CC0); `real_badge` (princeID lbscekId&WithoutId, CC BY 4.0), 113 photographs of students with and without an ID card.",
    "desk": "Rendered service windows (CC0).",
    "badge": "Rendered service windows (CC0); `real_badge` (princeID lbscekId&WithoutId, CC BY 4.0), 113 photographs of students with and without an ID card.",
    "smoking": "Rendered service windows (CC0); `real_badge` (princeID lbscekId&WithoutId, CC BY 4.0), 113 photographs of people who do not smoke. `real_smoking` (web pictures) for tests and the threshold alone.",
}


def window_figures(f):
    lines = []
    for signal in ("presence", "posture"):
        parts = [(f"{signal}, synthetic test", f["test"][signal])]
        if signal == "posture":
            parts.append(("posture, synthetic test, shoulders ≥ 80 px", f["test"]["posture_above_floor"]))
        if f.get("real_badge", {}).get(signal):
            parts.append((f"{signal}, {f['real_badge']['title']}", f["real_badge"][signal]))
        lines += [*class_table(parts), ""]
    ece = f["test"]["ece"]
    lines.append(f"Expected calibration error, synthetic test: presence {ece['presence']}, posture {ece['posture']}.")
    if "real_badge_alarms" in f:
        lines += ["", f"False posture alarms on real people who sit or stand for a photograph (cross-validated by groups of people): {f['real_badge_alarms']}."]
    return lines


def desk_figures(f):
    test, c = f["test"], f["test"]["clutter"]
    return [f"Synthetic test, {test['pictures']} desks: clutter (IoU ≥ 0.3) precision {c['precision']}, recall {c['recall']}, F1 {c['f1']}; mean AP50 {test['mean_ap50']}.", "",
            "| class | AP50 | n | threshold |", "|---|---|---|---|",
            *[f"| {k} | {v['ap50']} | {v['n']} | {f['thresholds'][k]} |" for k, v in test["ap50"].items()]]


def crop_figures(f):
    titles = {"test": "synthetic test", "test_above_floor": "synthetic test, above the size floor", "real_badge_cross_validated": "real_badge, cross-validated", "real_smoking": "real_smoking"}
    lines = class_table([(title, f[key]) for key, title in titles.items() if key in f])
    if "ece_test" in f:
        lines += ["", f"Expected calibration error, synthetic test, badges whose truth is known: {f['ece_test']:.3f}."]
    return lines


FIGURES = {"window": window_figures, "desk": desk_figures, "badge": crop_figures, "smoking": crop_figures}


def card(name, figures):
    """The card of one head as Markdown."""
    made, rest = (NOTES / f"{name}.md").read_text(encoding="utf-8").strip().split("\n## Limits\n")
    lines = [f"# {name}: {TITLE[name]}", "", INTRO, "", made.strip(), "", f"Data: {DATA[name]}", "",
             f"Licence of the weights: Apache-2.0. They build on {BASES[name]}.", "", "## Figures", "", *FIGURES[name](figures)]
    if figures.get("fairness"):
        lines += ["", "## Fairness", "", "Synthetic test: share of right answers by group of the rendered person; no head is told of groups.", "", "| group | right |", "|---|---|"]
        lines += [f"| {k} | {v} |" for k, v in figures["fairness"].items()]
    return "\n".join([*lines, "", "## Limits", rest, ""])


def write_cards(folder, figures):
    folder.mkdir(exist_ok=True)
    for name in TITLE:
        if name in figures:
            (folder / f"{name}.md").write_text(card(name, figures[name]), encoding="utf-8")


def toml_list(words):
    return "[" + ", ".join(f'"{w}"' for w in words) + "]"


def toml_numbers(numbers):
    return "{ " + ", ".join(f"{k} = {round(float(v), 4)}" for k, v in numbers.items()) + " }"


def picture_input(path):
    """The input of the crop, at the size that the file itself asks for."""
    shape = next(i.type.tensor_type.shape.dim for i in onnx.load(str(path)).graph.input if i.name == "crop")
    return f'[models.input]\nname = "crop"\nlayout = "nchw"\nsize = [{shape[3].dim_value}, {shape[2].dim_value}]\ndtype = "float32"\nchannels = "rgb"\nfit = "letterbox"\n'


def entry(name, path, decoder, labels, thresholds, features_of=None):
    lines = ["[[models]]", f'name = "{name}"', f'role = "{name}"', f'file = "weights/{path.name}"', f'sha256 = "{export.sha256(path)}"',
             f'source = "trained by models/train, card in cards/{name}.md"', 'version = "1"', 'licence = "Apache-2.0"', f'decoder = "{decoder}"',
             f"labels = {labels}", f"thresholds = {toml_numbers(thresholds)}"]
    if features_of:
        lines.append(f'features_of = "{features_of}"')
    return "\n".join(lines) + "\n" + picture_input(path)


def write_manifest(path, folder, figures):
    parts = []
    for name in ("window", "badge", "smoking", "desk"):
        f, file = figures.get(name), folder / f"{name}.onnx"
        if not f or not file.exists():
            continue
        if name == "window":
            thresholds = {**{f"temperature_{k}": v for k, v in f["temperature"].items()}, **f["thresholds"]}
            labels = "{ presence = " + toml_list(data.PRESENCE) + ", posture = " + toml_list(data.POSTURE) + " }"
            parts.append(entry(name, file, "head", labels, thresholds, features_of="movenet-thunder"))
        elif name == "desk":
            thresholds = {"score": .05, "iou": .55, **f["thresholds"]}
            parts.append(entry(name, file, "centre", toml_list(data.ITEMS), thresholds, features_of="nanodet"))
        else:
            words = data.BADGE if name == "badge" else data.SMOKING
            parts.append(entry(name, file, "head", toml_list(words), {"temperature": f["temperature"], **f["thresholds"]}))
    text = path.read_text().split(MARK)[0].rstrip() + "\n\n" + MARK + "\n\n" + "\n".join(parts)
    path.write_text(text)


def main(folder):
    figures = json.loads((folder / "figures.json").read_text())
    write_cards(folder.parent / "cards", figures)
    write_manifest(folder.parent / "manifest.toml", folder, figures)
    print("wrote cards/*.md and the heads' entries of manifest.toml")
