"""Clip scripts: reading, playing, and merging frames into truth intervals."""

import pytest

from scenes import timeline
from scenes.timeline import OUT_M, TRANSITION_S, WALK_SPEED

KNOWN = ("idle", "typing", "nap_side")
LEAVES = [(0, "idle"), (10, "absent"), (20, "typing")]


def script(**changes):
    window = {"behaviours": [[0, "idle"], [5, "typing"]], "tidy": [{"class": "monitor", "x": 0, "y": -0.5}]}
    return {
        "id": "x",
        "seed": 1,
        "seconds": 10,
        "fps": 5,
        "camera": {"kind": "near", "loc": [0, -2, 2], "at": [0, 0, 1], "fov": 50},
        "windows": [window],
        **changes,
    }


def test_a_good_script():
    parsed = timeline.parse(script(), KNOWN)
    assert parsed.frames == 50 and parsed.size == (640, 360)
    (item,) = parsed.windows[0].items
    assert item.tidy and (item.since, item.until) == (0, 10)


@pytest.mark.parametrize(("until", "worn"), [(None, [True, True]), (5, [True, False])])
def test_a_badge_is_worn_until_it_is_taken_off(until, worn):
    window = script()["windows"][0] | ({} if until is None else {"badge_until": until})
    (parsed,) = timeline.parse(script(windows=[window]), KNOWN).windows
    assert [timeline.wears_badge(parsed, t) for t in (4.9, 5)] == worn


@pytest.mark.parametrize("until", [0, 10])
def test_a_badge_is_taken_off_within_the_clip(until):
    window = script()["windows"][0] | {"badge_until": until}
    with pytest.raises(timeline.ScriptError, match="badge_until"):
        timeline.parse(script(windows=[window]), KNOWN)


def test_all_problems_are_told_at_once():
    window = {
        "behaviours": [[1, "juggling"], [2, "idle"]],
        "items": [{"class": "sofa", "from": 5, "to": 3}],
        "colour": 1,
    }
    bad = script(fps=99, speed=2, windows=[window], camera={"kind": "near"}, policy={"yawning": {}})
    with pytest.raises(timeline.ScriptError) as told:
        timeline.parse(bad, KNOWN)
    expected = ("fps", "speed", "start at 0", "apart", "juggling", "sofa", "before its end", "needs x", "colour", "fov")
    for part in (*expected, "yawning"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    "t, before, now, blend, away",
    [
        (0, "idle", "idle", 1, 0),
        (10, "idle", "absent", 0, 0),
        (10 + TRANSITION_S, "idle", "absent", 1, 0),
        (10 + TRANSITION_S + 0.5, "idle", "absent", 1, 0.5 * WALK_SPEED),
        (19, "idle", "absent", 1, OUT_M),
        (20, "absent", "typing", 0, OUT_M),
        (20 + OUT_M / WALK_SPEED, "absent", "typing", 0, 0),
        (20 + OUT_M / WALK_SPEED + TRANSITION_S / 2, "absent", "typing", 0.5, 0),
        (30, "absent", "typing", 1, 0),
    ],
)
def test_leaving_and_coming_back(t, before, now, blend, away):
    moment = timeline.moment(LEAVES, t)
    assert (moment.before, moment.now) == (before, now)
    assert moment.blend == pytest.approx(blend) and moment.away == pytest.approx(away)


def test_who_turns_back_early_has_not_gone_far():
    keys = [(0, "idle"), (10, "absent"), (12, "typing")]
    far = (12 - 10 - TRANSITION_S) * WALK_SPEED
    assert timeline.moment(keys, 12).away == pytest.approx(far)
    assert timeline.moment(keys, 12 + far / WALK_SPEED).away == pytest.approx(0)


def test_movement_has_no_jumps():
    step, before = 0.02, None
    for n in range(int(30 / step)):
        away = timeline.moment(LEAVES, n * step).away
        assert before is None or abs(away - before) <= WALK_SPEED * step + 1e-9
        before = away


def test_a_window_that_starts_empty():
    keys = [(0, "absent"), (5, "idle")]
    assert timeline.away_now(timeline.moment(keys, 0)) and timeline.away_now(timeline.moment(keys, 5))
    assert not timeline.away_now(timeline.moment(keys, 12))


def item(cls, box, id_="a"):
    return {"id": id_, "class": cls, "box": box}


def test_intervals_change_with_the_state():
    frames = [("sits", {"presence": "present", "posture": "upright", "items": []})] * 5 + [
        ("gone", {"presence": "absent", "items": []})
    ] * 10
    rows = timeline.intervals("1", frames, 5)
    assert [(r["from"], r["to"], r["presence"], r.get("posture")) for r in rows] == [
        (0, 1, "present", "upright"),
        (1, 3, "absent", None),
    ]


@pytest.mark.parametrize(
    "values, badge",
    [
        (["worn"] * 4 + [None], "worn"),
        (["worn"] * 2 + [None] * 2, None),
        ([None] * 3, None),
        (["worn"] * 3 + ["missing"] * 2, "worn"),
    ],
)
def test_most_frames_decide(values, badge):
    frames = [("s", {"presence": "present", "badge": value, "items": []}) for value in values]
    (row,) = timeline.intervals("1", frames, 5)
    assert row.get("badge") == badge


def test_boxes_are_the_median_and_a_thing_in_a_hand_covers_its_way():
    boxes = [[0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1], [0.3, 0.1, 0.1, 0.1]]
    frames = [("s", {"presence": "present", "items": [item("cup", b), item("ignore", b, "hand")]}) for b in boxes]
    (row,) = timeline.intervals("1", frames, 5)
    assert row["items"] == [
        {"class": "cup", "box": [0.1, 0.1, 0.1, 0.1]},
        {"class": "ignore", "box": [0.1, 0.1, 0.3, 0.1]},
    ]


def test_what_is_mostly_hidden_is_no_item():
    frames = [
        ("s", {"presence": "present", "items": [item("cup", [0, 0, 0.1, 0.1])] if n < 2 else []}) for n in range(6)
    ]
    (row,) = timeline.intervals("1", frames, 5)
    assert row["items"] == []
