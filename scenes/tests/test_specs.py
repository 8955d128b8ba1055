"""Scene specs: of their seed, plain data, and sensible."""

import json

import numpy as np
import pytest

from scenes import behaviours, camera, layout, people, stills, truth
from scenes.classes import CLUTTER, ITEM_CLASSES, PERMITTED

SETTINGS = {
    "size": (640, 360),
    "samples": 6,
    "reference_share": 0.25,
    "windows": [1, 2, 3],
    "cameras": ("front_high", "near", "side"),
    "behaviours": (),
    "emphasise": (),
    "zoom": 0,
    "focus": "window",
    "crowded": 0,
    "bystanders": 0,
    "behind": 0.4,
}


def plans(seeds, **changes):
    return [stills.plan(seed, {**SETTINGS, **changes})[:3] for seed in seeds]


def test_a_plan_is_a_function_of_its_seed():
    first, again, other = plans([7, 7, 8])
    assert json.dumps(first) == json.dumps(again)
    assert json.dumps(first) != json.dumps(other)


def test_every_behaviour_and_class_is_drawn():
    windows = [w for scene, _, _ in plans(range(400)) for w in scene["windows"]]
    assert {w["behaviour"] for w in windows} == {*behaviours.BEHAVIOURS, behaviours.ABSENT}
    assert {i["class"] for w in windows for i in w["items"]} == set(ITEM_CLASSES)


def test_nobody_sits_at_an_empty_window():
    for scene, _, _ in plans(range(100)):
        for window in scene["windows"]:
            assert (window["person"] is None) == (window["behaviour"] == behaviours.ABSENT)


def test_a_near_camera_has_one_window():
    for scene, _, _ in plans(range(200)):
        assert scene["camera"]["kind"] != "near" or len(scene["windows"]) == 1


def test_naps_find_the_desk_free():
    for scene, _, _ in plans(range(60), behaviours=("nap_face", "nap_side")):
        for window in scene["windows"]:
            assert all(i["on"] == "ledge" or abs(i["x"]) >= 0.4 for i in window["items"])


def test_wanted_behaviours_are_dealt_in_turn():
    dealt = [
        scene["windows"][0]["behaviour"] for scene, _, _ in plans(range(4), behaviours=("drink", "chin"), windows=[1])
    ]
    assert dealt == ["drink", "chin", "drink", "chin"]


@pytest.mark.parametrize("cls", ["toy", "post_sign", "umbrella", "printer"])
def test_an_emphasised_class_is_on_most_desks(cls):
    desks = [layout.random_items(np.random.RandomState(s), (cls,)) for s in range(60)]
    assert sum(any(i["class"] == cls for i in desk) for desk in desks) > 50


def test_items_stand_on_the_counter():
    for seed in range(100):
        for item in layout.random_items(np.random.RandomState(seed)):
            assert abs(item["x"]) <= 0.75
            assert (-0.70 <= item["y"] <= -0.25) if item["on"] == "desk" else (-0.90 <= item["y"] <= -0.78), item


def test_a_tidy_scene_is_empty_and_permitted():
    for scene, _, _ in plans(range(30)):
        before = json.dumps(scene)
        for window in stills.tidied(scene)["windows"]:
            assert window["person"] is None
            assert not {i["class"] for i in window["items"]} & set(CLUTTER)
        assert json.dumps(scene) == before


def test_the_share_of_references():
    shares = [with_reference for _, _, with_reference in plans(range(400))]
    assert 0.2 < np.mean(shares) < 0.3
    assert not any(with_reference for _, _, with_reference in plans(range(50), reference_share=0))


def test_classes_do_not_overlap():
    assert not set(PERMITTED) & set(CLUTTER)


def test_override():
    person = people.random_person(np.random.RandomState(1))
    outfit = {"shirt": [1, 0, 0], "trousers": [0, 0, 0]}
    changed = people.override(person, {"badge": "none", "outfit": outfit, "phenotype": {"age": 0.7}})
    assert changed["badge"] == {**person["badge"], "kind": "none"}
    assert changed["outfit"] == outfit
    assert changed["phenotype"] == {**person["phenotype"], "age": 0.7}
    with pytest.raises(KeyError):
        people.override(person, {"name": "somebody"})


def test_subject_names_groups_only():
    subject = people.subject(people.random_person(np.random.RandomState(1)))
    assert set(subject) == {"skin", "gender", "age", "body", "hair", "clothing", "glasses"}


def test_rare_things_leave_the_rest_of_a_scene_alone():
    for (plain, _, _), (rich, _, _) in zip(plans(range(40)), plans(range(40), zoom=1, bystanders=1)):
        assert plain["style"] == rich["style"]
        assert plain["windows"] == rich["windows"]
        assert plain["camera"]["loc"] == rich["camera"]["loc"]


@pytest.mark.parametrize("focus", ["window", "seat"])
def test_a_zoomed_camera_shows_its_focus_large_and_whole(focus):
    for scene, _, _ in plans(range(60), windows=[1], zoom=1, focus=focus, size=(480, 480)):
        corners = truth.corners(0, 1, scene["style"])[slice(truth.SEAT_CORNERS) if focus == "seat" else slice(None)]
        seen = camera.View.of(scene["camera"], (480, 480)).project(corners)
        assert seen.min() > -0.2 and seen.max() < 1.2
        assert np.ptp(seen, axis=0).max() > 0.75


def test_crowded_desks_hold_more_clutter():
    def clutter(**changes):
        windows = [w for scene, _, _ in plans(range(60), **changes) for w in scene["windows"]]
        return np.mean([sum(i["class"] in CLUTTER for i in w["items"]) for w in windows])

    assert clutter(crowded=1) > 2.5 * clutter()


def test_bystanders_stand_behind_where_that_is_asked():
    others = [other for scene, _, _ in plans(range(40), bystanders=1, behind=1) for other in scene["bystanders"]]
    assert others and all(other["at"][1] > 0 for other in others)


def test_bystanders_stand_outside_the_posts_and_clear_of_the_camera():
    scenes = [scene for scene, _, _ in plans(range(80), bystanders=1)]
    assert any(scene["bystanders"] for scene in scenes)
    for scene in scenes:
        for other in scene["bystanders"]:
            assert not -0.9 < other["at"][1] < 0.9
            assert np.hypot(*np.subtract(other["at"], scene["camera"]["loc"][:2])) > 0.8
