"""Events that a clip's truth holds."""

import pytest

from scenes import events

PRESENT = {"presence": "present", "posture": "upright", "badge": "worn", "smoking": False, "items": []}
ABSENT = {"presence": "absent", "items": []}
POLICY = {rule: {"raise_after_s": 4, "clear_after_s": 2} for rule in events.DEFAULT_DWELL_S}
WINDOW = {"window": "1"}


def timeline(*spells):
    """Truth rows of window 1 from (length, row) spells."""
    rows, at = [], 0.0
    for length, row in spells:
        rows.append({"window": "1", "from": at, "to": at + length, **row})
        at += length
    return rows


def check(spells, expected, window=WINDOW, policy=POLICY):
    found = events.derive(timeline(*spells), [window], policy)
    assert [(e["rule"], e["opened"], e["closed"]) for e in found] == expected
    assert all(e["window"] == "1" for e in found)


def with_items(*classes):
    return {**PRESENT, "items": [{"class": c, "box": [0, 0, 0.1, 0.1]} for c in classes]}


SLUMPED = {**PRESENT, "posture": "slumped", "badge": None}


@pytest.mark.parametrize(
    "spells, expected",
    [
        ([(20, PRESENT)], []),
        ([(6, PRESENT), (10, ABSENT), (6, PRESENT)], [("absence", 6, 16)]),
        ([(6, PRESENT), (10, ABSENT)], [("absence", 6, None)]),
        ([(10, ABSENT), (6, PRESENT)], [("absence", 0, 10)]),
        ([(6, PRESENT), (2, ABSENT), (6, PRESENT)], []),
        ([(6, PRESENT), (10, SLUMPED), (6, PRESENT)], [("slumped", 6, 16)]),
        ([(6, PRESENT), (10, {**PRESENT, "posture": "leaning_back"}), (6, PRESENT)], [("leaning_back", 6, 16)]),
        ([(6, PRESENT), (10, {**PRESENT, "posture": "standing"}), (6, PRESENT)], []),
        ([(6, PRESENT), (10, {**PRESENT, "smoking": True}), (6, PRESENT)], [("smoking", 6, 16)]),
        ([(20, {**PRESENT, "badge": "missing"})], [("badge_missing", 0, None)]),
        ([(6, PRESENT), (10, with_items("cup", "monitor")), (6, PRESENT)], [("clutter", 6, 16)]),
        ([(6, PRESENT), (10, with_items("unrecognised")), (6, PRESENT)], [("clutter", 6, 16)]),
        ([(6, PRESENT), (10, with_items("ashtray")), (6, PRESENT)], [("ashtray", 6, 16)]),
        ([(6, PRESENT), (10, with_items("ashtray", "cup")), (6, PRESENT)], [("ashtray", 6, 16), ("clutter", 6, 16)]),
        ([(20, with_items("ignore", "keyboard"))], []),
    ],
)
def test_rules(spells, expected):
    check(spells, expected)


def test_a_condition_goes_on_through_rows_that_agree():
    check(
        [(3, SLUMPED), (3, {**SLUMPED, "items": [{"class": "keyboard", "box": [0, 0, 1, 1]}]}), (6, PRESENT)],
        [("slumped", 0, 6)],
    )


def test_unknown_neither_ends_an_episode_nor_fills_its_dwell():
    missing, unknown = {**PRESENT, "badge": "missing"}, {**PRESENT, "badge": None}
    check([(6, missing), (5, unknown), (6, missing)], [("badge_missing", 0, None)])
    check([(6, missing), (5, unknown), (6, PRESENT)], [("badge_missing", 0, 11)])
    check([(2, missing), (9, unknown), (6, PRESENT)], [])


def test_leaving_ends_what_a_person_does():
    check([(6, {**PRESENT, "smoking": True}), (2, ABSENT)], [("smoking", 0, 6)])


def test_items_permitted_at_a_window():
    check([(20, with_items("cup"))], [], {**WINDOW, "permitted": ["cup"]})


def test_required_items():
    window = {**WINDOW, "required": ["name_plate"]}
    check(
        [(6, with_items("name_plate")), (10, PRESENT), (6, with_items("name_plate"))],
        [("required_item_missing", 6, 16)],
        window,
    )


def test_people_beyond_the_post():
    two = {**PRESENT, "people": 2}
    check([(6, {**PRESENT, "people": 1}), (10, two)], [("overstaffed", 6, None)], {**WINDOW, "post": 1})
    check([(16, two)], [], {**WINDOW, "post": 2})


def test_default_dwells_and_disabled_rules():
    check([(20, ABSENT)], [], policy={})
    check([(20, ABSENT)], [], policy={"absence": {"raise_after_s": 4, "enabled": False}})


@pytest.mark.parametrize(
    "spells",
    [
        [(6, PRESENT), (4.5, ABSENT), (6, PRESENT)],  # as long as its dwell
        [(6, PRESENT), (10, ABSENT), (1.5, PRESENT), (10, ABSENT)],  # back before it can clear
    ],
)
def test_ambiguity_is_refused(spells):
    with pytest.raises(events.Ambiguous):
        events.derive(timeline(*spells), [WINDOW], POLICY)


def test_windows_are_apart():
    rows = timeline((6, PRESENT), (10, ABSENT)) + [{"window": "2", "from": 0, "to": 16, **PRESENT}]
    found = events.derive(rows, [WINDOW, {"window": "2"}], POLICY)
    assert found == [{"window": "1", "rule": "absence", "opened": 6, "closed": None}]


HIDDEN = {**PRESENT, "badge": None}
MISSING = {**PRESENT, "badge": "missing"}


@pytest.mark.parametrize(
    "spells, expected",
    [
        ([(20, MISSING)], False),
        ([(2, HIDDEN), (20, MISSING)], False),
        ([(3, HIDDEN), (20, MISSING)], True),
        ([(6, MISSING), (10, HIDDEN), (6, MISSING)], False),
        ([(6, MISSING), (10, ABSENT), (3, HIDDEN), (6, MISSING)], True),
        ([(20, HIDDEN)], True),
    ],
)
def test_a_badge_that_is_hidden_at_first(spells, expected):
    assert events.begins_hidden(timeline(*spells)) == expected


@pytest.mark.parametrize(
    "spells, expected",
    [
        ([(20, PRESENT)], False),
        ([(20, ABSENT)], False),
        ([(1, {**PRESENT, "posture": None}), (20, PRESENT), (1, {**PRESENT, "posture": None})], False),
        ([(20, PRESENT), (3, {**PRESENT, "posture": None})], True),
    ],
)
def test_a_posture_that_is_hidden(spells, expected):
    assert events.hides("posture", timeline(*spells)) == expected


def test_smoking_that_is_hidden():
    unknown = (3, {**PRESENT, "smoking": None})
    assert events.hides("smoking", timeline((20, PRESENT), unknown))
    assert not events.hides("posture", timeline((20, PRESENT), unknown))
