"""Rows that are composites: the columns product and scene, with place and method beside them.

They are common words, and may be a team's own columns: they mean composites only where a sheet has
both product and scene.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from callsheet.intake.errors import FieldRefusedError, ProblemCode
from callsheet.intake.fields import reference_entries
from callsheet.intake.model import CompositeDraft
from callsheet.kernel.errors import InvalidInputError, shown
from callsheet.ports.compositing import read_place

COMPOSITE_FIELDS: Final = ("product", "scene", "place", "method")
_NEEDED: Final = frozenset({"product", "scene"})
_METHODS: Final = ("auto", "kontext", "pil")
_MOST_PRODUCTS: Final = 5
_MOST_PLACE_CHARS: Final = 60
_SEPARATORS: Final = re.compile(r"[\s_-]+")
_MODELS: Final = frozenset({"", "local/composite"})
Refuse = Callable[[str, ProblemCode, str, object], None]  # field, code, what is wrong, the value


def composite_field(title: str) -> str | None:
    """Find the field of composites that a title means, if it is one."""
    plain = _SEPARATORS.sub("", title).casefold()
    found = plain.removesuffix("s")
    return found if found in COMPOSITE_FIELDS else None


def composite_columns(titles: Iterable[str], fields: Iterable[str]) -> dict[str, str]:
    """Tell which titles are columns of composites; `fields` are those that a mapping names."""
    found = {title: field for title in titles if (field := composite_field(title))}
    return found if {*found.values(), *fields} >= _NEEDED else {}


def read_composite(texts: Mapping[str, str], refuse: Refuse) -> CompositeDraft | None:
    """Read a row's product, scene, place and method; None for a row without the first two."""
    given = {name: texts.get(name, "") for name in COMPOSITE_FIELDS}
    if not given["product"] and not given["scene"]:
        return None
    for name in sorted(_NEEDED):
        if not given[name]:
            other = next(iter(_NEEDED - {name}))
            message = f"the row names a {other} and no {name}; a composite needs both"
            refuse(name, ProblemCode.INVALID_COMPOSITE, message, "")
    products = tuple([source for source, _ in reference_entries(given["product"])])
    scenes = [source for source, _ in reference_entries(given["scene"])]
    if len(scenes) > 1:
        message = f"{len(scenes)} scenes; name one"
        refuse("scene", ProblemCode.INVALID_COMPOSITE, message, given["scene"])
    if len(products) > _MOST_PRODUCTS:
        message = f"{len(products)} products, {_MOST_PRODUCTS} may be named"
        refuse("product", ProblemCode.INVALID_COMPOSITE, message, len(products))
    if texts.get("references"):
        message = "a row with product and scene takes no other references; leave them blank"
        refuse("references", ProblemCode.INVALID_COMPOSITE, message, texts["references"])
    if texts.get("model", "") not in _MODELS:
        message = "a row with product and scene names no model; its method chooses it"
        refuse("model", ProblemCode.INVALID_COMPOSITE, message, texts["model"])
    method = given["method"].strip().lower()
    if method and method not in _METHODS:
        message = f"{shown(method)!r} is no method; use one of {', '.join(_METHODS)}"
        refuse("method", ProblemCode.INVALID_COMPOSITE, message, given["method"])
    places = _places(given["place"], len(products), refuse)
    return CompositeDraft(products, scenes[0] if scenes else "", places, method)


def _places(text: str, products: int, refuse: Refuse) -> tuple[str, ...]:
    """Read places parted by semicolons, in the order of the products."""
    places = tuple([place for each in text.split(";") if (place := each.strip())])
    if len(places) > max(products, 1):
        message = f"{len(places)} places for {products} products"
        refuse("place", ProblemCode.INVALID_COMPOSITE, message, text)
    for place in places:
        try:
            if len(place) > _MOST_PLACE_CHARS:
                message = f"{len(place)} characters, {_MOST_PLACE_CHARS} are allowed"
                raise FieldRefusedError(ProblemCode.INVALID_COMPOSITE, message)
            read_place(place)
        except InvalidInputError as error:
            refuse("place", ProblemCode.INVALID_COMPOSITE, str(error), place)
    return places
