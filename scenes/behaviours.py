"""Names of the behaviours, for scene specs and scripts. Kept apart from `poses`, which needs the body data."""

WORKING = ("typing", "idle", "writing", "reading", "stand", "phone_look", "phone_call", "drink", "chin", "pen_mouth")
CONDUCT = ("nap_face", "nap_side", "nap_chair", "lean_back", "slouch_side", "smoke_mouth", "smoke_lip", "smoke_hold")
BEHAVIOURS = WORKING + CONDUCT
ABSENT = "absent"
"""Nobody at the seat; in a clip: stands up and leaves."""

ON_DESK = ("nap_face", "nap_side")
"""Behaviours that need the middle of the desk free."""
