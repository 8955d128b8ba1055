"""Single frames of clips as a labelled set: people between two postures, and the pictures as a clip's encoder leaves them."""

import json
import re
import subprocess
from pathlib import Path


def frame_set(clips, out, every_s, say):
    """Writes every so many seconds' frame of each clip of the set `clips` to OUT/img, and OUT/manifest.jsonl with its truth.

    A frame's id ends in the clip's seed, by which training and testing are told apart.
    """
    clips, out = Path(clips), Path(out)
    (out / "img").mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in (clips / "manifest.jsonl").read_text().splitlines()]
    with (out / "manifest.jsonl").open("w") as manifest:
        for clip in (row for row in rows if row["kind"] == "clip"):
            step = max(1, round(every_s * clip["fps"]))
            _decode(clips / clip["media"], step, out / "img", clip["id"])
            frames = sorted((out / "img").glob(f"*s{_seed(clip['id'])}.jpg"))
            for n, path in enumerate(frames):
                manifest.write(json.dumps(frame_row(clip, path.stem, n * step / clip["fps"])) + "\n")
            say(f"{clip['id']}: {len(frames)} frames")


def frame_row(clip, name, t):
    """The manifest's row of a clip's frame at `t` seconds, as a still."""
    kept = {key: clip[key] for key in ("camera", "source", "licence") if key in clip}
    windows = [{key: value for key, value in window.items() if key != "reference"} for window in clip["windows"]]
    truth = [{**part, "from": 0, "to": 0} for part in clip["truth"] if part["from"] <= t < part["to"]]
    return {"id": name, "kind": "still", "media": f"img/{name}.jpg", "windows": windows, "truth": truth, **kept}


def _seed(clip_id):
    return re.sub(r"\D", "", clip_id)


def _decode(media, step, folder, clip_id):
    select = f"select=not(mod(n\\,{step}))"
    to = folder / f"f%03ds{_seed(clip_id)}.jpg"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", "-i", media, "-vf", select, "-fps_mode", "passthrough", "-q:v", "2", to],
        check=True,
    )
