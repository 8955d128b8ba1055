"""The bundled clips: well-formed, of their scripts, and holding exactly the events they claim."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scenes import behaviours, camera, clip, events, timeline, truth
from scenes.classes import IGNORE, ITEM_CLASSES, POSTURES

HERE = Path(__file__).parents[1]
FOLDERS = (HERE / "clips", HERE / "selftest")
FOLDER_OF, ROWS = {}, []
for folder in FOLDERS:
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        ROWS.append(json.loads(line))
        FOLDER_OF[ROWS[-1]["id"]] = folder
BY_ID = {row["id"]: row for row in ROWS}
bundled = pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])


def script_of(row):
    return timeline.load(HERE / "scripts" / f"{row['id']}.toml", behaviours.BEHAVIOURS)


def test_the_folders_are_small():
    assert sum(f.stat().st_size for folder in FOLDERS for f in folder.rglob("*") if f.is_file()) <= 4 << 20


@bundled
def test_media_are_there(row):
    folder = FOLDER_OF[row["id"]]
    assert (folder / row["media"]).stat().st_size > 10_000
    for window in row["windows"]:
        assert (folder / window["reference"]).exists()


@bundled
def test_geometry_is_inside_the_picture(row):
    for window in row["windows"]:
        for polygon in (window["seat"], window["desk"]):
            assert len(polygon) >= 3
            assert all(0 <= c <= 1 for point in polygon for c in point)


@bundled
def test_truth_is_complete_and_in_order(row):
    script = script_of(row)
    for window in row["windows"]:
        mine = [r for r in row["truth"] if r["window"] == window["window"]]
        assert mine[0]["from"] == 0 and mine[-1]["to"] == script.seconds
        assert all(a["to"] == b["from"] for a, b in zip(mine, mine[1:]))
        for r in mine:
            assert r["from"] < r["to"]
            assert r["presence"] in ("present", "absent")
            assert r.get("posture") in ((None,) if r["presence"] == "absent" else POSTURES)
            assert r.get("badge") in (None, "worn", "missing") and r.get("smoking") in (None, True, False)
            for item in r["items"]:
                assert item["class"] in (*ITEM_CLASSES, IGNORE)
                x, y, w, h = item["box"]
                assert 0 <= x < x + w <= 1.0001 and 0 <= y < y + h <= 1.0001


@bundled
def test_events_follow_from_the_truth(row):
    assert row["events"] == events.derive(row["truth"], row["windows"], row["policy"])


@bundled
def test_geometry_and_policy_are_the_script_s(row):
    script = script_of(row)
    scene = clip.scene_of(script)
    expected = truth.geometry(camera.View.of(scene["camera"], script.size), scene["style"], len(script.windows))
    for window, drawn in zip(row["windows"], expected):
        assert (window["seat"], window["desk"]) == (drawn["seat"], drawn["desk"])
    assert (row["fps"], row["policy"]) == (script.fps, script.policy)


@bundled
def test_the_video_is_as_long_as_the_truth(row):
    if shutil.which("ffprobe") is None:
        pytest.skip("SKIPPED: ffprobe is not installed, the clip's frames are not counted")
    script = script_of(row)
    command = [
        "ffprobe",
        "-v",
        "error",
        "-count_packets",
        "-show_entries",
        "stream=codec_name,width,height,nb_read_packets",
        "-of",
        "json",
        str(FOLDER_OF[row["id"]] / row["media"]),
    ]
    (stream,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
    assert stream["codec_name"] == "h264"
    assert (stream["width"], stream["height"]) == script.size
    assert int(stream["nb_read_packets"]) == script.frames


def test_the_demo_raises_each_rule_once():
    rules = sorted(e["rule"] for e in BY_ID["demo"]["events"])
    assert rules == ["absence", "ashtray", "badge_missing", "clutter", "leaning_back", "slumped", "smoking", "tilted"]
    assert {e["window"] for e in BY_ID["demo"]["events"]} == {"1", "2"}


def test_the_demo_s_episodes_begin_after_the_rules_arm_and_last():
    row = BY_ID["demo"]
    for event in row["events"]:
        if event["rule"] == "badge_missing":  # nobody brings a badge during the clip
            assert (event["opened"], event["closed"]) == (0, None)
            continue
        dwell = row["policy"][event["rule"]]["raise_after_s"]
        assert event["opened"] >= 6
        assert event["closed"] - event["opened"] >= dwell + 4


def test_the_quiet_clip_has_no_event_and_yet_somebody_leaves():
    row = BY_ID["quiet"]
    assert row["events"] == []
    assert any(r["presence"] == "absent" for r in row["truth"])


def test_in_the_clip_of_the_self_test_a_badge_goes_and_a_cup_comes():
    badge = [(r["from"], r["badge"]) for r in BY_ID["badge"]["truth"]]
    assert [value for _, value in badge] == ["worn", "missing", "missing"]
    cups = [any(item["class"] == "cup" for item in r["items"]) for r in BY_ID["badge"]["truth"]]
    assert cups == [False, False, True]
