"""Promises that every model's card keeps."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from callsheet.catalog.asking import InvalidModelInputsError, checked, usual_size
from callsheet.catalog.registry import FolderCatalog
from callsheet.catalog.shapes import SizeNotOfferedError, nearest_ratio
from callsheet.controls.model import Switches
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, ModelCard, UnknownModelError
from callsheet.providers.gemini import charged_for

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
    begins = "prompt" if card.min_references == 0 else "references"
    assert {"prompt", begins} & set(schema["required"])
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
        except InvalidModelInputsError as error:
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


@pytest.mark.parametrize("model", ["gemini/gemini-3-7-flash", "gemini/gemini-3-8-flash"])
def test_a_price_changes_on_its_day(model: str) -> None:
    """The last day of the old price is quoted and settled at it, the next one at the new one."""
    before, after = (
        FolderCatalog(today=lambda day=day: day).card(model)  # type: ignore[misc]
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    )
    asked = before.smallest()
    assert after.price(asked) == before.price(asked) * 2
    assert before.payload(asked)["rates"] == {"in": "0.75", "cached": "0.075", "text_out": "3.75"}
    assert after.payload(asked)["rates"] == {"in": "1.50", "cached": "0.15", "text_out": "7.50"}
    assert "price" in before.notice(date(2026, 12, 1))
    assert before.notice(date(2027, 1, 1)) == after.notice(date(2027, 1, 1)) == ""


def test_what_thinks_before_it_draws_is_paid_for_its_thoughts() -> None:
    """Thoughts and words are charged as text, and only the picture as a picture."""
    card = CATALOG.card("gemini/gemini-3-pro-image")
    told = {
        "promptTokenCount": 1_000,
        "candidatesTokenCount": 1_170,
        "thoughtsTokenCount": 200,
        "candidatesTokensDetails": [
            {"modality": "IMAGE", "tokenCount": 1_120},
            {"modality": "TEXT", "tokenCount": 50},
        ],
    }
    rates = card.payload(card.smallest())["rates"]
    expected = 1_000 * 2 + 1_120 * 120 + 250 * 12
    assert charged_for({"usageMetadata": told}, rates) == Money(expected)


# What is asked today, in dollars, of what a card was wrong about: see its price's source.
ASKED_TODAY: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("openai/gpt-image-2", {"quality": "low"}, "0.006060"),
    ("openai/gpt-image-2", {"quality": "high"}, "0.211050"),
    ("openai/gpt-image-2-5-flare", {"quality": "low"}, "0.005940"),
    ("openai/gpt-image-2-5-sunburst", {"quality": "max"}, "0.210780"),
    ("gemini/gemini-2-5-flash-image", {}, "0.038703"),
    ("gemini/gemini-nano-banana-2-1", {"resolution": "2K"}, "0.050415"),
    ("gemini/gemini-nano-banana-2-1", {"resolution": "4K"}, "0.113025"),
    ("fal/gpt-image-2", {"quality": "high"}, "0.211"),
    ("fal/gpt-image-2", {"width": 1024, "height": 768}, "0.042"),
    ("fal/gpt-image-2-5-flare", {}, "0.05268"),
    ("fal/gpt-image-2-5-sunburst-edit", {"references": 2}, "0.05588"),
    ("fal/veo-3-1-fast-frames", {"duration_s": 8, "references": 2}, "1.20"),
    ("fal/veo-3-1-fast-frames", {"duration_s": 8, "audio": False, "references": 2}, "0.80"),
    ("fal/nano-banana-2-edit", {"resolution": "0.5K", "references": 1}, "0.06"),
    ("fal/nano-banana-pro-edit", {"resolution": "4K", "references": 1}, "0.30"),
    ("fal/gpt-image-2-5-flare-edit", {"references": 1}, "0.05428"),
    ("fal/gpt-image-2-5-sunburst", {"quality": "low"}, "0.00588"),
    ("fal/seedream-4-5", {}, "0.04"),
    ("fal/seedream-4-5-edit", {"references": 3}, "0.04"),
    ("fal/seedream-5-pro-edit", {"references": 3}, "0.0765"),
    ("fal/kling-v3-pro-image", {"duration_s": 3, "references": 1}, "0.504"),
    ("fal/kling-v3-pro-text", {"duration_s": 10, "audio": False}, "1.12"),
    ("fal/veo-3-1-fast-image", {"audio": False, "references": 1}, "0.80"),
    ("fal/veo-3-1-image", {"references": 1}, "3.20"),
    ("fal/minimax-h3-image", {"resolution": "2k", "references": 1}, "0.65"),
    ("fal/minimax-h3-max-image", {"references": 1}, "0.456"),
    ("fal/wan-3-image", {"resolution": "1080p", "references": 1}, "1.00"),
    ("fal/gemini-omni-1-1-image", {"resolution": "360p", "references": 1}, "0.15"),
    ("fal/grok-imagine-1-5-lite-image", {"references": 1}, "0.16"),
    ("kie/gpt-image-2", {"resolution": "4K"}, "0.08"),
    ("kie/gpt-image-2-edit", {"references": 2}, "0.03"),
    ("kie/seedream-5-pro", {"quality": "high"}, "0.07"),
    ("kie/seedream-5-pro-edit", {"references": 3}, "0.04"),
    ("kie/veo3-lite", {}, "0.15"),
    ("kling/kling-image-v2-1", {}, "0.014"),
    ("kling/kling-image-v2-1", {"references": 1}, "0.028"),
    ("kling/kling-v3", {"mode": "pro"}, "0.56"),
    ("replicate/kling-v2-1", {"mode": "pro", "references": 1}, "0.45"),
    ("replicate/veo-3-1", {"audio": False}, "1.60"),
    ("runway/gen4-image", {}, "0.08"),
    ("runway/hailuo3", {"resolution": "768p", "duration_s": 5}, "0.50"),
    ("runway/hailuo3", {"resolution": "2k", "duration_s": 15}, "2.25"),
    ("runway/veo3-1", {"audio": True, "duration_s": 8}, "3.20"),
    ("runway/veo3-1", {"audio": False, "duration_s": 8}, "1.60"),
    ("runway/veo3-1-fast", {"audio": True, "duration_s": 8}, "1.20"),
    ("runway/veo3-1-fast", {"audio": False, "duration_s": 8}, "0.80"),
    ("runway/gemini-omni-flash", {"duration_s": 5}, "0.50"),
    ("runway/gemini-omni-flash", {"duration_s": 5, "references": 1}, "0.51"),
    ("runway/gemini-2-5-flash", {}, "0.05"),
    ("runway/gemini-image3-1-flash", {}, "0.07"),
    ("runway/gemini-image3-pro", {}, "0.20"),
    ("runway/gemini-omni-flash-1-1", {"duration_s": 5}, "0.50"),
    ("runway/gpt-image-2", {"quality": "low"}, "0.01"),
    ("runway/gpt-image-2", {"quality": "high"}, "0.20"),
    ("runway/grok-imagine-1-5", {"resolution": "1080p", "duration_s": 4}, "1.16"),
    ("runway/grok-imagine-1-5", {"duration_s": 4, "references": 1}, "0.65"),  # as it was billed
    ("runway/grok-imagine-1-5-lite", {"duration_s": 5, "references": 1}, "0.16"),  # likewise
    ("runway/grok-imagine-image-2", {"references": 2}, "0.08"),
    ("runway/h3-max", {"resolution": "768p", "duration_s": 10}, "0.80"),
    ("runway/happyhorse-1-0", {"duration_s": 5}, "0.75"),
    ("runway/seedream5-lite", {}, "0.04"),
    ("runway/seedream5-pro", {}, "0.05"),
    ("runway/wan3", {"duration_s": 5}, "0.50"),
    ("runway/wan3-prime", {"duration_s": 5}, "0.70"),
    ("kie/google-nano-banana", {}, "0.02"),
    ("kie/google-nano-banana-edit", {"references": 1}, "0.02"),
    ("kie/gemini-omni", {"duration_s": 10}, "0.90"),
    ("kie/hailuo-02-text", {}, "0.285"),
    ("kie/hailuo-02-image", {"references": 1}, "0.285"),
    ("kie/kling-3-0", {"duration_s": 5}, "0.35"),
    ("kie/kling-3-0", {"duration_s": 5, "mode": "pro", "audio": True}, "0.675"),
    ("kie/kling-v2-1-pro", {"duration_s": 10, "references": 1}, "0.50"),
    ("kie/kling-v2-5-turbo-image", {"duration_s": 5, "references": 1}, "0.21"),
    ("kie/kling-v2-5-turbo-text", {"duration_s": 10}, "0.42"),
    ("kie/seedance-2-5", {"duration_s": 4}, "1.26"),
    ("kie/seedance-2", {"resolution": "4k", "duration_s": 4}, "4.16"),
    ("kie/seedance-2-fast", {"duration_s": 5}, "0.62"),
    ("kie/seedance-2-mini", {"resolution": "480p", "duration_s": 10}, "0.19"),
    ("fal/minimax-h3-max-text", {"resolution": "1080p"}, "0.912"),
    ("kie/seedance-v1-lite-image", {"duration_s": 5, "references": 1}, "0.1125"),
    ("kie/seedance-v1-lite-text", {"duration_s": 12, "resolution": "1080p"}, "0.60"),
    ("kie/seedance-v1-pro-image", {"duration_s": 5, "references": 1}, "0.15"),
    ("kie/seedance-v1-pro-text", {"duration_s": 5, "resolution": "480p"}, "0.07"),
    ("kie/veo3", {}, "1.25"),
    ("kie/veo3-fast", {}, "0.30"),
    ("kie/wan-2-5-image", {"duration_s": 5, "resolution": "1080p", "references": 1}, "0.50"),
    ("kie/wan-2-5-text", {"duration_s": 10}, "0.60"),
    ("kie/minimax-h3-image", {"duration_s": 5, "references": 1}, "0.20"),
    ("kie/minimax-h3-image", {"resolution": "2k", "duration_s": 4, "references": 1}, "0.26"),
    ("gemini/gemini-omni-1-2-flash", {"duration_s": 10}, "0.685710"),
    ("runware/flux-schnell", {}, "0.0006"),
    ("runware/hailuo-2-3", {"resolution": "1080p"}, "0.49"),
    ("runware/seedream-4", {"references": 2}, "0.03"),
    ("runware/veo-3-1", {"duration_s": 4}, "1.60"),
    ("runware/veo-3-1", {"duration_s": 8, "audio": False}, "1.60"),
    ("runware/veo-3-1-fast", {"duration_s": 8, "audio": False}, "0.80"),
    ("runware/upscale", {"references": 1}, "0.01"),
    ("runware/background-removal", {"references": 1}, "0.005"),
    ("openai/gpt-image-2-6-flare", {"quality": "max"}, "0.210780"),
    ("openai/gpt-image-2-6-sunburst", {"quality": "low"}, "0.005940"),
    ("replicate/multi-image-kontext-pro", {"references": 2}, "0.08"),
    ("lovable/gemini-3-1-flash-image", {}, "0.0672"),
    ("fal/flux-2-pro", {}, "0.03"),
    ("fal/flux-2-pro-edit", {"references": 2}, "0.06"),
    ("fal/clarity-upscaler", {"references": 1}, "0.12"),
    ("fal/birefnet-v2", {"references": 1}, "0.005"),
    ("fal/eleven-v3", {"prompt": "x" * 1_000}, "0.10"),
    ("fal/sound-effects-v2", {"duration_s": 10}, "0.02"),
    ("kie/topaz-image-upscale", {"factor": "4", "references": 1}, "0.10"),
    ("kie/recraft-remove-background", {"references": 1}, "0.005"),
    ("kie/elevenlabs-turbo-2-5", {"prompt": "x" * 1_000}, "0.03"),
    ("kie/elevenlabs-multilingual-v2", {"prompt": "x" * 500}, "0.03"),
    ("kie/suno-v5-5", {}, "0.06"),
    ("runway/eleven-v4", {"prompt": "x" * 51}, "0.02"),
    ("runway/eleven-v3", {"prompt": "x" * 1_000}, "0.20"),
    ("runway/eleven-multilingual-v2", {"prompt": "x"}, "0.01"),
    ("runway/magnific-precision-upscaler-v2", {"references": 1}, "0.25"),
    ("runware/minimax-speech-2-8", {"prompt": "x" * 100}, "0.01"),
    ("gemini/gemini-3-8-flash-tts", {"prompt": "x" * 900}, "0.013613"),  # a minute
    ("gemini/gemini-3-8-flash-lite-tts", {"prompt": "x" * 900}, "0.009113"),
    ("fal/minimax-h3-text", {"resolution": "4k", "duration_s": 15}, "2.40"),
)


@pytest.mark.parametrize(("model", "asked", "dollars"), ASKED_TODAY)
def test_a_quote_is_what_is_asked_today(model: str, asked: dict[str, Any], dollars: str) -> None:
    """Prices by resolution, sound, quality and first frame are those of the provider's page."""
    card = CATALOG.card(model)
    given = dict(asked)
    count = given.pop("references", 0)
    mode = min(card.reference_modes, default=None)
    reference = {"sha256": "0" * 64, "working": "0" * 64, "mode": mode}
    inputs = {"prompt": "x", **given, **({"references": [reference] * count} if count else {})}
    assert card.price(card.inputs.model_validate(inputs)) == Money.usd(dollars)


def test_models_that_end_are_refused_from_that_day_and_name_what_comes_after() -> None:
    """Nothing is ordered of a model on the day it ends, or later."""
    ends = {
        "openai/gpt-image-1-5": date(2026, 12, 1),
        "openai/gpt-image-1-mini": date(2026, 12, 1),
        "gemini/gemini-omni-1-1-flash": date(2026, 12, 3),
    }
    nothing_said = Switches({}, frozenset())
    for model, day in ends.items():
        card = CATALOG.card(model)
        assert nothing_said.closed(card, day - timedelta(days=1)) is None
        said = nothing_said.closed(card, day)
        assert said is not None
        assert card.successor in said
        assert CATALOG.card(card.successor).retires_on is None


def test_near_names_are_offered() -> None:
    """A slip in a model's name is answered with what it may have meant."""
    with pytest.raises(UnknownModelError) as caught:
        CATALOG.card("local/storybord")
    assert "local/storyboard" in caught.value.near
