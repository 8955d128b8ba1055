"""The demo's month: everybody has one place at a time, and heads leave something open."""

from collections import Counter
from datetime import date

import people

TODAY = date(2026, 11, 23)


def test_nobody_is_posted_twice_at_a_time():
    for hall in people.HALLS:
        cells = list(people.roster(hall, people.workdays(TODAY, 31, 14)))
        twice = [key for key, n in Counter((c["day"], c["shift"], c["staff"]) for c in cells).items() if n > 1]
        assert not twice, twice[:3]
        assert {c["window"] for c in cells} == set(hall.windows)
        assert all(date.fromisoformat(c["day"]).weekday() < 5 for c in cells)


def test_one_hall_is_small_enough_to_be_withheld_and_one_is_not():
    assert sorted(len(hall.staff) >= 6 for hall in people.HALLS) == [False, True]


def test_decisions_confirm_most_and_leave_the_newest_open():
    events = [{"id": str(n), "opened_at": f"2026-11-{day:02}T02:00:00Z"} for n, day in enumerate([3] * 40 + [23] * 20)]
    decided = dict(people.decisions(events, TODAY))
    counts = Counter(decided.values())
    assert counts["confirmed"] > 5 * counts["wrong"] > 0
    assert len(decided) < len(events) and all(str(n) in decided for n in range(40))
