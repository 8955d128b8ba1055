"""The arithmetic of the report: matching, floors, calibration, held-out scenes."""
import json
import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from report import errors, figures, goals, sets, windows  # noqa: E402


def test_unknown_counts_against_recall_only():
    said = figures.Answers([("absent", "absent", .9), ("absent", "unknown", None), ("present", "present", .8), ("present", "absent", .7)])
    assert said.counts("absent") == (1, 2, 2)
    assert said.unknown() == 1 and said.right() == 2
    assert said.macro() == pytest.approx((.5 + 2 / 3) / 2)


def test_calibration_is_the_gap_between_confidence_and_truth():
    sure = figures.Answers([("worn", "worn", .95)] * 9 + [("missing", "worn", .95)])
    assert sure.calibration_error() == pytest.approx(.05)
    assert figures.Answers([("worn", "unknown", None)]).calibration_error() is None


@pytest.mark.parametrize("hits, n", [(0, 5), (5, 5), (3, 7)])
def test_intervals_hold_the_share(hits, n):
    low, high = figures.interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1


def test_items_match_one_to_one_and_what_is_ignored_scores_neither_way():
    box, far = [.1, .1, .2, .2], [.7, .7, .1, .1]
    twice = [{"box": box, "confidence": .9}, {"box": box, "confidence": .5}]
    assert figures.match(twice, [box], [], .3) == (1, 2, 1)
    assert figures.match([{"box": far, "confidence": .9}], [box], [far], .3) == (0, 0, 1)


def scored(truth, said, size=(640, 480), **window):
    window = {"window": "1", "seat": [[0, 0], [1, 0], [1, 1]], **window}
    return windows.Scored("s", "s000000", window, truth, said, size, "near", "synthetic", "", windows.pixels(truth, window, size))


def test_small_things_are_told_apart():
    joints = [[.5, .5, 2]] * 5 + [[.4, .5, 2], [.5, .5, 2]]
    small = scored({"posture": "upright", "keypoints": joints}, {"posture": {"value": "upright", "confidence": .9}})
    assert small.pixels["shoulders"] == pytest.approx(64) and not small.is_above_floor("posture")
    assert len(windows.answers([small], "posture")) == 1 and len(windows.answers([small], "posture", above=True)) == 0
    cup = {"class": "cup", "box": [.1, .1, .02, .03]}
    desk = scored({"items": [cup]}, {"items": [{**cup, "confidence": .8}]}, desk=[[0, 0], [1, 0], [1, 1]])
    assert windows.desk([desk]) == (1, 1, 1) and windows.desk([desk], above=True) == (0, 0, 0)


@pytest.mark.parametrize("x, is_seen", [(.1, True), (.44, True), (.46, False), (.8, False)])
def test_what_lies_outside_the_polygons_is_told_apart(x, is_seen):
    seat, box = [[0, 0], [.5, 0], [.5, 1], [0, 1]], [x, .4, .1, .1]
    smoker = scored({"smoking": True, "cigarette_box": box}, {"smoking": {"value": "none", "confidence": .9}}, seat=seat)
    assert smoker.shows(box) is is_seen
    assert len(windows.smoking_in_sight([smoker])) == is_seen and len(windows.answers([smoker], "smoking", above=True)) == 1
    desk = scored({"items": [{"class": "cup", "box": box}]}, {"items": []}, seat=[[.9, 0], [1, 0], [1, 1]], desk=seat)
    assert windows.desk([desk], in_sight=True) == (0, 0, int(is_seen)) and windows.desk([desk]) == (0, 0, 1)


def test_an_unknown_desk_misses_nothing_it_says():
    window = {"desk": [[0, 0], [1, 0], [1, 1]], "required": ["evaluator"]}
    assert windows.required([scored({"items": []}, {"items": []}, **window)]) == (1, 1, 1)
    assert windows.required([scored({"items": []}, {"items": [], "desk": {"value": "unknown"}}, **window)]) == (0, 0, 1)


@pytest.mark.parametrize("said, met", [(["absent"] * 99 + ["unknown"], True), (["absent"] * 98 + ["unknown"] * 2, False), ([], None)])
def test_a_goal_is_met_by_figures_alone(said, met):
    stills = [scored({"presence": "absent"}, {"presence": {"value": value, "confidence": .9}}) for value in said]
    goal = next(goal for goal in goals.rendered(stills, 0.95) if goal.what == "absent, F1")
    assert goal.met is met


def test_what_is_missed_says_what_it_would_need_and_what_is_not_measured_is_not_met():
    stills = [scored({"presence": "absent"}, {"presence": {"value": "present", "confidence": .9}})]
    lines = goals.section(stills, [], 0.95, [], {})
    assert "| presence | absent, F1 | ≥ 0.99 | 0.000 (n=1) | **no** |" in lines
    assert any(line.startswith("- presence: ") for line in lines) and not any(line.startswith("- desk: ") for line in lines)
    assert "| desk | AP50 of the COCO classes | ≥ 0.50 | no such photographs here | – |" in lines


def test_events_of_all_clips_are_one_figure():
    def events(tp, fp, fn, p95):
        return {"rules": {"absence": {"tp": tp, "fp": fp, "fn": fn}}, "latency_s": {"p50": 0.0, "p95": p95}}

    score, long, latency = goals.clips([("short", events(3, 1, 0, 0.4), 2.0), ("long", events(5, 0, 1, 2.0), 30.0)])
    assert score.measured == "0.889 (n=9)" and score.what.startswith("F1 over 32 minutes")
    assert long.measured == "0.909 (n=6)" and long.what == "of these, long: F1"
    assert not list(goals.clips([]))[0].met
    assert latency.measured == "2.00 s" and latency.met is False


def test_picture_size_is_read_from_the_header(tmp_path):
    jpeg = b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + b"\xff\xc0" + struct.pack(">HBHH", 8, 8, 48, 64) + b"\0" * 9
    (tmp_path / "a.jpg").write_bytes(jpeg)
    assert windows.picture_size(tmp_path / "a.jpg") == (64, 48)


def test_only_scenes_that_trained_nothing_are_kept_and_of_them_what_is_in_the_picture(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    seat, line = [[0, 0], [1, 0], [1, 1]], [[0, 0], [0, 1]]
    both = {"windows": [{"window": "1", "seat": seat, "desk": line}, {"window": "2", "seat": line}], "truth": [{"window": "1"}, {"window": "2"}]}
    none = {"windows": [{"window": "1", "seat": line}], "truth": [{"window": "1"}]}
    stills = {"kind": "still", "source": "synthetic", "media": "a.jpg"}
    rows = [{"id": f"s{n:06}", **stills, **(none if n == 10 else both)} for n in (5, 6, 10)]
    (tmp_path / "manifest.5.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n{\"id\"")
    kept = sets.prepared(tmp_path, tmp_path / "out")
    assert [row["id"] for row in kept] == ["s000005"]
    written = json.loads((tmp_path / "out/manifest.jsonl").read_text())
    assert written["windows"] == [{"window": "1", "seat": seat}] and written["truth"] == [{"window": "1"}]
    assert Path(written["media"]).is_absolute()


def test_the_surest_errors_are_shown_and_real_people_never(tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"picture")

    def still(name, source, said, confidence):
        window = {"window": "1", "seat": [[0, 0], [1, 0], [1, 1]]}
        truth = {"badge": "worn"}
        return windows.Scored("s", name, window, truth, {"badge": {"value": said, "confidence": confidence}}, (640, 480), "near", source, str(picture),
                              windows.pixels(truth, window, (640, 480)))

    wrong = still("s000005", "synthetic", "missing", .9)
    assert [row[0] for row in errors.worst([wrong], "badge")] == [.9]
    assert errors.worst([still("s000010", "synthetic", "unknown", None), still("s000015", "synthetic", "worn", .9)], "badge") == []
    text = "\n".join(errors.section([wrong], tmp_path / "plots" / "errors"))
    assert "s000005" in text and (tmp_path / "plots" / "errors" / "s000005.jpg").exists()
    assert errors.section([still("badge0001", "web", "missing", .9)], tmp_path / "plots" / "errors") == []
    assert not (tmp_path / "plots" / "errors").exists(), "pictures of before are gone"
