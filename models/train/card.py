"""Writes the model card and the heads' entries of the manifest from the figures of the last training."""
import json

from . import crop_data, data, desk_net, export, features

MARK = "# ---- Heads of our own. Everything below is written by `python -m train card`."

METHOD = {
    "window": "Two networks whose logits are averaged. One is a small convolutional head on MoveNet Thunder's frozen maps and keypoints. The other looks at the crop itself (192x192): the first stages of NanoDet's backbone, fine-tuned, with maps of the nose and of the joints down to the hips, learnt from rendered people whose hidden joints are known; where they are goes into the answer. AdamW, one cosine cycle, averaged weights; kinds of windows are drawn by fixed shares. Crops are varied in light, colour, blur, noise, size, compression, occlusion, polygon and mask; heads are covered as by a hood or a jacket. Pictures of `real_badge` teach presence, and that a posed person is upright or standing (never which).",
    "desk": "NanoDet's first stages (COCO weights, the first two convolutions frozen) fine-tuned on desk crops, under a feature pyramid of our own that ends at stride 4; focal loss on class heat maps, generalised IoU on boxes. Crops are made anew at every step: light, colour, infra-red, noise, compression, cameras with fewer pixels, polygons, size of the crop. Items mostly hidden by the mask or in a hand are neither taught nor punished, nor are classes in sets that never hold them. NanoDet's own COCO head is carried along for the classes COCO has words for; a class takes it from the score at which it cost the tuning scenes nothing.",
    "badge": "The first stages of NanoDet's backbone (COCO weights, first four convolutions frozen) fine-tuned on chest crops; a heat map of the badge is learnt along. Badges, lanyards, ties, necklaces, logos, pockets and straps are drawn onto chests. `worn` and `missing` go first: the logit of `unclear` is lowered until few chests of known truth are called so. The committed weights train on all of `real_badge`; the real figure is cross-validated over five groups of people and comes from networks that had not seen them.",
    "smoking": "As the badge head, on head-and-hands crops; cigarettes and hard negatives (pens, straws, phones, cups) are drawn at mouths and hands of rendered people and of `real_badge`. `real_smoking` is never trained on; it limits the threshold.",
}
LIMITS = {
    "window": "No real photographs of naps, leaning back or tilting were available; those postures are known from rendered people alone. Empty rooms are known from rendered rooms and from people-free parts of photographs at most. Where a camera looks along the counter, somebody at the next window may fill most of a seat's crop; then an empty seat may read as taken: draw seats so that they do not overlap.",
    "desk": "Trained on some twelve hundred rendered desks for about 16,000 crops; the loss was still falling, and small items (mouse, pen holder, toy, stapler) are mostly missed. Figures count every item in the crop, the neighbouring desk's and mostly hidden ones included. Real desks are not tested.",
    "badge": "Real pictures show few people of one campus in two kinds of clothing. Below a shoulder width of 80 px a badge covers few pixels.",
    "smoking": "Trained on rendered people and drawn cigarettes. On web photographs it finds hardly any smoker: on its own it is evidence, no proof, and `none` from it says little. It needs close rendered views and real hard negatives.",
}


def flat(value, indent=0):
    """Figures as nested list items."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines.append(f"{'  ' * indent}- {key}")
            lines += flat(item, indent + 1)
        else:
            lines.append(f"{'  ' * indent}- {key}: {item}")
    return lines


def class_rows(title, result):
    rows = [f"| {title} | {name} | {r['precision']} | {r['recall']} | {r['f1']} |" for name, r in result["classes"].items()]
    return rows + [f"| {title} | all, n={result['n']} | unknown {result['unknown']} | | macro {result['macro_f1']} |"]


def class_table(parts):
    head = ["| set | class | precision | recall | F1 |", "|---|---|---|---|---|"]
    return head + [row for title, result in parts for row in class_rows(title, result)]


def section(name, f):
    lines = [f"\n## {name}\n", METHOD[name], ""]
    if name == "window":
        for signal in ("presence", "posture"):
            parts = [(f"{signal}, synthetic test", f["test"][signal])]
            if signal == "posture":
                parts.append(("posture, synthetic test, shoulders ≥ 80 px", f["test"]["posture_above_floor"]))
            if f.get("real_badge", {}).get(signal):
                parts.append((f"{signal}, {f['real_badge']['title']}", f["real_badge"][signal]))
            lines += class_table(parts) + [""]
        lines.append(f"Expected calibration error, synthetic test: presence {f['test']['ece']['presence']}, posture {f['test']['ece']['posture']}.")
        if "real_badge_alarms" in f:
            lines.append(f"\nFalse posture alarms on real people who sit or stand for a photograph (cross-validated by groups of people): {f['real_badge_alarms']}.")
    elif name == "desk":
        c = f["test"]["clutter"]
        lines += [f"Synthetic test, {f['test']['pictures']} desks: clutter (IoU ≥ 0.3) precision {c['precision']}, recall {c['recall']}, F1 {c['f1']}; mean AP50 {f['test']['mean_ap50']}.", "",
                  "| class | AP50 | n | threshold |", "|---|---|---|---|"]
        lines += [f"| {k} | {v['ap50']} | {v['n']} | {f['thresholds'][k]} |" for k, v in f["test"]["ap50"].items()]
    elif name == "badge":
        parts = [("synthetic test", f["test"])]
        if "real_badge_cross_validated" in f:
            parts.append(("real_badge, cross-validated", f["real_badge_cross_validated"]))
        lines += class_table(parts)
    else:
        parts = [("synthetic test", f["test"])] + ([("real_smoking", f["real_smoking"])] if "real_smoking" in f else [])
        lines += class_table(parts)
    if f.get("fairness"):
        lines += ["", "Fairness, synthetic test (share of right answers by group of the rendered person; no head is told of groups):", "", "| group | right |", "|---|---|"]
        lines += [f"| {k} | {v} |" for k, v in f["fairness"].items()]
    lines += ["", f"Limits: {LIMITS[name]}"]
    return lines


def write_card(folder, figures):
    lines = ["# Model card of the heads", "",
             "Four small networks for what happens at a window: presence and posture, desk items, badge, smoking. They judge conduct at a window, never who",
             "a person is, and see nothing outside the window's polygons. They are no basis for a decision about a person without a human look.", "",
             "Figures: synthetic and real apart; shares with 95 % Wilson intervals and n; `unknown` counts against recall, not against precision; frame by frame, no",
             "smoothing over time. Synthetic test: scenes of the generator whose seeds (seed % 5 == 0) were used for nothing else.", "",
             "Data: rendered service windows (CC0); `real_badge` (princeID lbscekId&WithoutId, CC BY 4.0), 113 photographs of students with and without an ID card, used in the",
             "training of the window, badge and smoking heads. `real_smoking` (web pictures) served for tests and thresholds alone.", "",
             "Licence of the weights: Apache-2.0. They build on MoveNet Thunder (Apache-2.0) and NanoDet (Apache-2.0)."]
    for name in ("window", "desk", "badge", "smoking"):
        if name in figures:
            lines += section(name, figures[name])
    (folder / "CARD.md").write_text("\n".join(lines) + "\n")


def toml_list(words):
    return "[" + ", ".join(f'"{w}"' for w in words) + "]"


def toml_numbers(numbers):
    return "{ " + ", ".join(f"{k} = {round(float(v), 4)}" for k, v in numbers.items()) + " }"


def picture_input(size):
    return f'[models.input]\nname = "crop"\nlayout = "nchw"\nsize = [{size[0]}, {size[1]}]\ndtype = "float32"\nchannels = "rgb"\nfit = "letterbox"\n'


def entry(name, path, decoder, labels, thresholds, features_of=None, size=None):
    lines = ["[[models]]", f'name = "{name}"', f'role = "{name}"', f'file = "weights/{path.name}"', f'sha256 = "{export.sha256(path)}"',
             'source = "trained by models/train, card in weights/CARD.md"', 'version = "1"', 'licence = "Apache-2.0"', f'decoder = "{decoder}"',
             f"labels = {labels}", f"thresholds = {toml_numbers(thresholds)}"]
    if features_of:
        lines.append(f'features_of = "{features_of}"')
    return "\n".join(lines) + "\n" + (picture_input(size) if size else "")


def write_manifest(path, folder, figures):
    parts = []
    for name in ("window", "badge", "smoking", "desk"):
        f, file = figures.get(name), folder / f"{name}.onnx"
        if not f or not file.exists():
            continue
        if name == "window":
            thresholds = {**{f"temperature_{k}": v for k, v in f["temperature"].items()}, **f["thresholds"]}
            labels = "{ presence = " + toml_list(data.PRESENCE) + ", posture = " + toml_list(data.POSTURE) + " }"
            parts.append(entry(name, file, "head", labels, thresholds, features_of="movenet-thunder", size=features.CROP_SIZE))
        elif name == "desk":
            thresholds = {"score": .05, "iou": .55, **f["thresholds"]}
            parts.append(entry(name, file, "centre", toml_list(data.ITEMS), thresholds, features_of="nanodet", size=desk_net.INPUTS["crop"][1:]))
        else:
            size, words = (crop_data.BADGE_SIZE, data.BADGE) if name == "badge" else (crop_data.SMOKING_SIZE, data.SMOKING)
            parts.append(entry(name, file, "head", toml_list(words), {"temperature": f["temperature"], **f["thresholds"]}, size=size))
    text = path.read_text().split(MARK)[0].rstrip() + "\n\n" + MARK + "\n\n" + "\n".join(parts)
    path.write_text(text)


def main(folder):
    figures = json.loads((folder / "figures.json").read_text())
    write_card(folder, figures)
    write_manifest(folder.parent / "manifest.toml", folder, figures)
    print("wrote weights/CARD.md and the heads' entries of manifest.toml")
