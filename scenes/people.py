"""Who sits at a window: proportions, clothes, hair, badge. Drawn at random, to be spread over what people look like."""

import numpy as np

RACES = ((0, 1, 0), (0, 1, 0), (0, 0.7, 0.3), (0, 0, 1), (1, 0, 0), (0.3, 0.3, 0.4))
TONES = (("brown", "dark"), ("light", "fair", "medium"), ("light", "fair", "tan"))
SHIRTS = ((0.72, 0.74, 0.76), (0.45, 0.58, 0.75), (0.80, 0.78, 0.74), (0.25, 0.35, 0.55), (0.6, 0.68, 0.72))
DARK_CLOTH = ((0.012, 0.015, 0.03), (0.02, 0.02, 0.022), (0.03, 0.04, 0.07), (0.05, 0.05, 0.055), (0.02, 0.05, 0.09))
UNIFORMS = ((0.03, 0.05, 0.11), (0.08, 0.13, 0.09), (0.12, 0.2, 0.4))
TIES = ((0.25, 0.02, 0.03), (0.02, 0.04, 0.2), (0.03, 0.03, 0.03), (0.3, 0.2, 0.05))
LANYARDS = ((0.03, 0.08, 0.45), (0.5, 0.04, 0.04), (0.02, 0.02, 0.02), (0.05, 0.3, 0.1))
CARD_HEADERS = ((0.05, 0.15, 0.55), (0.5, 0.05, 0.05), (0.05, 0.35, 0.2))
BADGES = ("lanyard", "lanyard", "clip", "none")


def pick(rng, options):
    return options[rng.randint(len(options))]


def random_person(rng):
    """A person's spec, plain data. `phenotype` is `BodyData.shape`'s arguments; lengths are metres."""
    female = rng.rand() < 0.5
    race = pick(rng, RACES)
    return {
        "seed": int(rng.randint(1 << 30)),
        "phenotype": {
            "gender": float(rng.uniform(0.02, 0.15) if female else rng.uniform(0.85, 1)),
            "age": float(rng.uniform(0.5, 0.85)),
            "muscle": float(rng.uniform(0.35, 0.6)),
            "weight": float(rng.uniform(0.38, 0.75)),
            "height": float(rng.uniform(0.55, 0.72)),
            "proportions": float(rng.uniform(0.5, 0.9)),
            "race": race,
        },
        "skin": pick(rng, TONES[int(np.argmax(race))]),
        "hair": pick(rng, ("bob", "bob", "pony", "bun") if female else ("short", "short", "crop", "bald")),
        "hair_colour": pick(rng, (0, 0, 1, 1, 2, 3, 4)),
        "hair_length": float(rng.uniform(0.11, 0.2)),
        "hairline": float(rng.uniform(-0.004, 0.012)),
        "glasses": bool(rng.rand() < 0.3),
        "outfit": random_outfit(rng, female),
        "badge": random_badge(rng),
    }


def random_outfit(rng, female):
    kind = pick(rng, ("shirt", "blazer", "blazer", "vest", "uniform"))
    outfit = {"shirt": pick(rng, SHIRTS), "trousers": pick(rng, DARK_CLOTH)}
    if kind in ("blazer", "vest"):
        outfit.update(
            jacket=pick(rng, DARK_CLOTH),
            jacket_kind=kind,
            v_depth=float(rng.uniform(0.2, 0.32)),
            v_width=float(rng.uniform(0.07, 0.1)),
        )
    elif kind == "uniform":
        outfit.update(shirt=pick(rng, UNIFORMS), sleeve=pick(rng, ("short", "long")))
    else:
        outfit["sleeve"] = "short" if rng.rand() < 0.35 else "long"
        if rng.rand() < 0.3:
            outfit["stripes"] = (float(rng.uniform(15, 30)), (0.3, 0.4, 0.6))
    if not female and kind != "uniform" and rng.rand() < 0.5:
        outfit["tie"] = pick(rng, TIES)
    return outfit


def random_badge(rng):
    """How a badge is worn; `drop` is metres below the collar bones."""
    kind = pick(rng, BADGES)
    return {
        "kind": kind,
        "portrait": bool(rng.rand() < 0.75),
        "drop": float(rng.uniform(0.15, 0.22) if kind == "lanyard" else rng.uniform(0.10, 0.13)),
        "lanyard": pick(rng, LANYARDS),
        "header": pick(rng, CARD_HEADERS),
    }


def random_cigarette(rng):
    """A cigarette that differs from the plain one: burnt to any length, thin, with a white filter, glowing or not."""
    return {
        "length": float(rng.uniform(0.012, 0.06)),
        "radius": float(pick(rng, (0.0042, 0.0042, 0.003))),
        "filter": pick(rng, ((0.72, 0.38, 0.12), (0.60, 0.30, 0.10), (0.80, 0.52, 0.25), (0.85, 0.85, 0.83))),
        "glow": float(pick(rng, (2.5, 0.6, 0.0))),
    }


def override(person, changes):
    """A person with keys set by a script; `phenotype` and `badge` may be given in part, `badge` also as its kind."""
    person = dict(person)
    for key, value in changes.items():
        if key not in person:
            raise KeyError(f"unknown key of a person: {key!r}")
        if key == "badge" and isinstance(value, str):
            value = {"kind": value}
        person[key] = {**person[key], **value} if key in ("phenotype", "badge") else value
    return person


def subject(person):
    """Groups of the synthetic person, to measure fairness with; never to train on."""
    shape, outfit = person["phenotype"], person["outfit"]
    plain = "uniform" if sum(outfit["shirt"]) < 0.6 else "shirt"
    return {
        "skin": person["skin"],
        "gender": "female" if shape["gender"] < 0.5 else "male",
        "age": round(shape["age"], 2),
        "body": round(shape["weight"], 2),
        "hair": person["hair"],
        "clothing": outfit.get("jacket_kind", plain),
        "glasses": person["glasses"],
    }
