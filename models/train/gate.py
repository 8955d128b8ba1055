"""A newly trained network takes the committed one's place only if it is at least as good on the test scenes."""


def refuse_worse(committed, candidate, score):
    """Stops where the candidate file scores less than the committed one; what was trained stays beside it. `score`: file → number."""
    new, old = score(candidate), score(committed) if committed.exists() else 0.0
    print(f"{committed.name}: scores {new:.4f} on the test scenes, the committed one {old:.4f}")
    if new < old:
        raise SystemExit(f"{committed.name}: worse than the committed network, not exported; it is in {candidate.name}")
