"""Random clip scripts: readable, repeatable, and economical without showing one state for another."""

import pytest

from scenes import behaviours, clip, events, random_script, timeline
from scenes.classes import PERMITTED

SEEDS = range(700, 740)


def scripts():
    return [timeline.parse(random_script.random_script(seed), behaviours.BEHAVIOURS) for seed in SEEDS]


def test_every_seed_gives_a_script_that_can_be_played():
    for script in scripts():
        names = {name for _, name in script.windows[0].behaviours}
        assert len(names) > 3
        assert all(item.spec["class"] in PERMITTED for item in script.windows[0].items if item.tidy)
    assert random_script.random_script(700) == random_script.random_script(700)


def test_nobody_is_in_a_reference_picture_though_people_pass_in_the_clip():
    passed = [script for script in scripts() if clip.scene_of(script)["bystanders"]]
    assert passed
    for script in passed:
        tidy = clip.tidied(script)
        assert tidy["bystanders"] == [] and all(window["person"] is None for window in tidy["windows"])


def test_all_conduct_and_all_items_rules_occur():
    found = {name for script in scripts() for _, name in script.windows[0].behaviours}
    assert found >= {"absent", *behaviours.CONDUCT}
    timed = {item.spec["class"] for script in scripts() for item in script.windows[0].items if not item.tidy}
    assert "ashtray" in timed and timed - set(PERMITTED) - {"ashtray"}


def test_a_picture_stands_only_for_frames_of_the_same_state():
    for script in scripts()[:10]:
        sources = timeline.sources(script)
        assert len(sources) == script.frames
        assert len(set(sources)) < script.frames / 5
        for n, source in enumerate(sources):
            for window in script.windows:
                t, s = n / script.fps, source / script.fps
                assert timeline.shown(window, t) == timeline.shown(window, s)
                a, b = timeline.moment(window.behaviours, t), timeline.moment(window.behaviours, s)
                assert (a.before, a.now) == (b.before, b.now)


def test_no_picture_stays_as_long_as_a_camera_would_seem_frozen():
    for script in scripts()[:10]:
        sources, longest, run = timeline.sources(script), 1, 1
        for a, b in zip(sources, sources[1:]):
            run = run + 1 if a == b else 1
            longest = max(longest, run)
        assert longest <= timeline.CALM_FRAMES


def test_all_frames_are_rendered_unless_a_script_says_otherwise():
    raw = random_script.random_script(700)
    del raw["pictures"]
    script = timeline.parse(raw, behaviours.BEHAVIOURS)
    assert timeline.sources(script) == list(range(script.frames))


def test_a_dwell_that_a_condition_just_misses_is_moved():
    windows = [{"window": "1"}]
    rows = [
        {"window": "1", "from": 0.0, "to": 5.4, "presence": "present", "posture": "slumped", "items": []},
        {"window": "1", "from": 5.4, "to": 20.0, "presence": "present", "posture": "upright", "items": []},
    ]
    policy = {"slumped": {"raise_after_s": 5, "clear_after_s": 2}}
    with pytest.raises(events.Ambiguous) as told:
        events.derive(rows, windows, policy)
    assert told.value.rule == "slumped"
    settled = events.settled(rows, windows, policy)
    assert settled["slumped"] == {"raise_after_s": 7, "clear_after_s": 2}
    assert events.derive(rows, windows, settled) == []
