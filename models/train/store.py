"""A growing store of cached arrays on disk, so that the frozen base models see every picture variant once."""
import json
from pathlib import Path

import numpy as np


class Store:
    """Records (key, variant, arrays of fixed shapes), written in shards. An interrupted run goes on where it stopped."""

    def __init__(self, folder, shard=256):
        self.folder, self.shard, self.pending = Path(folder), shard, []
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shards = sorted(self.folder.glob("*.npz"))
        self.have = set()
        for path in self.shards:
            self.have |= set(json.loads(path.with_suffix(".json").read_text()))

    def __contains__(self, name):
        return name in self.have

    def add(self, name, **arrays):
        """Keeps one record, floats as half precision; writes a shard when enough have come together."""
        self.pending.append((name, {k: v.astype(np.float16) if v.dtype.kind == "f" else v for k, v in arrays.items()}))
        self.have.add(name)
        if len(self.pending) >= self.shard:
            self.flush()

    def flush(self):
        if not self.pending:
            return
        path = self.folder / f"{len(self.shards):05d}.npz"
        np.savez(path, **{k: np.stack([a[k] for _, a in self.pending]) for k in self.pending[0][1]})
        path.with_suffix(".json").write_text(json.dumps([n for n, _ in self.pending]))
        self.shards.append(path)
        self.pending = []

    def load(self, *names):
        """All records: their names, and one stacked array per array name."""
        keys, parts = [], {n: [] for n in names}
        for path in self.shards:
            keys += json.loads(path.with_suffix(".json").read_text())
            with np.load(path) as z:
                for n in names:
                    parts[n].append(z[n])
        return keys, {n: np.concatenate(p) for n, p in parts.items()} if keys else {}
