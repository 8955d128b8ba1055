"""The networks of the window head: one reads MoveNet's maps, the other looks at the crop itself; together they answer."""
import torch
from torch import nn
from torch.nn import functional as F

from .backbone import Backbone

MAPS = ["features_32", "features_16", "keypoints"]
STRIDE = 8
POINTS = (0, 5, 6, 7, 8, 9, 10, 11, 12)      # nose, shoulders, elbows, wrists, hips: where they are tells how somebody sits
FROZEN = 5                                   # first convolutions of the backbone that keep COCO's weights


class MapsHead(nn.Module):
    """MoveNet Thunder's maps (1280x8x8, 168x16x16) and keypoints (1x17x3: y, x, score) → logits of presence and posture."""

    def __init__(self, width=48):
        super().__init__()
        self.deep = nn.Sequential(nn.Dropout2d(.1), nn.Conv2d(1280, width, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.middle = nn.Sequential(nn.Dropout2d(.1), nn.Conv2d(168, 32, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.AvgPool2d(2))
        self.mix = nn.Sequential(nn.Conv2d(width + 32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU())
        self.place = nn.Sequential(nn.Conv2d(64, 16, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.pose = nn.Sequential(nn.Linear(51, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.join = nn.Sequential(nn.Dropout(.3), nn.Linear(64 + 64 + 256 + 64, 64), nn.ReLU(), nn.Dropout(.2))
        self.presence = nn.Linear(64, 2)
        self.posture = nn.Linear(64, 5)

    def forward(self, features_32, features_16, keypoints):
        x = self.mix(torch.cat([self.deep(features_32), self.middle(features_16)], 1))
        pose = self.pose((keypoints.flatten(1) - .5) * 2)
        x = self.join(torch.cat([x.mean((2, 3)), x.amax((2, 3)), self.place(x).flatten(1), pose], 1))
        return self.presence(x), self.posture(x)


class Eyes(nn.Module):
    """RGB crop 0..255 (n, 3, 192, 192) → logits of presence and posture, and a map of where each of POINTS is.

    The first stages are NanoDet's, fine-tuned. The points are learnt from rendered people, whose hidden joints are known too; their
    places go into the answer.
    """

    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.backbone.freeze(FROZEN)
        relu = nn.LeakyReLU(.1)
        self.coarse = nn.Sequential(nn.Conv2d(256, 96, 1), relu, nn.Conv2d(96, 96, 3, padding=1), relu)
        self.wide = nn.Sequential(nn.Conv2d(96, 128, 3, 2, 1), relu, nn.Conv2d(128, 128, 3, padding=1), relu)
        self.fine = nn.Sequential(nn.Conv2d(128, 48, 1), relu)
        self.mix = nn.Sequential(nn.Conv2d(48 + 96, 64, 3, padding=1), relu)
        self.heat = nn.Conv2d(64, len(POINTS), 1)
        self.join = nn.Sequential(nn.Dropout(.3), nn.Linear(128 * 2 + 64 + 64 * len(POINTS) // 4 + 3 * len(POINTS), 96), relu, nn.Dropout(.2))
        self.at_points = nn.Conv1d(64, 16, 1)
        self.presence = nn.Linear(96, 2)
        self.posture = nn.Linear(96, 5)

    def all(self, crop):
        fine, coarse = self.backbone(crop)
        coarse = self.coarse(coarse)
        wide = self.wide(coarse)
        x = self.mix(torch.cat([self.fine(fine), F.interpolate(coarse, scale_factor=2, mode="nearest")], 1))
        heat = self.heat(x)
        share = torch.softmax(heat.flatten(2), 2)
        cells = torch.arange(heat.shape[3], device=crop.device, dtype=share.dtype) / heat.shape[3] - .5
        where = share.view(heat.shape)
        places = torch.cat([(where.sum(2) * cells).sum(2), (where.sum(3) * cells).sum(2), share.amax(2)], 1)
        at_points = self.at_points(x.flatten(2) @ share.transpose(1, 2)).flatten(1)      # what it looks like where the points are
        pooled = torch.cat([wide.mean((2, 3)), wide.amax((2, 3)), x.mean((2, 3)), at_points, places], 1)
        pooled = self.join(pooled)
        return self.presence(pooled), self.posture(pooled), heat

    def forward(self, crop):
        return self.all(crop)[:2]


class Both(nn.Module):
    """The answer of the agent: the mean of both networks' logits, the eyes' by the share given for each answer."""

    def __init__(self, maps, eyes, shares):
        super().__init__()
        self.maps, self.eyes, self.shares = maps, eyes, shares

    def forward(self, features_32, features_16, keypoints, crop):
        a, b = self.maps(features_32, features_16, keypoints), self.eyes(crop)
        return tuple((1 - s) * x + s * y for x, y, s in zip(a, b, self.shares))


def heat_loss(heat, points):
    """Cross-entropy between each map and a small blot around its point, where that is known and inside the crop."""
    n, count, cells, _ = heat.shape
    at = points[:, POINTS, :2] / STRIDE - .5
    known = (points[:, POINTS, 2] > 0) & (at > -.5).all(2) & (at < cells - .5).all(2)
    if not known.any():
        return heat.sum() * 0
    grid = torch.arange(cells, dtype=heat.dtype)
    far = (grid.view(1, 1, 1, -1) - at[..., :1, None]) ** 2 + (grid.view(1, 1, -1, 1) - at[..., 1:, None]) ** 2
    target = torch.exp(-far / 2).flatten(2)
    target = target / target.sum(2, keepdim=True).clamp_min(1e-6)
    loss = -(target * heat.flatten(2).log_softmax(2)).sum(2)
    return loss[known].mean()


def varied(crops, points, generator, mirrored):
    """Mirror, zoom, shift, a slight turn, brightness and colour, in memory. Crops (n, 3, s, s) 0..255, points (n, 17, 3)."""
    n, size = len(crops), crops.shape[3]
    draw = lambda *shape: torch.from_numpy(generator.normal(0, 1, shape)).float()
    flip = torch.from_numpy(generator.random(n) < .5)
    zoom, turn = torch.exp(.1 * draw(n)).clamp(.75, 1.3), (.035 * draw(n)).clamp(-.08, .08)
    c, s, side = torch.cos(turn) * zoom, torch.sin(turn) * zoom, torch.where(flip, -1.0, 1.0)
    shift = .05 * draw(n, 2)
    matrix = torch.stack([torch.stack([c * side, s, shift[:, 0]], 1), torch.stack([-s * side, c, shift[:, 1]], 1)], 1)
    grid = F.affine_grid(matrix, crops.shape, align_corners=False)
    x = F.grid_sample(crops - 114, grid, align_corners=False) + 114
    colour = torch.exp(.15 * draw(n, 1, 1, 1)) * torch.exp(.06 * draw(n, 3, 1, 1))
    x = (x * colour + 12 * draw(n, 1, 1, 1)).clamp(0, 255)
    grey = torch.from_numpy(generator.random(n) < .1)
    x[grey] = x[grey].mean(1, keepdim=True).expand(-1, 3, -1, -1)
    # The grid says where each pixel comes from; points go the other way.
    out = points.clone()
    unit = points[..., :2] / size * 2 - 1 - shift[:, None]
    inverse = torch.linalg.inv(matrix[:, :, :2])
    out[..., :2] = (unit @ inverse.transpose(1, 2) + 1) / 2 * size
    out = torch.where(flip[:, None, None], out[:, mirrored], out)
    return x, torch.where(points[..., 2:] >= 0, out, points)
