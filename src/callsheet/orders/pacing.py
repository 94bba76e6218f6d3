"""How fast this process asks a provider about what is out there: evenly, within its limit."""

import asyncio
from dataclasses import dataclass
from typing import Final

_EARLY_S: Final = 1.0  # turns may come this much early: small bursts do no harm


@dataclass(slots=True)
class Pacer:
    """Gives out turns, so many a minute; None is as many as are asked for.

    The generic cell rate algorithm (ITU-T I.371): `due` is when the last turn given out would be
    if all came evenly. Times are the event loop's, in seconds.
    """

    per_minute: int | None
    due: float = 0.0
    resting_until: float = 0.0

    async def turn(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        mine = 0.0
        if self.per_minute is not None:
            mine = self.due = max(self.due, loop.time() - _EARLY_S) + 60 / self.per_minute
        await asyncio.sleep(mine - loop.time())
        await asyncio.sleep(self.resting_until - loop.time())

    def rest(self, seconds: float) -> None:
        """Give out no turn for a while: the provider asked for it."""
        until = asyncio.get_running_loop().time() + seconds
        self.resting_until = max(self.resting_until, until)
