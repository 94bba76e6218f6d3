"""reference/models.md: every model of the catalog."""

import importlib
from collections.abc import Mapping
from typing import Any

from callsheet.catalog.registry import FolderCatalog
from callsheet.ports.models import ModelCard
from generating.marking import code, sentence, table


def page() -> str:
    """List every model of the catalog."""
    intro = (
        "# Models\n\n"
        "One file, one model: `catalog/models/<provider>/<model>.py` says what it takes and what it"
        " costs. `callsheet models` and `GET /api/models` list them with what an operator has"
        " switched off. In a sheet, the column `model` names one by its id; a row without one gets"
        " `local/storyboard`, and so does every row of a dry run.\n"
    )
    return intro + "".join(map(_model, FolderCatalog().cards()))


def _model(card: ModelCard) -> str:
    smallest = card.price(card.inputs.model_validate({"prompt": "x"}))
    modes = ", ".join(code(mode) for mode in sorted(card.reference_modes)) or "none"
    facts = (
        ("title", card.title),
        ("provider", code(card.provider)),
        ("makes", code(card.kind)),
        ("answers", code(card.execution)),
        ("price", f"from ${smallest}"),
        ("usual time", f"{card.expected_s:g} s"),
        ("references", f"up to {card.max_references}: {modes}" if card.max_references else "none"),
    )
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
    return f"\n## {card.id}\n\n{doc}\n\n{table(('', ''), facts)}\n" + table(
        ("input", "rules", "default"), rows
    )


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
