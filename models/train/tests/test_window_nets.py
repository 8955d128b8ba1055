"""The window head's own eyes: what is varied stays labelled. Needs PyTorch, which only a training machine has."""
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed here: the networks' tests are skipped")

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import crops, export, loop, onnx_weights, window_nets  # noqa: E402


def test_points_go_where_their_pixels_go():
    size, generator = 192, np.random.default_rng(4)
    for round_ in range(20):
        point = generator.uniform(60, 130, 2)
        y, x = np.mgrid[0:size, 0:size]
        blot = 100 * np.exp(-((x + .5 - point[0]) ** 2 + (y + .5 - point[1]) ** 2) / 18)
        picture = torch.tensor(np.repeat((114 + blot)[None, None], 3, 1), dtype=torch.float32)
        points = torch.full((1, 17, 3), -1.0)
        points[0, crops.NOSE] = torch.tensor([*point, 2])
        moved, where = window_nets.varied(picture, points, np.random.default_rng(round_), crops.MIRRORED)
        grey = moved[0].mean(0).numpy()
        at = np.unravel_index(int(grey.argmax()), grey.shape)
        assert np.hypot(at[1] + .5 - float(where[0, 0, 0]), at[0] + .5 - float(where[0, 0, 1])) < 3, round_
        assert (where[0, 1:, 2] == -1).all()


def test_a_mirrored_person_has_left_and_right_changed():
    points = torch.zeros((64, 17, 3))
    points[..., 2] = 2
    points[:, crops.L_SHOULDER, 0], points[:, crops.R_SHOULDER, 0] = 120, 70
    _, where = window_nets.varied(torch.full((64, 3, 192, 192), 114.0), points, np.random.default_rng(1), crops.MIRRORED)
    assert (where[:, crops.L_SHOULDER, 0] > where[:, crops.R_SHOULDER, 0]).all()


def test_heat_is_least_where_the_point_is():
    points = torch.full((1, 17, 3), -1.0)
    points[0, crops.NOSE] = torch.tensor([100.0, 60.0, 2.0])
    losses = []
    for cell in ((12, 7), (3, 20)):
        heat = torch.zeros((1, len(window_nets.POINTS), 24, 24))
        heat[0, 0, cell[1], cell[0]] = 10
        losses.append(float(window_nets.heat_loss(heat, points)))
    assert losses[0] < losses[1]


def test_an_interrupted_training_goes_on(tmp_path):
    x = torch.linspace(-1, 1, 64)[:, None]

    def fitted(steps_before_stop, checkpoint):
        net = torch.nn.Linear(1, 1)
        torch.manual_seed(0)
        net.reset_parameters()
        done = [0]

        def loss(generator):
            done[0] += 1
            if done[0] > steps_before_stop:
                raise KeyboardInterrupt
            take = x[loop.drawn(64, 16, generator)]
            return ((net(take) - 2 * take) ** 2).mean()
        return loop.train(net, loss, 60, 0, checkpoint, lr=.1), done[0]

    whole, _ = fitted(1000, tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        fitted(31, tmp_path / "part.pt")
    resumed, steps = fitted(1000, tmp_path / "part.pt")
    assert steps == 30
    assert torch.allclose(whole.weight, resumed.weight, atol=1e-6)


def test_training_goes_on_from_an_exported_head(tmp_path):
    torch.manual_seed(5)
    shapes = {"features_32": (1280, 8, 8), "features_16": (168, 16, 16), "keypoints": (1, 17, 3), "crop": (3, 192, 192)}
    inputs = [torch.rand(4, *shape) * (255 if name == "crop" else 1) for name, shape in shapes.items()]
    both = lambda: window_nets.Both(window_nets.MapsHead(), window_nets.Eyes(), (.5, .25))
    trained, path, net = both().eval(), tmp_path / "net.onnx", both()
    with torch.no_grad():
        trained.maps.mix[1].running_mean.add_(.2)
        export.export(trained, shapes, ["presence", "posture"], path, check=2e-2, half=True)
        onnx_weights.load(net, path, *inputs)
        for now, before in zip(net.eval()(*inputs), trained(*inputs)):
            assert torch.allclose(now, before, atol=.02)
