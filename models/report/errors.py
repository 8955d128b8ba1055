"""The worst errors: rendered windows about which the agent was surest and wrong, each shown with what may explain it."""
import shutil

from . import windows as w

EACH = 2
"""Pictures a signal; more of the same would not tell more."""


def worst(windows, signal):
    """(confidence, window, truth, said), the surest first, one per picture. What is unknown accuses nobody and is left out."""
    wrong = {}
    for x in windows:
        answer = x.answer(signal)
        if answer and answer[1] not in (answer[0], "unknown") and x.media not in wrong:
            wrong[x.media] = (answer[2] or 0.0, x, *answer[:2])
    return sorted(wrong.values(), key=lambda row: -row[0])[:EACH]


def circumstances(x, signal):
    """What is known about the window that makes it hard."""
    parts = [f"camera {x.camera}" if x.camera else "", x.truth.get("behaviour", "").replace("_", " ")]
    if x.pixels["shoulders"]:
        parts.append(f"shoulders {x.pixels['shoulders']:.0f} px")
    if signal == "smoking" and x.pixels["cigarette"]:
        parts.append(f"cigarette {x.pixels['cigarette']:.0f} px")
    if not x.is_above_floor(signal):
        parts.append("under the size floor")
    joints = x.truth.get("keypoints")
    if joints:
        parts.append(f"{sum(seen == 2 for *_, seen in joints[:5])} of 5 joints of the head in sight")
    return ", ".join(part for part in parts if part)


def section(windows, folder):
    """Markdown of the worst errors; copies of their pictures go to `folder`. Rendered pictures alone: they show nobody."""
    rendered = [x for x in windows if x.source == "synthetic"]
    shutil.rmtree(folder, ignore_errors=True)
    rows = []
    for signal in w.SIGNALS:
        for confidence, x, truth, said in worst(rendered, signal):
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{x.id}.jpg"
            shutil.copyfile(x.media, folder / name)
            rows.append(f"| {signal} | {x.id}, window {x.window['window']} | {truth} | {said} ({confidence:.2f}) | {circumstances(x, signal)} | ![{x.id}]({folder.parent.name}/{folder.name}/{name}) |")
    if not rows:
        return []
    return ["### Worst errors", "", "Rendered stills about which the agent was surest and wrong, with what is known of them. Size and view explain most; where neither does, the "
            "network has not seen enough of the kind.", "", "| signal | window | truth | said | seen how | picture |", "|---|---|---|---|---|---|", *rows, ""]
