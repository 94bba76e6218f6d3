"""From who somebody is to how they look: role, age, garments and their colours."""

from typing import Any

from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.palette import Palette
from callsheet.drawing.staging.look import Look
from callsheet.drawing.story import Person
from callsheet.drawing.words import table_of

_SKINS: tuple[Colour, ...] = (
    (226, 176, 140),
    (170, 116, 82),
    (208, 152, 112),
    (124, 82, 60),
    (236, 194, 164),
)
_HAIRS: tuple[Colour, ...] = (
    (62, 42, 34),
    (34, 28, 30),
    (120, 78, 44),
    (40, 30, 28),
    (150, 104, 60),
)
_GREY: Colour = (214, 210, 206)
_TOPS: tuple[Colour, ...] = (
    (74, 112, 160),
    (196, 92, 70),
    (92, 140, 104),
    (150, 104, 160),
    (214, 160, 72),
)
_TROUSERS: tuple[Colour, ...] = (
    (52, 56, 76),
    (70, 62, 58),
    (58, 70, 92),
    (84, 74, 66),
    (46, 50, 58),
)


_EYES_SHUT = frozenset(("cross_legged", "lie", "pray"))


def look_of(person: Person, number: int, choice: int, palette: Palette) -> Look:
    """Dress somebody; `number` tells them apart, `choice` what the prompt leaves open."""
    role: dict[str, Any] = dict(table_of("roles").get(person.role, {}))
    pick = number + choice
    sex = (
        person.sex
        or role.get("sex", "")
        or ("woman" if pick % 3 == 1 and not role.get("bearded") else "man")
    )
    hair = role.get("hair") or ("long" if sex == "woman" else ("curly", "short", "short")[pick % 3])
    top = person.colour or _hex(role.get("top")) or _TOPS[pick % len(_TOPS)]
    facts: dict[str, Any] = {
        "hair": hair,
        "hat": role.get("hat", ""),
        "hat_colour": _hex(role.get("hat_colour")) or (188, 58, 52),
        "garment": role.get("garment", "shirt"),
        "legwear": role.get("legwear", "trousers"),
        "apron": _hex(role.get("apron")),
        "stripe": _hex(role.get("stripe")),
        "bearded": bool(role.get("bearded")) and sex != "woman",
        "metal": role.get("being") == "robot",
        "face": person.face or ("closed" if person.pose in _EYES_SHUT else "calm"),
        "top": top,
        "bottom": _hex(role.get("bottom")) or _TROUSERS[pick % len(_TROUSERS)],
    }
    for name, colour in person.worn:
        _wear(facts, name, colour)
    age = person.age or role.get("age", "")
    grey = age == "old"
    shade = palette.shade
    dark = 0.3 if palette.dark else 0.05
    for key in ("top", "bottom", "hat_colour", "apron", "stripe"):
        if facts[key] is not None:
            facts[key] = mix(mix(facts[key], palette.light, 0.05), shade, dark)
    return Look(
        skin=mix(mix(_SKINS[pick % len(_SKINS)], palette.light, 0.06), shade, dark * 0.8),
        hair_colour=mix(_GREY if grey else _HAIRS[pick % len(_HAIRS)], shade, dark),
        shoes=mix((44, 40, 46), shade, 0.3),
        shade=shade,
        light=palette.light,
        stature=0.66 if age == "child" else (0.94 if grey or sex == "woman" else 1.0),
        head=1.36 if age == "child" else 1.12,
        **facts,
    )


def _wear(facts: dict[str, Any], name: str, colour: Colour | None) -> None:
    garment: dict[str, Any] = dict(table_of("garments").get(name, {}))
    said = colour or _hex(garment.get("colour"))
    if "garment" in garment:
        facts["garment"] = garment["garment"]
        facts["top"] = said or facts["top"]
        if garment["garment"] in ("coat", "dress") and "stripe" in facts:
            facts["stripe"] = None
    if "legwear" in garment:
        facts["legwear"] = garment["legwear"]
        facts["bottom"] = said or facts["bottom"]
        if facts["garment"] == "dress":
            facts["garment"] = "shirt"
    if "hat" in garment:
        facts["hat"] = garment["hat"]
        facts["hat_colour"] = said or facts["hat_colour"]
    if garment.get("apron"):
        facts["apron"] = said or (240, 236, 226)


def _hex(text: str | None) -> Colour | None:
    if not text:
        return None
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def faded(look_colour: Colour, part: float) -> Colour:
    """Darken what stands in the foreground as a silhouette."""
    return lit(look_colour, -part)
