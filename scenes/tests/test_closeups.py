"""Close views of one person, as plans: Blender draws them, what is done and looked at is decided here."""

import json
from types import SimpleNamespace

import numpy as np

from scenes import closeups, stills
from scenes.camera import View
from scenes.truth import SEAT_CORNERS, corners

# Nose, eyes, ears, shoulders, elbows, wrists of somebody who sits upright, in room metres.
UPRIGHT = np.array(
    [(0, -0.1, 1.2)] * 5
    + [(x, 0.05, z) for z in (1.0, 0.8) for x in (0.19, -0.19)]
    + [(0.2, -0.25, 0.8), (-0.2, -0.25, 0.8)]
)


def test_a_person_is_a_function_of_the_seed_and_has_a_cigarette():
    first, second = closeups.plan(5)[0], closeups.plan(5)[0]
    assert first == second
    lengths = [closeups.plan(seed)[0]["windows"][0]["person"]["cigarette"]["length"] for seed in range(30)]
    assert min(lengths) < 0.025 and max(lengths) > 0.045


def test_half_of_the_pictures_show_somebody_who_smokes():
    rng = np.random.RandomState(1)
    done = [closeups.random_behaviour(rng) for _ in range(2000)]
    assert 0.46 < np.mean([b in closeups.SMOKING for b in done]) < 0.54
    assert {"pen_mouth", "nap_face", "typing"} <= set(done) and "stand" not in done


def test_a_view_holds_head_and_hands_and_is_close():
    person = SimpleNamespace(keypoints=UPRIGHT)
    shoulders = []
    for seed in range(1, 60):
        hall, rng = closeups.plan(seed)
        camera, size = closeups.random_view(rng, hall, person)
        view = View.of(camera, size)
        held = view.project(UPRIGHT)
        seat = view.project(corners(0, 1, hall["style"])[:SEAT_CORNERS])
        inside = [((points > -0.1) & (points < 1.1)).all(1).mean() for points in (held, seat)]
        assert max(inside) > 0.7, (seed, inside)
        shoulders.append(np.linalg.norm((held[5] - held[6]) * size))
    assert np.median(shoulders) > 40


def test_a_loosened_pose_keeps_the_hand_over_the_desk():
    for seed in range(50):
        pose = {"hand_R": [0.24, -0.36, 1.0], "fing_R": [-0.25, -0.3, 0.9], "head_yaw": 0.0, "head_pitch": 0.0}
        loose = closeups.loosened(pose, "smoke_hold", np.random.RandomState(seed))
        assert loose["hand_R"][2] > 0.8 and abs(np.linalg.norm(loose["fing_R"]) - 1) < 1e-9
    lips = {"head_yaw": 0.0}
    assert closeups.loosened(dict(lips), "smoke_lip", np.random.RandomState(1)) == lips


def test_halls_that_are_there_are_left_alone_and_others_are_added(tmp_path):
    def render_hall(seed, out, settings):
        for number in range(settings["views"]):
            name = f"c{number}s{seed:06d}"
            (out / "img" / f"{name}.jpg").touch()
            yield stills.manifest_row(name, [], [{"window": "1", "smoking": number == 0}], "side")

    told = []
    for count in (2, 3):
        stills.render_views(7, count, tmp_path, {"views": 2}, "c", render_hall, lambda seed, rows: told.append((seed, len(rows))))
    assert told == [(7, 2), (8, 2), (9, 2)]
    ids = [json.loads(line)["id"] for line in (tmp_path / "manifest.7.jsonl").read_text().splitlines()]
    assert ids == ["c0s000007", "c1s000007", "c0s000008", "c1s000008", "c0s000009", "c1s000009"]


def test_what_people_do_can_be_chosen():
    rng = np.random.RandomState(1)
    assert {closeups.random_behaviour(rng, ("phone_look", "reading")) for _ in range(20)} == {"phone_look", "reading"}


def test_badges_are_left_away_of_a_share_of_people():
    def kinds(share):
        return [closeups.plan(seed, share)[0]["windows"][0]["person"]["badge"]["kind"] for seed in range(40)]

    plain, half = kinds(0.0), kinds(0.5)
    assert all(badge in ("none", before) for badge, before in zip(half, plain))
    assert half.count("none") - plain.count("none") >= 8
    assert set(kinds(1.0)) == {"none"}
