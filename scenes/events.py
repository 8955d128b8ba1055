"""Which events a clip holds, derived from its truth intervals.

The contract: an event of a rule is expected at a window if the rule's condition lasts at least its dwell. It opens when
the condition begins and closes when it ends; `closed` is null if the condition holds at the end of the clip. Unknown
time counts neither way: it neither ends an episode nor fills its dwell.
"""

from .classes import DEFAULT_CLEAR_S, DEFAULT_DWELL_S, IGNORE, PERMITTED

MARGIN_S = 1.0
"""A condition whose length is within this of its dwell could be judged either way; a clip must not hold one."""


ONSET_S = 2.0
"""The contract's tolerance for when an event opened."""

POSTURE_RULES = ("slumped", "leaning_back", "tilted")

TRIES = 12
"""So often a dwell is made longer before a timeline counts as ambiguous."""


class Ambiguous(ValueError):
    """A timeline on which two correct systems could disagree."""

    def __init__(self, text, rule):
        super().__init__(text)
        self.rule = rule


def condition(rule, interval, window):
    """Whether the rule's condition holds in a truth interval: True, False, or None where the truth does not say."""
    presence = interval.get("presence")
    if rule == "absence":
        return None if presence is None else presence == "absent"
    if rule == "overstaffed":
        people = interval.get("people")
        return None if people is None else people > window.get("post", 1)
    if rule in POSTURE_RULES:
        return _at_the_seat(presence, interval.get("posture"), rule)
    if rule == "badge_missing":
        return _at_the_seat(presence, interval.get("badge"), "missing")
    if rule == "smoking":
        return _at_the_seat(presence, interval.get("smoking"), True)

    if interval.get("items") is None:
        return None
    classes = {item["class"] for item in interval["items"]}
    if rule == "ashtray":
        return "ashtray" in classes
    if rule == "clutter":
        allowed = {*PERMITTED, *window.get("permitted", ()), "ashtray", IGNORE}
        return bool(classes - allowed)
    if rule == "required_item_missing":
        return bool(set(window.get("required", ())) - classes)
    raise ValueError(f"unknown rule {rule!r}")


def _at_the_seat(presence, value, wanted):
    """A condition of a person: false while nobody is there, unknown while the value is."""
    if presence == "absent":
        return False
    return None if value is None else value == wanted


def episodes(rule, intervals, window):
    """Spells of the condition as (begin, end, seconds it was seen to hold, still holds at the end)."""
    spells = []
    begin, held, last_true = None, 0.0, None
    for interval in intervals:
        holds = condition(rule, interval, window)
        if holds:
            begin = interval["from"] if begin is None else begin
            held += interval["to"] - interval["from"]
            last_true = interval["to"]
        elif holds is False and begin is not None:
            spells.append((begin, interval["from"], held, False))
            begin, held = None, 0.0
    if begin is not None:
        spells.append((begin, last_true, held, True))
    return spells


def settled(truth, windows, policy):
    """The policy with longer dwells where a condition lasts about as long as its own; gives up as `derive` does."""
    for _ in range(TRIES):
        try:
            derive(truth, windows, policy)
            return policy
        except Ambiguous as problem:
            dwell = policy.get(problem.rule, {}).get("raise_after_s", DEFAULT_DWELL_S[problem.rule])
            policy = {**policy, problem.rule: {**policy.get(problem.rule, {}), "raise_after_s": dwell + MARGIN_S}}
    return policy


def begins_hidden(rows):
    """Whether the badge of somebody who wears none cannot be seen at first, for longer than the contract forgives.

    The truth counts from where the whole chest is in sight. A system that can tell by a part of it, rightly, opens its event earlier
    and would be called wrong twice. rows: one window's, in time order; an absence ends a sitting.
    """
    hidden, seen = 0.0, False
    for row in rows:
        if row.get("presence") == "absent":
            hidden, seen = 0.0, False
        elif row.get("badge") is not None:
            seen = True
        elif not seen:
            hidden += row["to"] - row["from"]
            if hidden > ONSET_S:
                return True
    return False


def hides(key, rows):
    """Whether the posture (or smoking: key) of somebody who is there cannot be seen for longer than the contract forgives: then what
    is expected of it depends on how much each system dares to guess. rows: one window's."""
    return sum(row["to"] - row["from"] for row in rows if row.get("presence") == "present" and row.get(key) is None) > ONSET_S


def derive(truth, windows, policy):
    """The clip's `events`, ordered by window, then time.

    truth: rows of all windows, each window's in time order. windows: the manifest's windows. policy: rule -> keys,
    merged over the defaults. Raises `Ambiguous` rather than guess.
    """
    events = []
    for window in windows:
        rows = [row for row in truth if row["window"] == window["window"]]
        found = []
        for rule, dwell in DEFAULT_DWELL_S.items():
            settings = policy.get(rule, {})
            if not settings.get("enabled", True):
                continue
            dwell = settings.get("raise_after_s", dwell)
            spells = episodes(rule, rows, window)
            _refuse_ambiguity(rule, window["window"], spells, dwell, settings.get("clear_after_s", DEFAULT_CLEAR_S))
            for begin, end, held, open_at_end in spells:
                if held >= dwell:
                    closed = None if open_at_end else end
                    found.append({"window": window["window"], "rule": rule, "opened": begin, "closed": closed})
        events += sorted(found, key=lambda event: (event["opened"], event["rule"]))
    return events


def _refuse_ambiguity(rule, window, spells, dwell, clear):
    def refuse(text):
        raise Ambiguous(f"window {window}, {rule}: {text}", rule)

    for begin, _end, held, _open in spells:
        if abs(held - dwell) < MARGIN_S:
            refuse(f"holds {held:.1f} s from {begin:.1f} s, too near its dwell of {dwell:.1f} s")
    for (_, end, held, _), (begin, *_) in zip(spells, spells[1:]):
        if held >= dwell and begin - end < clear + MARGIN_S:
            refuse(f"comes back {begin - end:.1f} s after {end:.1f} s, before it can clear ({clear:.1f} s)")
