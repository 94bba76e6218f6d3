"""A participant: one open WebSocket in a room, what it has still to be told, how fast it talks."""

import asyncio
from collections import OrderedDict, deque
from contextlib import suppress
from typing import Any, Final

from callsheet.accounts.model import Caller

BEHIND: Final = 2_000  # messages that one may be behind
_OWN: Final = 1_000  # operation ids that are remembered
_PER_S: Final = 20.0  # messages that are kept; as many at once as:
_AT_ONCE: Final = 100.0
_POINTS_APART_S: Final = 0.1
TOO_SLOW: Final = 1013  # try again later (IANA, WebSocket Close Code Number Registry)


class Participant:
    """Somebody in a room.

    `seen` is the place in the journal up to which they were told; `is_live` whether what is new
    goes to them at once, or is read for them first.
    """

    def __init__(self, name: str, identity: str, caller: Caller, id_: str) -> None:
        self.id, self.name, self.identity, self.caller = id_, name, identity, caller
        self.seen = 0
        self.is_live = False
        self.close_code: int | None = None
        self._texts: deque[str] = deque()
        self._points: dict[str, str] = {}
        self._own: OrderedDict[str, None] = OrderedDict()
        self._changed = asyncio.Event()
        self._tokens, self._counted_at = _AT_ONCE, asyncio.get_running_loop().time()
        self._pointed_at = 0.0

    def document(self) -> dict[str, Any]:
        """Tell who it is."""
        return {
            "participant": self.id,
            "name": self.name,
            "by": self.identity,
            "role": self.caller.role,
        }

    def may_say(self) -> bool:
        """Count a message against what one may say; False if that is used up for now."""
        now = asyncio.get_running_loop().time()
        self._tokens = min(_AT_ONCE, self._tokens + (now - self._counted_at) * _PER_S)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def may_point(self) -> bool:
        """Tell whether where they point is passed on: ten times a second at most."""
        now = asyncio.get_running_loop().time()
        if now - self._pointed_at < _POINTS_APART_S:
            return False
        self._pointed_at = now
        return True

    def owns(self, op_id: str) -> None:
        """Remember an operation as theirs: they get an answer, and not what the others get."""
        self._own[op_id] = None
        if len(self._own) > _OWN:
            self._own.popitem(last=False)

    def disown(self, op_id: str) -> None:
        """Forget an operation that was refused."""
        self._own.pop(op_id, None)

    def tell(self, text: str) -> None:
        """Have a message sent; who is too far behind is let go, and comes back for the rest."""
        if self.close_code is None:
            if len(self._texts) >= BEHIND:
                self.end(TOO_SLOW)
                return
            self._texts.append(text)
            self._changed.set()

    def tell_entry(self, sequence: int, op_id: str | None, text: str) -> None:
        """Have an entry of the journal sent, once and in order, unless it is their own."""
        if sequence <= self.seen:
            return
        self.seen = sequence
        if op_id is not None and op_id in self._own:
            del self._own[op_id]
            return
        self.tell(text)

    def tell_point(self, of: str, text: str) -> None:
        """Have it sent where somebody points; only the newest counts."""
        self._points[of] = text
        self._changed.set()

    def end(self, code: int) -> None:
        """End, at once."""
        if self.close_code is None:
            self.close_code = code
        self._texts.clear()
        self._points.clear()
        self._changed.set()

    async def next(self) -> str | None:
        """Wait for the next message to send; None at the end."""
        while self.close_code is None:
            if self._texts:
                return self._texts.popleft()
            if self._points:
                with suppress(KeyError):
                    return self._points.pop(next(iter(self._points)))
            self._changed.clear()
            await self._changed.wait()
        return None
