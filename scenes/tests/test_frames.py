"""Frames of clips: which, and with what truth."""

import json
from pathlib import Path

import pytest

from scenes import cli, frames

CLIPS = Path(__file__).parents[1] / "clips"
CLIP = {
    "id": "r060001",
    "fps": 5,
    "windows": [{"window": "1", "seat": [], "reference": "img/r060001.ref.jpg"}],
    "truth": [
        {"window": "1", "from": 0, "to": 9.8, "presence": "present"},
        {"window": "1", "from": 9.8, "to": 20, "presence": "absent"},
    ],
    "camera": "side",
    "source": "synthetic",
    "events": [],
}


@pytest.mark.parametrize("t, presence", [(0, "present"), (9.6, "present"), (9.8, "absent"), (19.8, "absent")])
def test_the_truth_of_a_frame(t, presence):
    assert frames.frame_row(CLIP, "f0000r060001", t) == {
        "id": "f0000r060001",
        "kind": "still",
        "media": "img/f0000r060001.jpg",
        "windows": [{"window": "1", "seat": []}],
        "truth": [{"window": "1", "from": 0, "to": 0, "presence": presence}],
        "camera": "side",
        "source": "synthetic",
    }


def test_the_frames_of_the_bundled_clips(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img/f0099demo.jpg").write_bytes(b"of another spacing")
    assert cli.main(["frames", "--of", str(CLIPS), "--every", "6", "--out", str(tmp_path)]) == 0
    rows = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()]
    clips = {row["id"]: row for row in map(json.loads, (CLIPS / "manifest.jsonl").read_text().splitlines())}
    for name, count in (("demo", 9), ("quiet", 4)):
        mine = [row for row in rows if row["id"].endswith(name)]
        assert [row["id"] for row in mine] == [f"f{n:04d}{name}" for n in range(count)]
        assert all((tmp_path / row["media"]).exists() and len(row["truth"]) == len(clips[name]["windows"]) for row in mine)
