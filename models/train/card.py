"""Writes the model cards and the heads' entries of the manifest from the figures of the last training."""
import json

import onnx

from . import data, export

MARK = "# ---- Heads of our own. Everything below is written by `python -m train card`."

METHOD = {
    "window": "Two networks whose logits are averaged. One is a small convolutional head on MoveNet Thunder's frozen maps and keypoints. The other looks at the crop itself (192x192): the first stages of NanoDet's backbone, fine-tuned, with maps of the nose and of the joints down to the hips, learnt from rendered people whose hidden joints are known; where they are goes into the answer. AdamW, one cosine cycle, averaged weights; kinds of windows are drawn by fixed shares. Crops are varied in light, colour, blur, noise, size, compression, occlusion, polygon and mask; heads are covered as by a hood or a jacket. Pictures of `real_badge` teach presence, and that a posed person is upright or standing (never which).",
    "desk": "NanoDet's first stages (COCO weights, the first two convolutions frozen) fine-tuned on desk crops, under a feature pyramid of our own that ends at stride 4 and was deepened by three blocks that began as the identity; focal loss on class heat maps, generalised IoU on boxes. Crops are made anew at every step: light, colour, infra-red, noise, compression, cameras with fewer pixels, polygons, size of the crop. Items mostly hidden by the mask or in a hand are neither taught nor punished, nor are classes in sets that never hold them. NanoDet's own COCO head is carried along for the classes COCO has words for; a class takes it from the score at which it cost the tuning scenes nothing.",
    "badge": "The first stages of NanoDet's backbone (COCO weights, first four convolutions frozen) fine-tuned on chest crops; a heat map of the badge is learnt along. Badges, lanyards, ties, necklaces, logos, pockets, straps and hands with phones are drawn onto chests; in front of every fifth hangs a sign, a screen, a paper or a piece of another picture, and where that hides the badge, or most of where one would hang, it is taught as `unclear`. `worn` and `missing` go first: the logit of `unclear` is lowered until few chests of known truth are called so. The committed weights train on all of `real_badge`; the real figure is cross-validated over five groups of people and comes from networks that had not seen them.",
    "smoking": "The first eleven blocks of EfficientNet-Lite0 (ImageNet weights; the first three blocks and all normalisations frozen), fine-tuned on head-and-hands crops under a small feature pyramid that ends at stride 4. A heat map of the cigarette is learnt along (focal loss by cigarette), and the answer follows from what is where it is warmest. It saw 1,510 close views of 151 rendered people (`python -m scenes closeups`, seeds 71001 and 72001 on), half of whom smoke, and the scenes of the first generator, at 160x160; then went on twice at 224x224, at which fewer pixels of a scene are lost, with 240 scenes of the first generator in which somebody smokes (of the seeds 51001 to 51943), 150 of ours (96001 on) and 200 of the close views, and the weights of both rounds were averaged. A third round of 11,200 crops brought people with phones, papers, pens and cups (the badge head's new scenes), and was averaged with what was before it. A last one of 13,000 crops brought 557 crowded scenes of that generator in which four of ten people smoke and three do what looks like it (`train/first_generator.py`), and was averaged likewise. A cigarette that lies outside the window's polygons, where nobody may look, is not taught since the second of them. Cigarettes, hands, smoke and hard negatives (pens, straws, phones, cups, lettering, blinds) are drawn at mouths and hands of those who do not, and of `real_badge`; what the fingers leave in sight of a cigarette, if it stands out at all, is what is taught. `real_smoking` is never trained on; its pictures of people who do not smoke limit the threshold, but for 22 that carry no box and yet show a cigarette, smoke or no person at all (listed in `train/crop_heads.py`).",
}
LIMITS = {
    "window": "No real photographs of naps, leaning back or tilting were available; those postures are known from rendered people alone. Empty rooms are known from rendered rooms and from people-free parts of photographs at most. Where a camera looks along the counter, somebody at the next window may fill most of a seat's crop, and somebody may stand behind an empty chair. This network went on from one that knew those seats (itself the mean of two) with 260 scenes of people at work, leaning to a side and leaning back, mostly seen from the side, and with every third second of nine random clips, in which people are between two postures and pictures are as an encoder leaves them. On ten clips that taught neither, one frame a second, it calls 1 of 919 upright frames tilted (the one before 26) and leaves 24 unknown (50), finds 43 of 44 tilted ones (40) and errs about presence in 1 of 1,200 (10). On stills that taught neither it sees 18 of 18 empty seats with somebody right behind the chair as empty (16), 18 of 19 along the counter (18), and tells 132 of 140 postures of scenes like the 260 (123), 33 of 36 along the counter (35). Clips trained it as well as stills: what only clips show (a body on its way from one posture to another) no still of the generator had. Draw seats so that they do not overlap.",
    "desk": "Trained on some twelve hundred rendered desks for 16,000 crops, on 1,021 others for 36,000 more with 1,328 rendered items pasted, then on 1,594 (some 550 of them new) for 15,600, with what people hold in their hands taught as background. On 512 desks that taught neither, each at the thresholds that suit it best by set, the last step changed clutter F1 from 0.62 to 0.70 on desks of the first generator (149 pieces; precision 0.97 and 0.94), from 0.72 to 0.72 on `python -m scenes desks` (634) and from 0.61 to 0.60 on desks of whole scenes (100): what helps is more scenes of the kind that is measured. The step before had brought 0.67 to 0.72 of all. A last one went on for 16,000 crops of 1,073 desks, some 850 of them new, with the three blocks more, and the weights before and after were averaged: on 883 desks that taught neither (1,209 pieces), at the threshold that suits it best, F1 went from 0.707 to 0.725, recall at a precision of 0.93 from 0.53 to 0.56; by kind, from 0.702 to 0.688 on the given scenes (207 pieces), 0.680 to 0.719 on more of their generator (240), 0.712 to 0.707 on scenes of ours (209), 0.756 to 0.772 and 0.731 to 0.737 on desks alone (336, 217). Before that step it was hardly better on desks that had taught it than on others (F1 0.725 and 0.701 on the given scenes), after it, not yet averaged, it was (0.758 and 0.667, all at a threshold of 0.35): it wants more scenes and shorter rounds. So the next was one of 12,000 crops with 331 scenes of the first generator more and 3,363 rendered items to paste: alone no better than before it (F1 at the best thresholds on 634 desks that taught nothing, our net alone: 0.733 and 0.730), averaged with it 0.758; on the 492 desks that thresholds are tuned on 0.698, 0.683 and 0.697, recall at a precision of 0.93 0.51, 0.53 and 0.52. Another of 9,600 crops with 557 crowded scenes of the first generator more (about four pieces of clutter on each of some thousand desks) brought nothing either: on 534 pieces of the tuning scenes F1 at best 0.669 alone, 0.686 averaged, 0.697 without; it is not scenes that are lacking any more. One round more of 9,600 crops brought nothing, alone (F1 at its thresholds on the 634 0.718, without it 0.722) or averaged (on the 492 at best 0.695, without it 0.697), and was not taken. The three blocks cost 47 ms of one thread where it was 41. Thresholds weigh precision more than recall. Small items (mouse, stapler, cosmetics, umbrella) are mostly missed. Looking at the halves of each desk as well found more in 310 training and tuning scenes (recall 0.54 to 0.58) with less precision (0.88 to 0.79), the same F1 for three times the work: not kept either. Nor were crops of 480, 512 and 576 pixels or the mean with the mirrored crop (F1 0.715, 0.703, 0.672 and 0.722 on 350 desks, 0.722 as it is), nor a second network of its own that looks at each candidate closer (80x80, taught with 58,000 patches: 0.747 of 0.756 mixed with the detector's score, 0.66 instead of it). A third of the clutter that is missed lies partly outside the window's polygons, where nothing is looked at, and much of the rest behind screens and people: of pieces that the mask cuts to less than 60 % a quarter is found, of whole ones 62 %. Figures count every item in the crop, the neighbouring desk's and mostly hidden ones included. Real desks are not tested.",
    "badge": "Real pictures show few people of one campus in two kinds of clothing. Below a shoulder width of 80 px a badge covers few pixels. A phone that is looked at before the chest was called a worn badge: phones in hands are drawn since, and 260 close views show people with phones, papers and cups, near half of them without a badge. On 505 chests of known truth that taught nothing (117 without a badge) 9 missing badges were called worn, now 2; average precision 0.966 and 0.972; the mean of the weights before and after was chosen before its parts by these. Worn badges that are called missing are mostly cards of which a screen, an arm or the phone leaves a strip: 15 of 388 before, 18 now (6 of them surer than 0.8). Chests that something hides: of 316 whose truth cannot tell (turned away, behind things) 68 are called missing and 54 worn (64 and 70 before). What a look leaves unsure is not weighed over time, which is to be mended.",
    "smoking": "On web photographs it finds between one smoker in four and one in three, and accuses one to five of a hundred others: `none` from it says little. Thresholds let no more than two in a hundred rendered people who do not smoke be accused, and three in a hundred on photographs, and are chosen for crops of less than 320 pixels of the picture along the longer side and for those of more apart: with the weights before, one threshold for all found one smoker in eight on photographs; with these, large crops get no laxer one. A large crop is shrunk much on its way into the net: there mouth and hands are looked at closer as well, and what looks most like a cigarette counts. Of 717 such photographs of smokers, with one accused of the 35 others, that found 0.37 where the whole crop alone found 0.25; for crops of 160 to 320 pixels it changes nothing on rendered scenes, and is not done. A laxer threshold from 160 pixels on was tried too: it raised a false event in a bundled clip, where somebody types. Cigarettes there are not much warmer than hands, straps and lettering of film stills. The step from 160x160 to 224x224 changed average precision from 0.945 to 0.958 on photographs, 0.76 and 0.83 on the given scenes, on all scenes that taught neither (142 smokers, 306 others) 0.86 and 0.90; the mean was chosen before its parts (0.89 both) by these. The third round changed it from 0.879 to 0.881 on 573 scenes (163 smokers) and from 0.958 to 0.959 on photographs. A number on a hanging sign is called a cigarette: signs drawn onto 991 scenes and close views that taught nothing (239 smokers) take its average precision from 0.878 to 0.768. A fourth round, with signs drawn and 331 scenes more, loses little by signs (0.855 to 0.843; averaged with the weights before 0.871 to 0.823) and was not taken: in sixteen minutes of clips that serve to decide, the average raised two more false events where its threshold let two in a hundred be accused, and where it let one, the given clip had a false event. The last round, with 557 crowded scenes more and averaged, took recall on the same 518 scenes from 0.560 to 0.656 (precision 0.986 to 0.965) and on photographs from 0.269 to 0.288 (mean of the average precisions that the export compares: 0.895 to 0.911); alone it did the same on scenes (0.656) and 0.283 on photographs. In clips its answers for people who smoke and for those who do not lie farther apart, so that the agent may ask for surer evidence over time. More close views alone had helped nothing. Outside the seat and desk polygons nothing is looked at: of 55 rendered smokers seen by a camera at the side the cigarette lies there for 48 (tight polygons, a face at their edge), of 387 seen from elsewhere for 2. Of the wrong alarms most are pens at the mouth in infra-red light, and bright edges beside a head. Real people who do not smoke are known to it from 113 photographs of one campus alone. 151 of the 1,160 smokers of `real_smoking` give no keypoints to go by: there the whole seat is looked at, and only a cigarette that is found counts. Photographs of people who smoke, and of people who hold pens, phones and cups, free to train on, would help most.",
}


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
    lines = [f"# {name}: {TITLE[name]}", "", INTRO, "", "## How it was made", "", METHOD[name], "", f"Data: {DATA[name]}", "",
             f"Licence of the weights: Apache-2.0. They build on {BASES[name]}.", "", "## Figures", "", *FIGURES[name](figures)]
    if figures.get("fairness"):
        lines += ["", "## Fairness", "", "Synthetic test: share of right answers by group of the rendered person; no head is told of groups.", "", "| group | right |", "|---|---|"]
        lines += [f"| {k} | {v} |" for k, v in figures["fairness"].items()]
    return "\n".join([*lines, "", "## Limits", "", LIMITS[name], ""])


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
