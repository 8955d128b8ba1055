"""The smoking head's network: finds a cigarette, and says how sure it is of the place where it looks most like one."""
import torch
from torch import nn
from torch.nn import functional as F

from .efficientnet import OUT, EfficientNet

WIDTH = 48


def mixed():
    """A separable 3x3 convolution."""
    return nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH), nn.Conv2d(WIDTH, WIDTH, 1), nn.BatchNorm2d(WIDTH), nn.ReLU6())


class SmokingNet(nn.Module):
    """RGB crop 0..255 (n, 3, size, size) → logits of none and smoking; a heat map of the cigarette at stride 4 is learnt along.

    A cigarette is two to ten pixels wide: three maps of the backbone are brought together at stride 4 (Lin et al., Feature Pyramid Networks,
    2017). The answer follows from what is where the heat map is warmest, and from what is around it: the rest of the crop
    tells one data set from another, not smokers from others.
    """

    def __init__(self, pretrained=True):
        """`pretrained`: begin with ImageNet's weights."""
        super().__init__()
        self.backbone = EfficientNet().load() if pretrained else EfficientNet()
        fine, middle, coarse = OUT.values()
        self.fine, self.middle, self.coarse = nn.Conv2d(fine, WIDTH, 1), nn.Conv2d(middle, WIDTH, 1), nn.Conv2d(coarse, WIDTH, 1)
        self.on_8, self.on_4 = mixed(), nn.Sequential(mixed(), mixed())
        self.heat = nn.Conv2d(WIDTH, 1, 1)
        nn.init.constant_(self.heat.bias, -4.0)
        self.classify = nn.Sequential(nn.Dropout(.2), nn.Linear(WIDTH + coarse + 1, 32), nn.ReLU6(), nn.Dropout(.2), nn.Linear(32, 2))

    def both(self, rgb):
        fine, middle, coarse = self.backbone(rgb)
        x = self.on_8(self.middle(middle) + up(self.coarse(coarse)))
        x = self.on_4(self.fine(fine) + up(x))
        heat = self.heat(x)
        attention = torch.softmax(heat.flatten(2), 2).view(heat.shape)
        at_peak = (x * attention).sum((2, 3))
        around = (coarse * F.avg_pool2d(attention, 4)).sum((2, 3)) * 16
        top = heat.amax((2, 3))
        extra = self.classify(torch.cat([at_peak, .1 * around, top], 1))
        return torch.cat([-top / 2, top / 2], 1) + extra, heat

    def heat_loss(self, heat, target):
        """Focal loss in the form of CenterNet (Zhou et al. 2019): by cigarette, not by cell."""
        p = torch.sigmoid(heat)
        focal = F.binary_cross_entropy_with_logits(heat, target, reduction="none") * torch.where(target > 0, (1 - p) ** 2, p ** 2)
        return focal.sum() / (target > 0).sum().clamp(min=1) / 2

    def forward(self, rgb):
        return self.both(rgb)[0]


def up(x):
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
