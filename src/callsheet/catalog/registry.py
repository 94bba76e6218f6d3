"""Finding cards: the folder is the list, and a card is imported when it is first asked for."""

import difflib
import importlib
import importlib.resources
from collections.abc import Sequence
from typing import Final

from callsheet.ports.models import ModelCard, UnknownModelError

_PACKAGE: Final = "callsheet.catalog.models"
_NEAR: Final = 3


class FolderCatalog:
    """Implements ports.models.Catalog over `catalog/models/<provider>/<model>.py`.

    A model's id is its place there: `local/storyboard` is `local/storyboard.py`, with underscores
    for the hyphens that Python's names cannot have.
    """

    def __init__(self) -> None:
        self._cards: dict[str, ModelCard] = {}
        self._ids = _ids_in_folder()

    def card(self, model: str) -> ModelCard:
        """Find a card. Raises UnknownModelError, with the nearest names."""
        if model not in self._cards:
            if model not in self._ids:
                raise UnknownModelError(model, difflib.get_close_matches(model, self._ids, _NEAR))
            self._cards[model] = _import(model)
        return self._cards[model]

    def cards(self) -> Sequence[ModelCard]:
        """List all cards that are shown, by id."""
        return [card for card in map(self.card, sorted(self._ids)) if card.listed]


def _ids_in_folder() -> frozenset[str]:
    folders = importlib.resources.files(_PACKAGE).iterdir()
    return frozenset(
        f"{folder.name}/{file.name.removesuffix('.py').replace('_', '-')}"
        for folder in folders
        if folder.is_dir() and not folder.name.startswith("_")
        for file in folder.iterdir()
        if file.name.endswith(".py") and not file.name.startswith("_")
    )


def _import(model: str) -> ModelCard:
    path = model.replace("/", ".").replace("-", "_")
    card = importlib.import_module(f"{_PACKAGE}.{path}").CARD
    if not isinstance(card, ModelCard) or card.id != model:
        raise TypeError(f"{_PACKAGE}.{path} must define CARD, a ModelCard with id {model!r}")
    return card
