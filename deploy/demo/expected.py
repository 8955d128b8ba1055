"""Which events a looped clip must have raised by a given time, and whether exactly those arrived. Pure."""

from dataclasses import dataclass

ARMING_S = 5.0  # a rule arms after its window was observed this long; each loop starts anew
MATCH_S = 2.0  # an event matches an expected one that begins at most this far away
EDGE_S = 3.0  # so close to the end of the demo an event may or may not have been raised
DEFAULT_DWELL_S = {
    "absence": 600, "overstaffed": 120, "slumped": 60, "leaning_back": 120, "tilted": 120, "badge_missing": 120,
    "smoking": 4, "ashtray": 30, "clutter": 300, "required_item_missing": 300,
}


@dataclass(frozen=True)
class Raised:
    """An event by what makes it recognisable; `opened` in seconds from the first frame."""

    window: str
    rule: str
    opened: float


@dataclass(frozen=True)
class Verdict:
    """What was expected and came, what did not come, and what came unexpectedly."""

    matched: list[Raised]
    missing: list[Raised]
    unexpected: list[Raised]

    @property
    def exact(self) -> bool:
        return not self.missing and not self.unexpected


def expected(clip: dict, loop_starts: list[float], end: float) -> tuple[list[Raised], list[Raised]]:
    """Events that must have been raised between the loops' starts and `end`, and those that may have been.

    `clip` is a line of a manifest (`events`, `policy`); times are seconds from the first frame.
    """
    must, may = [], []
    for number, start in enumerate(loop_starts):
        loop_end = loop_starts[number + 1] if number + 1 < len(loop_starts) else end
        for event in clip["events"]:
            dwell = clip.get("policy", {}).get(event["rule"], {}).get("raise_after_s", DEFAULT_DWELL_S[event["rule"]])
            raised_at = start + max(event["opened"] + dwell, ARMING_S)
            lasts = event["closed"] is None or event["closed"] - event["opened"] >= dwell
            if not lasts or raised_at > loop_end + EDGE_S:
                continue
            wanted = Raised(event["window"], event["rule"], start + event["opened"])
            (must if raised_at < loop_end - EDGE_S else may).append(wanted)
    return must, may


def judge(must: list[Raised], may: list[Raised], got: list[Raised]) -> Verdict:
    """Pairs what came with what was expected, one to one."""
    left = list(got)

    def take(wanted: Raised) -> bool:
        near = [g for g in left if (g.window, g.rule) == (wanted.window, wanted.rule) and abs(g.opened - wanted.opened) <= MATCH_S]
        if near:
            left.remove(min(near, key=lambda g: abs(g.opened - wanted.opened)))
        return bool(near)

    matched, missing = [], []
    for wanted in must:
        (matched if take(wanted) else missing).append(wanted)
    for wanted in may:
        take(wanted)
    return Verdict(matched, missing, left)
