"""reference/models.md: every model of the catalog."""

import importlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from callsheet.catalog.asking import shapes
from callsheet.catalog.registry import PACKAGE, FolderCatalog
from callsheet.ports.models import ModelCard
from callsheet.views.prices import price_table
from generating.marking import code, sentence, table


def page() -> str:
    """List every model of the catalog."""
    intro = (
        "# Models\n\n"
        "One file, one model: `catalog/models/<provider>/<model>.py` says what it takes and what it"
        " costs. `callsheet models` and `GET /api/models` list them with what an operator has"
        " switched off. In a sheet, the column `model` names one by its id; a row without one gets"
        " `local/storyboard`. In a dry run every row gets that, or `local/text-preview` where it"
        " asks for a text. A size within 4 % of one of a model's shapes is taken for it; [any other"
        " is refused](../how-to/prepare-a-sheet.md#sizes).\n"
    )
    cards = own_cards()
    rows = [
        (
            f"[{card.id}](#{_anchor(card.id)})",
            ", ".join(code(kind) for kind in card.kinds),
            f"${card.price(card.smallest())}",
            _state(card),
        )
        for card in cards
    ]
    return intro + "\n" + table(("model", "makes", "from", ""), rows) + "".join(map(_model, cards))


def own_cards() -> list[ModelCard]:
    """List our cards, and not those of other packages that are installed here.

    Before any change of a price: a page must not go stale with the days.
    """
    cards = FolderCatalog(today=lambda: date.min).cards()
    return [card for card in cards if card.inputs.__module__.startswith(f"{PACKAGE}.")]


def _anchor(model: str) -> str:
    """Name the heading of a model as renderers of Markdown do."""
    return "".join(each for each in model if each.isalnum() or each in "-_")


def _state(card: ModelCard) -> str:
    if card.retires_on is not None:
        return f"retires {card.retires_on}"
    if card.unverified:
        return "off until checked"
    return "price is an estimate" if card.estimated else ""


def _model(card: ModelCard) -> str:
    smallest = card.price(card.smallest())
    modes = ", ".join(code(mode) for mode in sorted(card.reference_modes)) or "none"
    facts = (
        ("title", card.title),
        ("provider", code(card.provider)),
        ("makes", ", ".join(code(kind) for kind in card.kinds)),
        ("answers", code(card.execution)),
        ("price", f"from ${smallest}{', an estimate' if card.estimated else ''}"),
        ("price then", _changes(card)),
        ("charged", "what is counted, at most the price" if card.price_is_most else "-"),
        ("price read", card.price_source or "-"),
        ("not verified", card.unverified or "-"),
        ("retires", f"{card.retires_on}, then {code(card.successor)}" if card.retires_on else "-"),
        ("shapes", ", ".join(map(code, shapes(card))) or "-"),
        ("usual time", f"{card.expected_s:g} s"),
        ("references", f"up to {card.max_references}: {modes}" if card.max_references else "none"),
    )
    facts = tuple((name, said) for name, said in facts if said != "-")
    schema = card.inputs.model_json_schema()
    rows = [
        (
            code(name),
            _rules(field),
            "required" if name in schema.get("required", ()) else code(field.get("default", "")),
        )
        for name, field in schema["properties"].items()
    ]
    doc = sentence(importlib.import_module(card.price.__module__).__doc__)
    return (
        f"\n## {card.id}\n\n{doc}\n\n{table(('', ''), facts)}\n"
        + table(("input", "rules", "default"), rows)
        + _prices(card, schema)
    )


def _changes(card: ModelCard) -> str:
    smallest = card.smallest()
    changes = (f"from ${each.price(smallest)} from {each.day} on" for each in card.changes)
    return ", ".join(changes) or "-"


def _prices(card: ModelCard, schema: Mapping[str, Any]) -> str:
    rows = [
        (code(row.field), code(row.value), f"${row.price}")
        for row in price_table(card, schema)
        if row.field
    ]
    return f"\n{table(('with', 'set to', 'price'), rows)}" if rows else ""


def _rules(field: Mapping[str, Any]) -> str:
    named = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "exclusiveMaximum": "below {}",
        "minLength": "{} or more characters",
        "maxLength": "{} characters at most",
        "maxItems": "{} at most",
        "description": "{}",
    }
    rules = [text.format(field[name]) for name, text in named.items() if name in field]
    return ", ".join([field.get("type", ""), *rules])
