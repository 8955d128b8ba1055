"""What the networks on a crop at the camera's resolution share (badge, smoking), and the badge head's network."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import loop
from .backbone import Backbone
from .store import Store

FROZEN = 5              # first convolutions of the backbone that keep COCO's weights


class BadgeNet(nn.Module):
    """RGB crop 0..255 (n, 3, size, size) → class logits. A heat map of the badge at stride 8 is learnt along.

    All of the crop goes into the answer: whether a chest is turned away is to be seen everywhere.
    """

    def __init__(self, classes):
        super().__init__()
        self.backbone = Backbone()
        self.backbone.freeze(FROZEN)
        self.fine = nn.Sequential(nn.Conv2d(128, 48, 1), nn.LeakyReLU(.1))
        self.coarse = nn.Sequential(nn.Conv2d(256, 48, 1), nn.LeakyReLU(.1))
        self.mix = nn.Sequential(nn.Conv2d(96, 64, 3, padding=1), nn.LeakyReLU(.1))
        self.heat = nn.Conv2d(64, 1, 1)
        self.classify = nn.Sequential(nn.Dropout(.3), nn.Linear(64 * 3 + 1 + 48, 48), nn.LeakyReLU(.1), nn.Dropout(.2), nn.Linear(48, classes))

    def both(self, rgb):
        fine, coarse = self.backbone(rgb)
        coarse = self.coarse(coarse)
        x = self.mix(torch.cat([self.fine(fine), F.interpolate(coarse, scale_factor=2, mode="nearest")], 1))
        heat = self.heat(x)
        attention = torch.softmax(heat.flatten(2), 2)                       # what is there where the badge most likely is
        at_peak = (x.flatten(2) * attention).sum(2)
        return self.classify(torch.cat([x.mean((2, 3)), x.amax((2, 3)), at_peak, heat.amax((2, 3)), coarse.mean((2, 3))], 1)), heat

    def heat_loss(self, heat, target):
        """Focal loss (Lin et al. 2017), averaged over the cells."""
        p = torch.sigmoid(heat)
        return 30 * (F.binary_cross_entropy_with_logits(heat, target, reduction="none") * torch.where(target > 0, (1 - p) ** 2 * .85, p ** 2 * .15)).mean()

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


def loss_of(net, logits, heat, labels, places, size, positive):
    """Classes by cross-entropy; the heat map by the network's own loss, empty for labels that have nothing to show."""
    loss = F.cross_entropy(logits, labels, label_smoothing=.03)
    stride = size // heat.shape[2]
    target = heat_target(places, size, stride, thin=stride == 4)
    nothing = ((labels != positive) & (places[:, 0] < 0)).view(-1, 1, 1, 1) & (target < 0)
    target = torch.where(nothing, torch.zeros_like(target), target)
    known = target >= 0
    return loss + net.heat_loss(heat[known], target[known]) if known.any() else loss


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


def fit(make, crops_, labels, places, chance, size, positive, seed, samples, checkpoint=None, lr=1.2e-3, batch=32):
    """Trains the network that `make()` makes on `samples` draws; rows are drawn by `chance`. Resumable."""
    torch.manual_seed(seed)
    net = make().to(memory_format=torch.channels_last)
    chance = chance / chance.sum()

    def loss_of_batch(generator):
        take = generator.choice(len(labels), batch, p=chance)
        x = torch.from_numpy(crops_[take].transpose(0, 3, 1, 2).astype(np.float32))
        x, where = vary(x, torch.from_numpy(places[take]), generator, size)
        with loop.half():
            logits, heat = net.both(x.contiguous(memory_format=torch.channels_last))
        return loss_of(net, logits.float(), heat.float(), torch.from_numpy(labels[take]), where, size, positive)

    return loop.train(net, loss_of_batch, samples // batch, seed, checkpoint, lr, decay=2e-2, clip=3.0, slower=("backbone",), what=f"{len(labels)} rows")


@torch.no_grad()
def predict(net, crops_):
    net.eval()
    parts = [net(torch.from_numpy(crops_[i:i + 64].transpose(0, 3, 1, 2).astype(np.float32)).contiguous(memory_format=torch.channels_last)) for i in range(0, len(crops_), 64)]
    return torch.cat(parts).float().numpy() if parts else np.zeros((0, 2), np.float32)
