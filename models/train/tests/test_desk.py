"""The desk detector's crops, targets and start. Needs PyTorch, which only a training machine has."""
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed here: the networks' tests are skipped")

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import data, desk_data, export, onnx_weights  # noqa: E402
from train.desk_net import CLASSES, STRIDE, DeskNet  # noqa: E402
from train.desk_score import best_thresholds  # noqa: E402


def test_targets_are_where_the_item_is():
    heat, weight, distance, taught = desk_data.targets([[3, 100, 60, 140, 100], [desk_data.IGNORE, 200, 200, 240, 240]])
    assert heat.shape == (CLASSES, desk_data.TRAIN_SIZE[1] // STRIDE, desk_data.TRAIN_SIZE[0] // STRIDE)
    j, i = np.unravel_index(heat[3].argmax(), heat[3].shape)
    centre = (i + .5) * STRIDE, (j + .5) * STRIDE
    assert abs(centre[0] - 120) <= STRIDE and abs(centre[1] - 80) <= STRIDE and taught[j, i]
    left, top, right, bottom = distance[:, j, i]
    assert np.allclose([centre[0] - left, centre[1] - top, centre[0] + right, centre[1] + bottom], [100, 60, 140, 100])
    assert weight[0, 220 // STRIDE, 220 // STRIDE] == 0 and weight[0, j, i] == 1


def test_what_is_held_is_judged_neither_way_and_taught_as_background():
    items = [{"class": "cup", "box": [.1, .1, .2, .2]}, {"class": "ignore", "box": [.5, .1, .1, .2]}]
    group = [data.Window("s", "s000001", None, {}, {"items": items}, {})]
    cup = data.ITEMS.index("cup")
    assert [label for label, *_ in desk_data.scene_items(group)] == [cup, desk_data.IGNORE]
    assert [label for label, *_ in desk_data.scene_items(group, held=False)] == [cup]


def test_training_goes_on_from_an_exported_network(tmp_path):
    torch.manual_seed(3)
    trained, path = DeskNet(), tmp_path / "net.onnx"
    with torch.no_grad():
        trained.train()(torch.rand(2, 3, 96, 96) * 255)                  # gives the normalisations something to remember
    export.export(trained, {"crop": (3, 96, 96)}, ["heat", "box"], path, check=1e-2, half=True)
    crops = torch.rand(4, 3, 96, 96) * 255
    net = DeskNet()
    onnx_weights.load(net, path, crops)
    with torch.no_grad():
        for got, wanted in zip(net.eval()(crops), trained.eval()(crops)):
            assert (got - wanted).abs().mean() < .02 * wanted.abs().mean()
        for got, wanted in zip(net.train()(crops), trained.eval()(crops)):
            assert (got - wanted).abs().mean() < .05 * wanted.abs().mean()


def test_clutter_has_one_threshold_of_best_f1_whatever_its_class():
    box = [0., 0, 10, 10]
    hit = lambda label, score, true: (np.array([[label, score, *box]]), np.array([[true, *box]], np.float32))
    nothing = lambda label, score: (np.array([[label, score, *box]]), np.zeros((0, 5), np.float32))
    pictures = [hit(14, .5, 15), hit(15, .6, 14), nothing(14, .3), nothing(16, .35)]
    thresholds = best_thresholds(pictures)
    assert len({thresholds[14], thresholds[15], thresholds[20]}) == 1
    assert .35 < thresholds[14] <= .5


def at_the_edge(left):
    desk = [[left, .5], [1, .5], [1, .8], [left, .8]]
    geometry = {"window": "1", "seat": [[.5, .1], [.9, .1], [.9, .9], [.5, .9]], "desk": desk}
    return data.Window("s", "s000002", Path("x.jpg"), geometry, {"items": []}, {"source": "synthetic"})


def test_a_desk_that_a_view_nearly_cuts_off_is_left_out():
    assert [len(desk_data.desks([at_the_edge(left)])) for left in (.9, .97, .99, 1)] == [1, 1, 0, 0]


@pytest.mark.parametrize("seed", range(40))
def test_a_desk_at_the_pictures_edge_stays_in_the_picture(seed):
    window = at_the_edge(.975)
    crop, rows = desk_data.Varied().crop_of(window, [window], np.full((180, 320, 3), 90, np.uint8), np.random.default_rng(seed))
    assert crop.shape == (desk_data.TRAIN_SIZE[1], desk_data.TRAIN_SIZE[0], 3) and len(rows) == 0
