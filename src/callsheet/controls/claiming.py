"""Which request is the same wish as one before: so that a lost answer never buys a second time.

A marked repeat is one whose client says that it asks again. Who has an answer and asks the same is
given something new; who may have lost theirs is given what was made.

1. With a key of the client's own, the wish under that key.
2. A marked repeat: the oldest equal wish whose answer was lost, else one that is being made, else
   the newest that was delivered within ten minutes.
3. Else: the oldest equal wish whose answer was lost or not known yet; else a new one.

What is open for two minutes without a sign of life belongs to a process that is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from callsheet.controls.wishes import Delivery, Wish, WishStore
from callsheet.kernel.errors import ConflictError, UnavailableError
from callsheet.kernel.ids import new_id
from callsheet.ports.database import Database

_LOST_AFTER: Final = timedelta(minutes=2)
_AGAIN_WITHIN: Final = timedelta(minutes=10)
_ATTEMPTS: Final = 20


class WishReusedError(ConflictError):
    """A client's key stands for another request already."""

    code: ClassVar[str] = "idempotency_mismatch"

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for another request; give each its own")


class ManyRepeatsError(UnavailableError):
    """So many equal requests came at once that none of them could be told apart."""

    code: ClassVar[str] = "many_repeats"

    def __init__(self) -> None:
        super().__init__("this was asked for by many at once; ask again, which orders nothing new")


@dataclass(frozen=True, slots=True)
class Claim:
    """The wish that a request is; `replayed` if it was there before."""

    wish: str
    replayed: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """Finds wishes again; each verb is one transaction."""

    database: Database
    clock: Callable[[], datetime]
    store: WishStore = field(default_factory=WishStore)

    async def claim(
        self, credential: str, path: str, digest: str, *, key: str | None, marked: bool
    ) -> Claim:
        """Find the wish that a request is, or write a new one down. Raises WishReusedError."""
        for _ in range(_ATTEMPTS):
            now = self.clock()
            new = Wish(new_id("wi"), credential, path, digest, key, Delivery.OPEN, now)
            async with self.database.begin() as connection:
                if key is not None:
                    found = await self.store.by_key(connection, new)
                    if found is not None and found.digest != digest:
                        raise WishReusedError
                else:
                    twins = await self.store.twins(connection, new)
                    found = _same(twins, now, marked=marked)
                if found is None:
                    await self.store.add(connection, new)
                    return Claim(new.id, replayed=False)
                if await self.store.take(connection, found, now):
                    return Claim(found.id, replayed=True)
        raise ManyRepeatsError

    async def alive(self, wish: str) -> None:
        """Tell that a wish is still being made here."""
        await self.tell(wish, Delivery.OPEN)

    async def tell(self, wish: str, delivery: Delivery) -> None:
        """Write down how far an answer came."""
        async with self.database.begin(small=True) as connection:
            await self.store.set(connection, wish, delivery, self.clock())


def _same(twins: Sequence[Wish], now: datetime, *, marked: bool) -> Wish | None:
    """Choose among equal wishes, the oldest first; see the rules above."""

    def standing(wish: Wish) -> Delivery:
        is_lost = wish.delivery is Delivery.OPEN and wish.changed_at < now - _LOST_AFTER
        return Delivery.UNDELIVERED if is_lost else wish.delivery

    def first(*kinds: Delivery) -> Wish | None:
        return next((wish for wish in twins if standing(wish) in kinds), None)

    lost = first(Delivery.UNDELIVERED)
    if lost is not None:
        return lost
    if not marked:
        return first(Delivery.UNFINISHED)
    late = [
        wish
        for wish in twins
        if standing(wish) is Delivery.DELIVERED and wish.changed_at > now - _AGAIN_WITHIN
    ]
    return first(Delivery.OPEN, Delivery.UNFINISHED) or (late[-1] if late else None)
