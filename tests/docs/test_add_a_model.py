"""The page about adding a model shows a card that there is."""

from pathlib import Path

from callsheet.catalog.models.fal import flux_schnell

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-model.md"


def test_example_is_a_card_of_the_catalog() -> None:
    """Whoever begins from the page begins from what is ordered and tested."""
    example = PAGE.read_text().partition("```python\n")[2].partition("```")[0]
    assert example == Path(flux_schnell.__file__).read_text()
