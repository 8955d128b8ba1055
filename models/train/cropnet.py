"""The badge head and the smoking head: small networks of their own on a crop at the camera's resolution."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import loop
from .backbone import Backbone
from .store import Store

FROZEN = 5              # first convolutions of the backbone that keep COCO's weights


class CropNet(nn.Module):
    """RGB crop 0..255 (n, 3, size, size) → class logits. A heat map of where the thing is (see `stride`) is learnt along.

    `fine`: for a cigarette two pixels wide. Twice the resolution throughout, and the answer follows from what is where the heat map is
    warmest alone: the rest of the crop tells one data set from another, not smokers from others. A badge needs neither, and whether a
    chest is turned away is in all of it.
    """

    def __init__(self, classes, fine):
        super().__init__()
        self.backbone, self.is_fine, self.stride = Backbone(fine), fine, 4 if fine else 8
        self.backbone.freeze(FROZEN)
        self.fine = nn.Sequential(nn.Conv2d(128, 48, 1), nn.LeakyReLU(.1))
        context = [nn.Conv2d(128, 96, 3, 2, 1), nn.LeakyReLU(.1), nn.Conv2d(96, 96, 3, padding=1), nn.LeakyReLU(.1)] if fine else []
        self.coarse = nn.Sequential(*context, nn.Conv2d(96 if fine else 256, 48, 1), nn.LeakyReLU(.1))
        self.mix = nn.Sequential(nn.Conv2d(96, 64, 3, padding=1), nn.LeakyReLU(.1))
        self.heat = nn.Conv2d(64, 1, 1)
        pooled = 64 + 1 if fine else 64 * 3 + 1 + 48
        self.classify = nn.Sequential(nn.Dropout(.3), nn.Linear(pooled, 48), nn.LeakyReLU(.1), nn.Dropout(.2), nn.Linear(48, classes))

    def both(self, rgb):
        maps = self.backbone(rgb)
        fine, coarse = maps[0], self.coarse(maps[-1])
        x = self.mix(torch.cat([self.fine(fine), F.interpolate(coarse, scale_factor=2, mode="nearest")], 1))
        heat = self.heat(x)
        attention = torch.softmax(heat.flatten(2), 2)                       # what is there where the thing most likely is
        at_peak = (x.flatten(2) * attention).sum(2)
        pooled = [at_peak, heat.amax((2, 3))]
        if not self.is_fine:
            pooled = [x.mean((2, 3)), x.amax((2, 3)), *pooled, coarse.mean((2, 3))]
        return self.classify(torch.cat(pooled, 1)), heat

    def forward(self, rgb):
        return self.both(rgb)[0]


def heat_target(places, size, stride, thin=False):
    """1 in the cells that the box touches, 0 elsewhere; all -1 (not taught) where no box is known.

    `thin`: of the box around a slanting stick only the middle surely is stick; the rest of the box is not taught.
    """
    cells = size // stride
    target = torch.full((len(places), 1, cells, cells), -1.0)
    for n, (x0, y0, x1, y1) in enumerate(places.tolist()):
        if x0 < 0 and x1 < 0:
            continue
        target[n] = 0
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        if 0 <= cx < size and 0 <= cy < size:
            a, b = int(max(0, x0 + 1) // stride), int(min(size - 1, x1 - 1) // stride)
            c, d = int(max(0, y0 + 1) // stride), int(min(size - 1, y1 - 1) // stride)
            target[n, 0, c:d + 1, a:b + 1] = -1 if thin else 1
            target[n, 0, int(cy) // stride, int(cx) // stride] = 1
    return target


def loss_of(logits, heat, labels, places, size, positive):
    """Classes by cross-entropy; the heat map by a focal loss, empty for labels that have nothing to show."""
    loss = F.cross_entropy(logits, labels, label_smoothing=.03)
    stride = size // heat.shape[2]
    target = heat_target(places, size, stride, thin=stride == 4)
    nothing = ((labels != positive) & (places[:, 0] < 0)).view(-1, 1, 1, 1) & (target < 0)
    target = torch.where(nothing, torch.zeros_like(target), target)
    known = target >= 0
    if known.any():
        h, t = heat[known], target[known]
        p = torch.sigmoid(h)
        focal = F.binary_cross_entropy_with_logits(h, t, reduction="none") * torch.where(t > 0, (1 - p) ** 2 * .85, p ** 2 * .15)
        loss = loss + 30 * focal.mean()
    return loss


def vary(crops_, places, generator, size):
    """Cheap variation in memory: mirror, shift, brightness, colour, grey, cut-outs."""
    x, places = crops_.clone(), places.clone()
    for n in range(len(x)):
        if generator.random() < .5:
            x[n] = x[n].flip(2)
            if places[n, 0] >= 0:
                places[n] = torch.stack([size - places[n, 2], places[n, 1], size - places[n, 0], places[n, 3]])
        dx, dy = generator.integers(-8, 9, 2)
        x[n] = torch.roll(x[n], (int(dy), int(dx)), (1, 2))
        if places[n, 0] >= 0:
            places[n] += torch.tensor([dx, dy, dx, dy], dtype=torch.float32)
        x[n] = (x[n] * float(np.exp(generator.normal(0, .15))) + float(generator.normal(0, 12))) * torch.tensor(np.exp(generator.normal(0, .06, (3, 1, 1))), dtype=torch.float32)
        if generator.random() < .12:
            x[n] = x[n].mean(0, keepdim=True).expand(3, -1, -1)
    return x.clamp(0, 255), places


def load(folder, windows):
    by_key = {w.key: w for w in windows}
    names, arrays = Store(folder).load("crop", "label", "place")
    keep = [i for i, n in enumerate(names) if n.rsplit("#", 1)[0] in by_key]
    found = [by_key[names[i].rsplit("#", 1)[0]] for i in keep]
    variants = np.array([int(names[i].rsplit("#", 1)[1]) for i in keep])
    return found, variants, arrays["crop"][keep], arrays["label"][keep], arrays["place"][keep].astype(np.float32)


def fit(crops_, labels, places, chance, classes, size, positive, fine, seed, samples, checkpoint=None, lr=1.2e-3, batch=32):
    """Trains a CropNet on `samples` draws; rows are drawn by `chance`. Resumable."""
    torch.manual_seed(seed)
    net = CropNet(classes, fine).to(memory_format=torch.channels_last)
    chance = chance / chance.sum()

    def loss_of_batch(generator):
        take = generator.choice(len(labels), batch, p=chance)
        x = torch.from_numpy(crops_[take].transpose(0, 3, 1, 2).astype(np.float32))
        x, where = vary(x, torch.from_numpy(places[take]), generator, size)
        with loop.half():
            logits, heat = net.both(x.contiguous(memory_format=torch.channels_last))
        return loss_of(logits.float(), heat.float(), torch.from_numpy(labels[take]), where, size, positive)

    return loop.train(net, loss_of_batch, samples // batch, seed, checkpoint, lr, decay=2e-2, clip=3.0, slower=("backbone",), what=f"{len(labels)} rows")


@torch.no_grad()
def predict(net, crops_):
    net.eval()
    parts = [net(torch.from_numpy(crops_[i:i + 64].transpose(0, 3, 1, 2).astype(np.float32)).contiguous(memory_format=torch.channels_last)) for i in range(0, len(crops_), 64)]
    return torch.cat(parts).float().numpy() if parts else np.zeros((0, 2), np.float32)
