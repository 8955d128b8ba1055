"""Which scenes of the first generator are made to train on, and what people do there."""
from types import SimpleNamespace

import numpy as np

from train import data, first_generator

EVERY = ["typing", "smoke_hold", "chin"]


def test_no_scene_is_made_that_tests_or_thresholds_want():
    seeds = first_generator.seeds(55000, 6)
    assert seeds == [55002, 55003, 55004, 55007, 55008, 55009]
    assert {data.split_of(f"s{seed:06d}") for seed in seeds} == {"train"}


def test_what_people_do_is_of_the_seed_and_mostly_smoking_or_alike():
    assert first_generator.behaviours(7, 3, EVERY) == first_generator.behaviours(7, 3, EVERY)
    done = [b for seed in range(400) for b in first_generator.behaviours(seed, 2, EVERY)]
    shares = [np.mean([b in kinds for b in done]) for kinds in (first_generator.SMOKING, first_generator.ALIKE, ["absent"])]
    # Of `every` in this test a third smokes and a third does what looks like it.
    assert np.allclose(shares, [.42 + .25 / 3, .28 + .25 / 3, .05], atol=.05)


def test_desks_get_more_clutter_and_people_what_the_seed_says():
    dealt = []
    prototype = SimpleNamespace(
        BEH=EVERY, random_items=lambda rng, clutter: dealt.append(clutter), random_scene=lambda seed, size, count, beh: beh)
    first_generator.crowd(prototype)
    for seed in range(50):
        prototype.random_items(np.random.RandomState(seed))
    assert set(dealt) == set(first_generator.PIECES)
    assert prototype.random_scene(7, (640, 360), 3) == first_generator.behaviours(7, 3, EVERY)
