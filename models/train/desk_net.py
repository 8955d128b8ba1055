"""The desk detector's network: NanoDet's first stages, fine-tuned, under a pyramid of our own that ends at stride 4.

Stride 4, because a cup in a hall camera's picture is some twenty pixels wide. Boxes and heat as in CenterNet (Zhou et
al., Objects as Points, 2019), with distances to the four sides instead of sizes.
"""
import torch
from torch import nn
from torch.nn import functional as F

from . import bases, data
from .backbone import Backbone

CLASSES = len(data.ITEMS)
SIZE = bases.DETECTOR_SIZE[0]
STRIDE = 4
CELLS = SIZE // STRIDE
NEVER = -30.0


class Residual(nn.Module):
    """A 3x3 convolution added to its input."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.LeakyReLU(.1))

    def forward(self, x):
        return x + self.conv(x)


def point(inner, outer):
    """A 1x1 convolution."""
    return nn.Sequential(nn.Conv2d(inner, outer, 1, bias=False), nn.BatchNorm2d(outer), nn.LeakyReLU(.1))


class DeskNet(nn.Module):
    """RGB 0..255 (n, 3, 416, 416) → class logits (n, 28, 104, 104) and distances left, top, right, bottom in pixels."""

    def __init__(self):
        super().__init__()
        self.backbone = Backbone(pyramid=True)
        self.coarse = nn.Sequential(nn.Conv2d(96, 96, 3, 2, 1, bias=False), nn.BatchNorm2d(96), nn.LeakyReLU(.1), Residual(96), Residual(96))
        self.side_16, self.on_16 = point(256, 96), nn.Sequential(Residual(96), Residual(96))
        self.side_8, self.down_8, self.on_8 = point(128, 64), point(96, 64), nn.Sequential(*(Residual(64) for _ in range(4)))
        self.side_4, self.down_4, self.on_4 = point(64, 48), point(64, 48), nn.Sequential(*(Residual(48) for _ in range(3)))
        self.heat, self.distances = nn.Conv2d(48, CLASSES, 1), nn.Conv2d(48, 4, 1)
        nn.init.constant_(self.heat.bias, -4.6)
        nn.init.constant_(self.distances.bias, 2.0)

    def forward(self, rgb):
        fine, middle, coarse = self.backbone(rgb)
        x = self.side_16(coarse)
        x = self.on_16(x + up(self.coarse(x)))
        x = self.on_8(self.side_8(middle) + up(self.down_8(x)))
        x = self.on_4(self.side_4(fine) + up(self.down_4(x)))
        return self.heat(x), self.distances(x).clamp(-3, 5).exp() * STRIDE


def up(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def peaks(logits):
    """Logits where a cell is its class's local maximum (3x3) and its own best class, NEVER elsewhere."""
    peak = (logits >= F.max_pool2d(logits, 3, 1, 1)) & (logits >= logits.amax(1, keepdim=True))
    return torch.where(peak, logits, torch.full_like(logits, NEVER))


class Exported(nn.Module):
    """The exported form: our net on the crop, then NanoDet's COCO head on NanoDet's neck maps of the same crop.

    All as logits of peaks and as distances from the cell's centre in pixels of the 416x416 crop. `shift` (28) is added to
    the COCO logits of each class, so that one threshold a class serves both.
    """

    def __init__(self, net, coco, shift):
        super().__init__()
        self.net, self.coco = net, coco
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, crop, features_8, features_16, features_32):
        logits, distances = self.net(crop)
        outputs = [peaks(logits), distances]
        for logits, distances in self.coco(features_8, features_16, features_32):
            outputs += [peaks(logits) + self.shift, distances]
        return tuple(outputs)


INPUTS = {"crop": (3, SIZE, SIZE), "features_8": (128, 52, 52), "features_16": (128, 26, 26), "features_32": (128, 13, 13)}
OUTPUTS = ["heat_4", "box_4", "heat_coco_8", "box_coco_8", "heat_coco_16", "box_coco_16", "heat_coco_32", "box_coco_32"]
