"""Single frames of clips as a labelled set: people between two postures, and pictures as a clip's encoder leaves them."""

import json
import subprocess
from pathlib import Path


def frame_set(clips, out, every_s, say):
    """Writes every so many seconds' frame of each clip of the set `clips` to OUT/img, and OUT/manifest.jsonl with its truth.

    A frame's id ends in its clip's: training and testing are told apart by the seed at the end.
    """
    clips, out = Path(clips), Path(out)
    (out / "img").mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in (clips / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    with (out / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for clip in (row for row in rows if row["kind"] == "clip"):
            step = max(1, round(every_s * clip["fps"]))
            frames = f"f[0-9][0-9][0-9][0-9]{clip['id']}.jpg"
            for path in (out / "img").glob(frames):  # of another spacing, they would get the wrong truth
                path.unlink()
            _decode(clips / clip["media"], step, out / "img" / f"f%04d{clip['id']}.jpg")
            names = sorted(path.stem for path in (out / "img").glob(frames))
            for n, name in enumerate(names):
                row = frame_row(clip, name, n * step / clip["fps"])
                manifest.write(json.dumps(row, ensure_ascii=False) + "\n")
            say(f"{clip['id']}: {len(names)} frames")


def frame_row(clip, name, t):
    """The manifest's row of a clip's frame at `t` seconds, as a still."""
    kept = {key: clip[key] for key in ("camera", "source", "licence") if key in clip}
    windows = [{key: value for key, value in window.items() if key != "reference"} for window in clip["windows"]]
    truth = [{**part, "from": 0, "to": 0} for part in clip["truth"] if part["from"] <= t < part["to"]]
    return {"id": name, "kind": "still", "media": f"img/{name}.jpg", "windows": windows, "truth": truth, **kept}


def _decode(media, step, pattern):
    select = f"select=not(mod(n\\,{step}))"
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", media, "-vf", select, "-fps_mode", "passthrough", "-q:v", "2"]
    subprocess.run([*command, "-start_number", "0", pattern], check=True)
