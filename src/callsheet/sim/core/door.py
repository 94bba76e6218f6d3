"""The door of the simulated provider: who may come in, how often, and what goes wrong there."""

from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from callsheet.sim.core.conditions import Conditions, RateLimit
from callsheet.sim.core.faults import FaultDeck, Faults
from callsheet.sim.core.orders import Dialect
from callsheet.sim.core.spoiling import early_answer, late_answer

Answer = Callable[[Request], Awaitable[Response]]


class Door:
    """Lets requests in, counts them, and spoils their answers as arranged."""

    def __init__(self, conditions: Conditions, deck: FaultDeck, dialect: Dialect) -> None:
        self._conditions, self._deck, self._dialect = conditions, deck, dialect
        self._creates, self._others = RateLimit(conditions.wall), RateLimit(conditions.wall)
        self.requests: Counter[str] = Counter()

    def refusal(self, request: Request, *, creates: bool) -> Response | None:
        """Refuse a bad token, or too many requests."""
        if not self._conditions.lets_in(self._dialect.token(request)):
            return self._dialect.unauthenticated()
        limit = self._creates if creates else self._others
        conditions = self._conditions
        most = conditions.creates_per_minute if creates else conditions.others_per_minute
        seconds = limit.refused_for(most)
        if seconds is None:
            return None
        return self._dialect.throttled(seconds, retry_after=False)

    def guarded(self, route: str, answer: Answer, *, public: bool = False) -> Answer:
        """Wrap a route: let in (everybody, if it is public), deal faults, answer."""

        async def endpoint(request: Request) -> Response:
            self.requests[route] += 1
            refused = None if public else self.refusal(request, creates=False)
            if refused is not None:
                return refused
            return await self.spoilt(self._deck.deal(route), lambda: answer(request))

        return endpoint

    async def spoilt(self, faults: Faults, answer: Callable[[], Awaitable[Response]]) -> Response:
        """Answer, or go wrong as `faults` say."""
        if not faults:
            return await answer()
        self._deck.met.update(list(faults))
        early = await early_answer(self._dialect, faults)
        return early or late_answer(self._dialect, faults, await answer())

    def clear(self) -> None:
        """Count from nothing."""
        self.requests.clear()
        self._creates.clear()
        self._others.clear()


class TooLargeError(Exception):
    """A body is larger than the service takes."""


async def read_body(request: Request, most: int) -> bytes:
    """Read a body of at most `most` bytes. Raises TooLargeError, ClientDisconnect."""
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise TooLargeError
    return bytes(content)
