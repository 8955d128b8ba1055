"""The badge head and the smoking head: small networks of their own on a crop at the camera's resolution."""
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .backbone import Backbone
from .store import Store

FROZEN = 5              # first convolutions of the backbone that keep COCO's weights


class CropNet(nn.Module):
    """RGB crop 0..255 (n, 3, size, size) → class logits. A heat map of where the thing is (see `stride`) is learnt along.

    `fine`: twice the resolution throughout, for a cigarette two pixels wide; a badge does not need it.
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
        self.classify = nn.Sequential(nn.Dropout(.3), nn.Linear(64 * 3 + 1 + 48, 48), nn.LeakyReLU(.1), nn.Dropout(.2), nn.Linear(48, classes))

    def both(self, rgb):
        maps = self.backbone(rgb)
        fine, coarse = maps[0], self.coarse(maps[-1])
        x = self.mix(torch.cat([self.fine(fine), F.interpolate(coarse, scale_factor=2, mode="nearest")], 1))
        heat = self.heat(x)
        attention = torch.softmax(heat.flatten(2), 2)                       # what is there where the thing most likely is
        at_peak = (x.flatten(2) * attention).sum(2)
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3)), at_peak, heat.amax((2, 3)), coarse.mean((2, 3))], 1)
        return self.classify(pooled), heat

    def forward(self, rgb):
        return self.both(rgb)[0]


def heat_target(places, size, stride):
    """1 in the cells that the box touches, 0 elsewhere; all -1 (not taught) where no box is known."""
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
            target[n, 0, c:d + 1, a:b + 1] = 1
            target[n, 0, int(cy) // stride, int(cx) // stride] = 1
    return target


def loss_of(logits, heat, labels, places, size, positive):
    """Classes by cross-entropy; the heat map by a focal loss, empty for labels that have nothing to show."""
    loss = F.cross_entropy(logits, labels, label_smoothing=.03)
    target = heat_target(places, size, size // heat.shape[2])
    nothing = (labels != positive).view(-1, 1, 1, 1) & (target < 0)
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


def fit(crops_, labels, places, chance, classes, size, positive, fine, seed, samples, checkpoint=None, lr=6e-4, batch=32):
    """Trains a CropNet on `samples` draws; rows are drawn by `chance`. Resumable at every tenth of the way."""
    torch.manual_seed(seed)
    net = CropNet(classes, fine).to(memory_format=torch.channels_last)
    generator = np.random.default_rng(seed)
    old = [p for p in net.backbone.parameters() if p.requires_grad]
    new = [p for n, p in net.named_parameters() if not n.startswith("backbone")]
    optimiser = torch.optim.AdamW([{"params": old}, {"params": new}], lr=lr, weight_decay=2e-2)
    steps = samples // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [lr * .4, lr * 2], total_steps=steps + 1, pct_start=.1)
    first = 0
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state["samples"] == samples and state["rows"] == len(labels):
            net.load_state_dict(state["net"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            first = state["step"]
            generator = np.random.default_rng((seed, first))
    chance = chance / chance.sum()
    start, total = time.time(), 0.0
    net.train()
    for step in range(first, steps):
        take = generator.choice(len(labels), batch, p=chance)
        x = torch.from_numpy(crops_[take].transpose(0, 3, 1, 2).astype(np.float32))
        x, where = vary(x, torch.from_numpy(places[take]), generator, size)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, heat = net.both(x.contiguous(memory_format=torch.channels_last))
        loss = loss_of(logits.float(), heat.float(), torch.from_numpy(labels[take]), where, size, positive)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 3.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if (step + 1) % 20 == 0:
            left = (time.time() - start) / (step + 1 - first) * (steps - step - 1)
            print(f"\r  step {step + 1}/{steps} loss {total / 20:.3f}, {left / 60:.1f} min left ", end="", file=sys.stderr, flush=True)
            total = 0.0
        if checkpoint and (step + 1) % max(1, steps // 10) == 0:
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(), "step": step + 1,
                        "samples": samples, "rows": len(labels)}, checkpoint)
    print(file=sys.stderr)
    return net


@torch.no_grad()
def predict(net, crops_):
    net.eval()
    parts = [net(torch.from_numpy(crops_[i:i + 64].transpose(0, 3, 1, 2).astype(np.float32)).contiguous(memory_format=torch.channels_last)) for i in range(0, len(crops_), 64)]
    return torch.cat(parts).float().numpy() if parts else np.zeros((0, 2), np.float32)
