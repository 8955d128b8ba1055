"""One small training loop for all heads: cached arrays in, checkpoints out, resumable."""
import sys
import time

import numpy as np
import torch


def train(net, arrays, labels, rows, loss_of, seed, epochs, checkpoint, lr=1e-3, batch=64, decay=1e-2):
    """Trains `net` in place on the given rows of the arrays with AdamW and one cosine cycle.

    `loss_of(outputs, labels)` gives the loss of a batch. A checkpoint is written after every epoch; a run with the same checkpoint goes on from there.
    """
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=decay)
    steps = max(1, len(rows) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps * epochs + 1, pct_start=.15)
    first = 0
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state["rows"] == len(rows) and state["epochs"] == epochs:
            net.load_state_dict(state["net"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            first = state["epoch"]
    start = time.time()
    for epoch in range(first, epochs):
        net.train()
        order = generator.permutation(rows)[:steps * batch]
        total = 0.0
        for step in range(steps):
            take = np.sort(order[step * batch:(step + 1) * batch])
            tensors = [torch.from_numpy(a[take].astype(np.float32)) for a in arrays]
            outputs = net(*tensors)
            loss = loss_of(outputs, torch.from_numpy(labels[take]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        left = (time.time() - start) / (epoch + 1 - first) * (epochs - epoch - 1)
        print(f"\r  epoch {epoch + 1}/{epochs} loss {total / steps:.4f}, {left / 60:.1f} min left ", end="\n" if epoch + 1 == epochs else "", file=sys.stderr, flush=True)
        if checkpoint:
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(), "epoch": epoch + 1,
                        "rows": len(rows), "epochs": epochs}, checkpoint)
    return net
