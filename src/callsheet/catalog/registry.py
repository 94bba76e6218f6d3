"""Finding cards: the folder is the list, and a card is imported when it is first asked for."""

import difflib
import functools
import importlib
import importlib.metadata
import importlib.resources
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import EntryPoint
from importlib.resources.abc import Traversable
from typing import Any, Final

from callsheet.kernel.logs import event
from callsheet.ports.models import ModelCard, UnknownModelError, UnusableCardError

PACKAGE: Final = "callsheet.catalog.models"
GROUP: Final = (
    "callsheet.models"  # of entry points in other packages: `acme/model = acme.cards:CARD`
)
_LOG: Final = logging.getLogger("callsheet.catalog")
_NEAR: Final = 3


def _today() -> date:
    return datetime.now(UTC).date()


class FolderCatalog:
    """Implements ports.models.Catalog over `catalog/models/<provider>/<model>.py`.

    A model's id is its place there: `local/storyboard` is `local/storyboard.py`, with underscores
    for the hyphens that Python's names cannot have. Other packages add cards by entry points, whose
    names are ids; an id of ours cannot be taken by one. A card is given as it stands `today`: a
    price that changes on a day is the new one from that day on.
    """

    def __init__(self, package: str = PACKAGE, *, today: Callable[[], date] = _today) -> None:
        self._package, self._today = package, today
        self._cards: dict[str, ModelCard] = {}
        self._forms: dict[str, dict[str, Any]] = {}
        self._ids = _ids_in(importlib.resources.files(package))

    def card(self, model: str) -> ModelCard:
        """Find a card. Raises UnknownModelError, with the nearest names, UnusableCardError."""
        if model not in self._cards:
            if model in self._ids:
                self._cards[model] = self._imported(model)
            elif model in _joined():
                self._cards[model] = _loaded(_joined()[model])
            else:
                known = [*self._ids, *_joined()]
                raise UnknownModelError(model, difflib.get_close_matches(model, known, _NEAR))
        card = self._cards[model]
        return card.on(self._today()) if card.changes else card

    def cards(self) -> Sequence[ModelCard]:
        """List all cards that are shown, by id; the first time all are imported.

        One of another package that cannot be used is left out, and logged.
        """
        ids = sorted({*self._ids, *_joined()})
        return [card for card in map(self._usable, ids) if card is not None and card.listed]

    def _usable(self, model: str) -> ModelCard | None:
        try:
            return self.card(model)
        except UnusableCardError as error:
            _LOG.error("card.unusable", extra=event(model=model, reason=str(error)))
            return None

    def form(self, model: str) -> Mapping[str, Any]:
        """Describe a model's inputs as JSON Schema."""
        if model not in self._forms:
            self._forms[model] = self.card(model).inputs.model_json_schema()
        return self._forms[model]

    def _imported(self, model: str) -> ModelCard:
        name = f"{self._package}.{model.replace('/', '.').replace('-', '_')}"
        return _checked(importlib.import_module(name).CARD, model)


def _ids_in(root: Traversable) -> frozenset[str]:
    return frozenset(
        f"{folder.name}/{file.name.removesuffix('.py').replace('_', '-')}"
        for folder in root.iterdir()
        if folder.is_dir() and not folder.name.startswith("_")
        for file in folder.iterdir()
        if file.name.endswith(".py") and not file.name.startswith("_")
    )


@functools.cache
def _joined() -> Mapping[str, EntryPoint]:
    """Find the cards of other packages; what is installed does not change while we run."""
    return {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}


def _loaded(point: EntryPoint) -> ModelCard:
    try:
        return _checked(point.load(), point.name)
    except Exception as error:  # whatever another package's code may raise
        package = point.dist.name if point.dist else point.value
        reason = f"{type(error).__name__}: {error}"
        raise UnusableCardError(point.name, package, reason) from error


def _checked(card: object, model: str) -> ModelCard:
    if not isinstance(card, ModelCard):
        raise TypeError(f"the card of {model!r} must be a ModelCard, not {card!r:.80}")
    if card.id != model:
        raise TypeError(f"the card of {model!r} says that its id is {card.id!r}; make them agree")
    return card
