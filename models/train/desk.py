"""Training of the desk detector: network in desk_net.py, crops in desk_data.py, judgement in desk_score.py."""
import copy
import sys
import time

import numpy as np
import onnxruntime as ort
import torch

from . import bases, data, desk_data, onnx_weights
from .coco import CocoHead
from .desk_net import CLASSES, INPUTS, OUTPUTS, DeskNet, Exported
from .desk_score import best_thresholds, cells_to_rows, choose_coco, clutter_counts, f_measure, fused, logit, report, suppressed
from .export import export, save_figures
from .loop import AVERAGED_OVER, average, half

MAPS = ["features_8", "features_16", "features_32"]
BATCH = 12
# Of zoomed seats a part of the desk is seen; they come along for hands and sleeves at the desk's edge.
SET_WEIGHT = {"s_seat": .3}


def loss_of(logits, distances, heat, weight, distance, taught, class_weight):
    """Focal loss on the heat (Lin et al. 2017 in the form of CenterNet), generalised IoU (Rezatofighi et al. 2019) on the boxes."""
    p = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    centre = heat >= .999
    positive = -(1 - p) ** 2 * p.log() * centre
    negative = -(1 - heat) ** 4 * p ** 2 * (1 - p).log() * ~centre * weight
    focal = ((positive + negative) * class_weight.view(1, -1, 1, 1)).sum() / centre.sum().clamp(min=1)
    if not taught.any():
        return focal
    a, b = distances.permute(0, 2, 3, 1)[taught], distance.permute(0, 2, 3, 1)[taught]
    overlap = (torch.minimum(a[:, 0], b[:, 0]) + torch.minimum(a[:, 2], b[:, 2])) * (torch.minimum(a[:, 1], b[:, 1]) + torch.minimum(a[:, 3], b[:, 3]))
    hull = (torch.maximum(a[:, 0], b[:, 0]) + torch.maximum(a[:, 2], b[:, 2])) * (torch.maximum(a[:, 1], b[:, 1]) + torch.maximum(a[:, 3], b[:, 3]))
    union = (a[:, 0] + a[:, 2]) * (a[:, 1] + a[:, 3]) + (b[:, 0] + b[:, 2]) * (b[:, 1] + b[:, 3]) - overlap
    return focal + 2 * (1 - overlap / union + (hull - union) / hull).mean()


def class_weights(desks):
    """Rare classes count more, within bounds."""
    counts = np.zeros(CLASSES)
    for window, _ in desks:
        for item in window.truth["items"]:
            if (label := data.item_label(item["class"])) >= 0:
                counts[label] += 1
    return torch.tensor((counts.max() / counts.clip(1)).clip(1) ** .3, dtype=torch.float32).clamp(1, 2.5)


def started(desks, start):
    """A network with the committed weights."""
    net = DeskNet()
    some = np.stack([desk_data.plain_crop(*d)[0] for d in desks[::max(1, len(desks) // 32)]])
    onnx_weights.load(net, start, torch.from_numpy(some.transpose(0, 3, 1, 2).astype(np.float32)))
    return net


def fit(desks, samples, seed, checkpoint, lr=1.5e-3, workers=1, start=None, found=None):
    """Trains on `samples` crops drawn anew and gives the mean of the last weights; a checkpoint after every 2,000 lets an interrupted run go on.

    `start`: an exported network whose weights are the start. `found`: sprites to paste.
    """
    torch.manual_seed(seed)
    net = (started(desks, start) if start else DeskNet()).to(memory_format=torch.channels_last)
    net.backbone.freeze(2)
    slow = [p for p in net.backbone.parameters() if p.requires_grad]
    fast = [p for n, p in net.named_parameters() if not n.startswith("backbone.")]
    optimiser = torch.optim.AdamW([{"params": slow, "lr": lr * .3}, {"params": fast, "lr": lr}], weight_decay=2e-2)
    steps = samples // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [lr * .3, lr], total_steps=steps + 1, pct_start=.1)
    chances = np.array([SET_WEIGHT.get(w.set, 1.0) * (1.6 if desk_data.has_clutter(w) else 1.0) for w, _ in desks])
    weights = class_weights(desks)
    mean, first = copy.deepcopy(net), 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state["samples"] == samples and state["desks"] == len(desks):
            for name, part in (("net", net), ("mean", mean), ("optimiser", optimiser), ("schedule", schedule)):
                part.load_state_dict(state[name])
            first = state["step"]
    drawn = desk_data.Samples(desks, chances, steps * BATCH, seed, found)
    rest = torch.utils.data.Subset(drawn, range(first * BATCH, steps * BATCH))
    loader = torch.utils.data.DataLoader(rest, BATCH, num_workers=workers, prefetch_factor=4 if workers else None)
    start, total = time.time(), 0.0
    net.train()
    for step, (crop, heat, weight, distance, taught) in enumerate(loader, first):
        crop = crop.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
        with half():
            logits, distances = net(crop)
        loss = loss_of(logits.float(), distances.float(), heat.float(), weight.float(), distance.float(), taught, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        schedule.step()
        average(mean, net, 1 - 1 / min(step + 1, max(1, AVERAGED_OVER * steps)))
        total = .98 * total + .02 * float(loss.detach())
        done = step + 1 - first
        if done % 20 == 0:
            left = (time.time() - start) / done * (steps - step - 1)
            print(f"\r  {(step + 1) * BATCH} of {steps * BATCH} crops, loss {total / (1 - .98 ** done):.3f}, {left / 60:.1f} min left ", end="", file=sys.stderr, flush=True)
        if (step + 1) % (2000 // BATCH) == 0:
            torch.save({"net": net.state_dict(), "mean": mean.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(),
                        "step": step + 1, "samples": samples, "desks": len(desks)}, checkpoint)
    print(file=sys.stderr)
    return mean.eval()


@torch.no_grad()
def predict(net, desks):
    """For every desk: detections of our net, those of the COCO head with COCO's own scores, and the truth."""
    exported = Exported(net, CocoHead(), np.zeros(CLASSES)).eval()
    ours, theirs, truths = [], [], []
    for window, group in desks:
        crop, rows = desk_data.plain_crop(window, group)
        maps = [torch.from_numpy(m[None]) for m in bases.detector(crop, *MAPS)]
        out = [o[0].numpy() for o in exported(torch.from_numpy(net_input(crop)), *maps)]
        ours.append(cells_to_rows(out[0], out[1]))
        theirs.append(np.concatenate([cells_to_rows(out[level], out[level + 1], .2) for level in (2, 4, 6)]))
        truths.append(rows)
    return ours, theirs, truths


def clutter_f1(path, desks):
    """Clutter F1 of an exported network without COCO's head, at the thresholds that `best_thresholds` chooses on these desks."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    empty = {name: np.zeros((1, *shape), np.float32) for name, shape in INPUTS.items()}
    pictures = []
    for window, group in desks:
        crop, rows = desk_data.plain_crop(window, group)
        heat, box = session.run(OUTPUTS[:2], {**empty, "crop": net_input(crop)})
        pictures.append((suppressed(cells_to_rows(heat[0], box[0])), rows))
    tp, fp, fn = clutter_counts(pictures, best_thresholds(pictures))
    return f_measure(tp, tp + fp, tp + fn)


def net_input(crop):
    return crop.transpose(2, 0, 1)[None].astype(np.float32)


def run(windows, cache, folder, samples, again=False, found=None, seed=1):
    """`again`: go on from the committed weights. `found`: sprites to paste."""
    desks = desk_data.desks(windows)
    part = {s: [d for d in desks if d[0].split == s] for s in ("train", "tune", "test")}
    print(f"desk detector: {len(part['train'])} desks to train on, {len(found or [])} sprites to paste")
    committed, off = folder / "desk.onnx", np.ones(CLASSES)
    net = fit(part["train"], samples, seed, cache / f"desk-{seed}.pt", lr=7e-4 if again else 1.5e-3, start=committed if again else None, found=found)
    ours, theirs, truths = predict(net, part["tune"])
    thresholds = best_thresholds(list(zip(fused(ours, theirs, np.full(CLASSES, .35), off), truths)))
    coco_from = choose_coco(ours, theirs, truths, thresholds)
    print("COCO from", {n: c for n, c in zip(data.ITEMS, coco_from) if c < 1})
    figures = {"thresholds": dict(zip(data.ITEMS, thresholds.tolist())), "coco_from": {n: float(c) for n, c in zip(data.ITEMS, coco_from) if c < 1},
               "training_desks": len(part["train"]), "tune": report("desk, synthetic tune", list(zip(fused(ours, theirs, thresholds, coco_from), truths)), thresholds)}
    ours, theirs, truths = predict(net, part["test"])
    figures["test_without_coco"] = report("desk, synthetic test, our net alone", list(zip(fused(ours, theirs, thresholds, off), truths)), thresholds)
    figures["test"] = report("desk, synthetic test", list(zip(fused(ours, theirs, thresholds, coco_from), truths)), thresholds)
    shift = np.where(coco_from < 1, logit(thresholds) - logit(coco_from.clip(0, .99)), -30.0)
    export(Exported(net, CocoHead(), shift), INPUTS, OUTPUTS, committed, check=5e-2, half=True, score=lambda path: clutter_f1(path, part["test"]))
    save_figures(folder, "desk", figures)
    return net
