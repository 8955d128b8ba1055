"""Words shared by every part of the generator: item classes, rules and their default dwell times."""

PERMITTED = (
    "monitor",
    "scanner",
    "evaluator",
    "telephone",
    "pen_holder",
    "post_sign",
    "notice_sign",
    "name_plate",
    "keyboard",
    "mouse",
    "document",
    "card_reader",
    "printer",
    "stapler",
)
CLUTTER = (
    "cup",
    "bottle",
    "food",
    "bag",
    "book",
    "mobile_phone",
    "ashtray",
    "cigarette_pack",
    "toy",
    "plant",
    "cosmetics",
    "clothing",
    "tissue",
    "umbrella",
)
ITEM_CLASSES = PERMITTED + CLUTTER

IGNORE = "ignore"
"""An item in a hand, or clutter of which next to nothing is in sight: a detector may report it or not, it scores neither way."""

POSTURES = ("upright", "standing", "slumped", "leaning_back", "tilted")

DEFAULT_DWELL_S = {
    "absence": 600.0,
    "overstaffed": 120.0,
    "slumped": 60.0,
    "leaning_back": 120.0,
    "tilted": 120.0,
    "badge_missing": 120.0,
    "smoking": 4.0,
    "ashtray": 30.0,
    "clutter": 300.0,
    "required_item_missing": 300.0,
}
DEFAULT_CLEAR_S = 10.0
