"""Whether no key is needed now: what is known of it, at most a second old."""

import asyncio
from typing import Final

from callsheet.accounts.service import Accounts
from callsheet.kernel.errors import UnavailableError

_FRESH_S: Final = 1.0


class Keyless:
    """Remembers for a second whether any key has existed.

    It decides alone which requests are refused early; who is let in is decided anew each time.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._is_keyless = True
        self._until = 0.0

    async def now(self) -> bool:
        """Tell whether no key is needed; while the database is away, as it was before."""
        clock = asyncio.get_running_loop().time
        if clock() >= self._until:
            try:
                self._is_keyless = not await self._accounts.any_ever()
            except UnavailableError:
                return self._is_keyless
            self._until = clock() + _FRESH_S
        return self._is_keyless
