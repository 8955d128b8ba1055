"""One training loop for all heads: the caller draws batches and says what their loss is; steps, schedule, checkpoints are here."""
import copy
import sys
import time

import numpy as np
import torch

SAVES = 20              # checkpoints in a training
AVERAGED_OVER = .05     # the weights that are kept are a running mean over about this share of the steps


def device():
    """A GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half():
    """Context in which matrix products run in bfloat16, where the machine has instructions for it: others are ten times slower with it than without."""
    has_it = device().type == "cuda" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.autocast(device().type, dtype=torch.bfloat16, enabled=has_it)


def drawn(rows, batch, generator, chance=None):
    """Rows of one batch, sorted; `chance`: weights of the rows, not necessarily normed."""
    p = None if chance is None else chance / chance.sum()
    return np.sort(generator.choice(rows, batch, p=p))


def train(net, loss_of_batch, steps, seed, checkpoint=None, lr=1e-3, decay=1e-2, clip=5.0, warm_up=.1, slower=(), what=""):
    """Trains `net` in place with AdamW and one cosine cycle and gives it back with averaged weights.

    `loss_of_batch(generator)` draws a batch with the numpy generator and gives its loss. Parameters whose names begin with one of
    `slower` learn at a fifth of the rate. A run with the same checkpoint file, steps and `what` (anything that names data and
    settings) goes on where it stopped.
    """
    torch.manual_seed(seed)
    slow, fast = [], []
    for name, p in net.named_parameters():
        if p.requires_grad:
            (slow if name.startswith(tuple(slower)) and slower else fast).append(p)
    groups, rates = ([slow, fast], [lr / 5, lr]) if slow else ([fast], [lr])
    optimiser = torch.optim.AdamW([{"params": g} for g in groups], lr=lr, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps + 1, pct_start=warm_up)
    mean, parts, first = copy.deepcopy(net), {"net": net, "optimiser": optimiser, "schedule": schedule}, 0
    parts["mean"] = mean
    key = f"{steps} {seed} {what}"
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state.get("key") == key:
            for name, part in parts.items():
                part.load_state_dict(state[name])
            first = state["step"]
    start, shown, total = time.time(), 0, 0.0
    net.train()
    for step in range(first, steps):
        loss = loss_of_batch(np.random.default_rng((seed, step)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimiser.step()
        schedule.step()
        average(mean, net, 1 - 1 / min(step + 1, max(1, AVERAGED_OVER * steps)))
        total, shown = total + float(loss.detach()), shown + 1
        if shown == 20 or step + 1 == steps:
            left = (time.time() - start) / (step + 1 - first) * (steps - step - 1)
            print(f"\r  step {step + 1}/{steps} loss {total / shown:.3f}, {left / 60:.1f} min left ", end="\n" if step + 1 == steps else "", file=sys.stderr, flush=True)
            total, shown = 0.0, 0
        if checkpoint and (step + 1) % max(1, steps // SAVES) == 0:
            torch.save({"key": key, "step": step + 1, **{name: part.state_dict() for name, part in parts.items()}}, checkpoint)
    net.load_state_dict(mean.state_dict())
    return net.eval()


@torch.no_grad()
def average(mean, net, kept):
    """Moves the mean towards the network's weights and running statistics."""
    for a, b in zip(mean.state_dict().values(), net.state_dict().values()):
        if a.dtype.is_floating_point:
            a.lerp_(b, 1 - kept)
        else:
            a.copy_(b)
