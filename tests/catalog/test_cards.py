"""Promises that every model's card keeps."""

import json

import pytest

from callsheet.catalog.registry import FolderCatalog
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, ModelCard, UnknownModelError

CATALOG = FolderCatalog()
CARDS = {card.id: card for card in [*CATALOG.cards(), CATALOG.card("local/dot")]}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_smallest_order_has_a_price_and_a_payload(card: ModelCard) -> None:
    """Filling in only what is required gives a price and valid JSON, the same ones each time."""
    inputs = card.smallest()
    price = card.price(inputs)
    assert (price > Money()) == (card.execution is not Execution.LOCAL)
    assert card.price(card.smallest()) == price
    payload = json.dumps(dict(card.payload(inputs)))
    assert json.dumps(dict(card.payload(card.smallest()))) == payload


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_form_is_a_closed_json_schema(card: ModelCard) -> None:
    """The form grows from the inputs: an object that takes nothing it does not name."""
    schema = card.inputs.model_json_schema()
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert "prompt" in schema["required"]
    with pytest.raises(ValueError, match="Extra inputs"):
        card.inputs.model_validate({"prompt": "x", "surely_unknown": 1})


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_card_tells_what_it_is(card: ModelCard) -> None:
    """Its title, its provider, its kinds, where its price was read, and how long it takes."""
    assert card.title
    assert card.provider.startswith(card.id.split("/")[0])
    assert card.time_limit_s > card.expected_s > 0
    assert card.max_references >= card.min_references >= 0
    assert bool(card.reference_modes) == bool(card.max_references)
    from_words = any(kind.begins_with_words for kind in card.kinds)
    assert from_words is (card.min_references == 0)
    assert card.price_source or card.execution is Execution.LOCAL
    if card.successor:
        CATALOG.card(card.successor)


def test_near_names_are_offered() -> None:
    """A slip in a model's name is answered with what it may have meant."""
    with pytest.raises(UnknownModelError) as caught:
        CATALOG.card("local/storybord")
    assert "local/storyboard" in caught.value.near
