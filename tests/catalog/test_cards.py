"""Promises that every model's card keeps."""

import json
import re

import pytest

from callsheet.catalog.asking import AskedAmissError, checked, usual_size
from callsheet.catalog.registry import FolderCatalog
from callsheet.catalog.shapes import SizeNotOfferedError, nearest_ratio
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


ODD_SIZES = ((1024, 300), (4096, 256), (3840, 3840), (256, 256), (999, 777), (257, 4095))


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_a_size_that_is_not_made_is_answered_with_sizes_that_are(card: ModelCard) -> None:
    """Its usual size is made; another one is made too, or refused naming one that is."""
    smallest = card.smallest().model_dump(mode="json")
    assert checked(card, smallest) == card.smallest()
    if usual_size(card) is None:
        return
    for width, height in ODD_SIZES:
        try:
            checked(card, {**smallest, "width": width, "height": height})
        except AskedAmissError as error:
            said = error.errors[0].message
            assert said.startswith(f"{card.id} does not make {width}x{height}"), said
            named = re.findall(r"(\d+)x(\d+) \(\d+:\d+\)", said)
            assert named, said
            for near in named:
                checked(card, {**smallest, "width": int(near[0]), "height": int(near[1])})


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("1920x1080", "16:9"),
        ("1366x768", "16:9"),
        ("1344x768", "16:9"),
        ("1152x896", "4:3"),
        ("832x1216", "2:3"),
        ("2390x1000", "21:9"),
        ("1280x1024", None),  # 5:4, of which a 4:3 picture would lose a sixteenth
        ("4096x2160", None),
        ("1024x300", None),
    ],
)
def test_a_size_is_a_ratio_only_where_it_is_near(size: str, ratio: str | None) -> None:
    """What people write for a ratio is taken for it; what would be another picture is not."""
    width, height = map(int, size.split("x"))
    offered = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9")
    if ratio is not None:
        assert nearest_ratio(width, height, offered) == ratio
        return
    with pytest.raises(SizeNotOfferedError):
        nearest_ratio(width, height, offered)


def test_near_names_are_offered() -> None:
    """A slip in a model's name is answered with what it may have meant."""
    with pytest.raises(UnknownModelError) as caught:
        CATALOG.card("local/storybord")
    assert "local/storyboard" in caught.value.near
