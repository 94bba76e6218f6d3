"""Switching models on and off, for every server and worker at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callsheet.controls.model import Switches
from callsheet.controls.store import SwitchStore
from callsheet.ports.database import Database
from callsheet.ports.models import Catalog


@dataclass(frozen=True, slots=True)
class ModelSwitches:
    """What operators say of models; each verb is one transaction and safe to repeat."""

    database: Database
    store: SwitchStore
    catalog: Catalog
    clock: Callable[[], datetime]

    async def all(self) -> Switches:
        """Read every switch. Raises DatabaseUnavailableError."""
        async with self.database.read() as connection:
            return await self.store.all(connection)

    async def turn(self, model: str, *, enabled: bool, reason: str) -> str | None:
        """Switch a model on, which vouches for its card, or off.

        Answers why it cannot be ordered then; None if it can. Raises UnknownModelError,
        DatabaseUnavailableError.
        """
        card, now = self.catalog.card(model), self.clock()
        async with self.database.begin() as connection:
            await self.store.turn(connection, model, enabled=enabled, reason=reason, now=now)
            return (await self.store.all(connection)).closed(card, now.date())
