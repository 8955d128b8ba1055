"""What is drawn into people's mouths and hands, and what keeps a worse network out: no base models needed."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import gate, held, metrics  # noqa: E402

PLACES = [("mouth", 90.0, 80.0), ("hand", 60.0, 130.0)]


def grey():
    return np.full((192, 192, 3), 120, np.uint8)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("smokes", [True, False])
def test_only_who_smokes_has_a_cigarette(seed, smokes):
    picture, rng = grey(), np.random.default_rng(seed)
    out, seen = held.held(picture, rng, PLACES, np.array([90.0, 70.0]), 70.0, smokes)
    assert smokes or not seen.any()
    assert out.shape == picture.shape and out.dtype == np.uint8
    assert (picture == 120).all(), "the cached picture is shared and must stay as it is"
    box = held.visible_box(out, seen, 6)
    if box is not None:
        assert np.hypot(*(box[2:] - box[:2])) < .31 * 70 + 6, "no longer than a cigarette"
        assert (out != 120).any()


def test_what_is_hidden_or_does_not_stand_out_is_no_cigarette():
    def check(name, shade, seen, found):
        picture = grey()
        picture[seen] = shade
        assert (held.visible_box(picture, seen, 12) is not None) == found, name
    stick = np.zeros((192, 192), bool)
    stick[90:93, 60:90] = True
    short = stick & (np.arange(192) < 66)
    check("in sight", 240, stick, True)
    check("too short", 240, short, False)
    check("as grey as what is around it", 125, stick, False)
    check("wholly hidden", 240, np.zeros_like(stick), False)


@pytest.mark.parametrize("seed", range(12))
def test_what_lies_over_a_cigarette_hides_it(seed):
    canvas = np.dstack([grey(), np.zeros((192, 192))]).astype(np.float32)
    rng = np.random.default_rng(seed)
    light = held.Light(canvas, (90, 90), 40, rng)
    held.cigarette(canvas, rng, np.array([80.0, 90.0]), 0.0, 90.0, light)
    before = (canvas[..., 3] > .5).sum()
    held.rod(canvas, (84, 70), (84, 110), 2, [(1, held.SKINS[1])], light, rng)
    assert 0 < before and (canvas[..., 3] > .5).sum() < before


def test_a_seed_draws_the_same_again():
    one, two = (held.held(grey(), np.random.default_rng(5), PLACES, np.array([90.0, 70.0]), 70.0, True)[0] for _ in range(2))
    assert (one == two).all()


def test_a_rod_thinner_than_a_pixel_is_fainter_not_thicker():
    def ink(radius):
        canvas = np.zeros((40, 40, 3), np.float32)
        light = held.Light(np.full((40, 40, 3), 200, np.uint8), (20, 20), 10, np.random.default_rng(0))
        light.tint, light.contrast = np.ones(3), 0
        held.rod(canvas, (5, 20), (35, 20), radius, [(1, np.full(3, 200.0))], light, np.random.default_rng(0))
        return canvas.sum() / 600 / 30                  # widths in pixels
    assert ink(2) == pytest.approx(4, abs=.4) and ink(.25) == pytest.approx(.5, abs=.3)
    assert ink(.1) < ink(.25) < ink(.5) < ink(1)


def test_a_rod_outside_the_picture_changes_nothing():
    canvas = np.full((40, 40, 3), 90, np.float32)
    light = held.Light(canvas, (20, 20), 10, np.random.default_rng(0))
    held.rod(canvas, (-50, -50), (-20, -30), 2, [(1, np.full(3, 200.0))], light, np.random.default_rng(0))
    assert (canvas == 90).all()


def test_average_precision():
    assert metrics.average_precision([3, 2, 1, 0], [True, True, False, False]) == 1
    assert metrics.average_precision([3, 2, 1], [False, True, True]) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert metrics.average_precision([1, 2], [False, False]) == 0


def test_a_worse_network_is_not_exported(tmp_path):
    committed, candidate = tmp_path / "head.onnx", tmp_path / "head.candidate.onnx"
    candidate.write_text(".8")
    score = lambda path: float(path.read_text())
    gate.refuse_worse(committed, candidate, score)      # nothing is committed yet
    committed.write_text(".8")
    gate.refuse_worse(committed, candidate, score)      # as good is good enough
    committed.write_text(".81")
    with pytest.raises(SystemExit, match="worse than the committed"):
        gate.refuse_worse(committed, candidate, score)


@pytest.mark.parametrize("seed", range(40))
def test_a_sign_hides_no_cigarette(seed):
    out = held.sign(grey(), np.random.default_rng(seed), np.array([80.0, 90.0, 120.0, 100.0]))
    assert (out[90:100, 80:120] == 120).all()


def test_a_sign_shows_a_lit_number_on_a_dark_board():
    drawn = [held.sign(grey(), np.random.default_rng(seed), np.full(4, -1.0)) for seed in range(20)]
    assert sum((out.max(2) > 200).any() and (out < 90).any() for out in drawn) >= 15, "some hang beyond the crop"


def test_the_least_score_accuses_no_more_than_allowed_of_every_part():
    def check(parts, expected):
        assert metrics.least_score([(np.array(scores), allowed) for scores, allowed in parts], .3) == expected, parts
    check([], .3)
    check([([.1, .2, .29], 0)], .3)
    check([([.1, .2, .5, .6], .5)], .3)
    check([([.1, .2, .5, .6], .25)], .51)
    check([([.1, .2, .5, .6], .5), ([.7], 0)], .71)
    check([([.999], 0)], .98)
