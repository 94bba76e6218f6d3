"""ComfyUI: a server of one's own, whose workflows are the models; see https://docs.comfy.org.

What a picture cost is measured: the seconds from the start of its workflow to its end, by the
history's own timestamps (milliseconds), at the price of the machine that the order carried along.

A prompt's id is ours, so what became of an answer can be asked. The server forgets its history when
it is started again; nothing is paid there, so that a prompt which it does not know is sent again.

What happens to a prompt is told on a websocket to the client whose name came with it, and to nobody
while that client is not connected. Here each connection is a client of its own: a server that
notices late that an old one is gone forgets a new one of the same name with it.
"""

import asyncio
import json
import math
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Never
from urllib.parse import urlencode

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.net.sending import cause_of
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    Found,
    HostedOrder,
    Listing,
    Made,
    ModelGoneError,
    Pace,
    Pending,
    Recourse,
    Standing,
    Submitted,
    TicketUnknownError,
    Uploaded,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import Exchange
from callsheet.providers.reading import inner, kept_until
from callsheet.providers.refusals import usual_refusal

if TYPE_CHECKING:
    from httpx2.websockets import AsyncWebSocketSession

_OURS: Final = uuid.UUID("0c9f6a52-5d0e-5a1b-8a66-2f6f8f1d7b35")  # the namespace of our prompt ids
_MOST_DELETED: Final = 10_000
_MOST_MESSAGE: Final = 16 * 1024**2  # bytes; most previews are far smaller
_MOST_SAID: Final = 256 * 1024  # characters; what says that a prompt ended is far shorter
# The history has a prompt only after `execution_…` was said, and before `executing` with no node.
# The latter alone would do today; it is the older way, and may go some day.
_ENDS: Final = frozenset({"execution_success", "execution_error", "execution_interrupted"})
_MOST_SECONDS: Final = 86_400.0  # a server's clock that was set meanwhile tells no time
_MISSING: Final = "value_not_in_list"  # a node names a checkpoint or the like that is not installed


class ComfyUI(HostedDefaults):
    """Implements ports.hosted.HostedProvider and ports.following.AudibleProvider.

    A payload is {"workflow": a workflow in API format, "usd_per_hour": what the machine costs, if
    the card knows}. A reference's address is the name under which the server keeps the picture.
    """

    name = "comfyui"
    base_url = "http://127.0.0.1:8188"
    key_setting = ""
    recourse = Recourse.OUR_ID
    lists_for_s = 3_600.0
    PACE = Pace(concurrent=8)
    SETTLES_S = 30.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._http = http
        self._client = uuid.uuid4().hex  # the name of the connection that is, or will be next
        self._deleted: deque[str] = deque(maxlen=_MOST_DELETED)  # no trace of them is left there
        self._line = Exchange(self.name, http, settles_s, self._refusal)

    async def submit(self, order: HostedOrder) -> Submitted:
        """Queue a workflow under our own id. Raises ProviderError."""
        ticket = _id_of(order.take)
        body = {
            "prompt": order.payload["workflow"],
            "prompt_id": ticket,
            "client_id": self._client,
            "extra_data": {
                "take": order.take,
                "usd_per_hour": order.payload.get("usd_per_hour"),
            },
        }
        response = await self._line.create("POST", "/prompt", send_by=order.send_by, json=body)
        given = self._line.accepted(response, lambda told: self._line.text(told, "prompt_id"))
        return Submitted(given, Pending())

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Read the history; what is not there must be in the queue."""
        told = await self._line.read(f"/history/{ticket}")
        if ticket in told:
            return self._standing(told[ticket])
        if ticket in await self._queued("queue_running", "queue_pending"):
            return Pending()
        told = await self._line.read(f"/history/{ticket}")  # it may have ended between the two
        if ticket in told:
            return self._standing(told[ticket])
        if ticket in self._deleted:
            return self._stopped()
        raise TicketUnknownError(self.name, f"it knows no prompt {shown(ticket)}")

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Take a prompt from the queue, or interrupt it.

        Older servers interrupt whatever runs, so it must be seen running before.
        """
        await self._line.ask("POST", "/queue", json={"delete": [ticket]})
        self._deleted.append(ticket)
        if ticket in await self._queued("queue_running"):
            await self._line.ask("POST", "/interrupt", json={"prompt_id": ticket})

    async def listed(self, since: datetime, takes: Sequence[TakeId], key: ProviderKey) -> Listing:
        """Ask for each take's own id."""
        found = []
        for take in takes:
            try:
                await self.poll(_id_of(take), key)
            except TicketUnknownError:
                continue
            found.append(Found(_id_of(take), {}, since, take))
        return Listing(tuple(found))

    async def upload(
        self, content: bytes, media_type: str, name: str, key: ProviderKey
    ) -> Uploaded:
        """Give the server a picture; it is kept under the name that it answers."""
        files = {"image": (name, content, media_type)}
        response = await self._line.ask(
            "POST", "/upload/image", files=files, data={"overwrite": "true"}
        )
        told = self._line.json(response)
        folder, kept = inner(told, "subfolder"), self._line.text(told, "name")
        return Uploaded(f"{folder}/{kept}" if folder else kept, kept_until(hours=12))

    async def check_key(self, key: ProviderKey) -> None:
        """Ask whether the server is there: it needs no key. Raises BusyError."""
        await self._line.read("/system_stats")

    async def listen(self, opened: Callable[[], None], ended: Callable[[str], None]) -> Never:
        """Hear on a websocket of prompts that ended. Raises BusyError."""
        from httpx2.websockets import HTTPXWSException  # noqa: PLC0415  # only who listens pays

        lost = ""
        try:
            async with self._http.websocket(
                "/ws", params={"clientId": self._client}, max_message_size_bytes=_MOST_MESSAGE
            ) as socket:
                async with asyncio.timeout(self.settles_s / 2):
                    await _said(socket)  # how the queue stands: from now on it knows our name
                opened()
                while True:
                    ticket = _ended(await _said(socket))
                    if ticket is not None:
                        ended(ticket)
        except* (HTTPXWSException, httpx2.TransportError, TimeoutError) as errors:
            lost = _first(errors)
        finally:
            self._client = uuid.uuid4().hex
        raise BusyError(self.name, f"its websocket: {lost}")

    async def _queued(self, *names: str) -> list[Any]:
        queue = await self._line.read("/queue")
        return [inner(entry, 1) for name in names for entry in inner(queue, name) or []]

    def _standing(self, entry: Any) -> Standing:
        if _told(entry, "execution_interrupted") is not None:
            return self._stopped()
        if inner(entry, "status", "status_str") == "error":
            return Ended(RefusedError(self.name, _failure(entry)), cost=Money())
        urls = tuple(self._address(each) for each in _files(entry))
        return Made(urls, cost=_measured_cost(entry))

    def _stopped(self) -> Ended:
        return Ended(RefusedError(self.name, "it was stopped"), cost=Money(), cancelled=True)

    def _address(self, file: Mapping[str, Any]) -> str:
        named = {name: str(file.get(name, "")) for name in ("filename", "subfolder", "type")}
        return str(self._http.base_url.join(f"/view?{urlencode(named)}"))

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        if response.is_success:
            return None
        try:
            told = response.json()
        except ValueError:
            raise BusyError(self.name, f"{response.status_code}: {shown(response.text)}") from None
        said = shown(inner(told, "error", "message") or response.text)
        for node in (inner(told, "node_errors") or {}).values():
            for error in inner(node, "errors") or []:
                if inner(error, "type") == _MISSING:
                    detail = shown(inner(error, "details") or said)
                    return ModelGoneError(self.name, f"it is not installed there: {detail}")
        return usual_refusal(self.name, response, said, ())


def _id_of(take: TakeId) -> str:
    return str(uuid.uuid5(_OURS, take))


def _files(entry: Any) -> list[Mapping[str, Any]]:
    """Find the files that a workflow's saving nodes wrote; previews are left out."""
    outputs = inner(entry, "outputs")
    listed = outputs.values() if isinstance(outputs, dict) else ()
    kinds = ("images", "gifs", "videos")
    found = [each for node in listed for kind in kinds for each in inner(node, kind) or []]
    return [each for each in found if inner(each, "type") == "output"]


def _failure(entry: Any) -> str:
    error = _told(entry, "execution_error")
    if error is None:
        return "no reason given"
    reason = shown(inner(error, "exception_message") or "no reason given")
    return f"{inner(error, 'node_type')}: {reason}"


def _measured_cost(entry: Any) -> Money | None:
    """Price the time that a workflow ran; None where the history or the order does not tell."""
    started, ended = (
        inner(_told(entry, name), "timestamp") for name in ("execution_start", "execution_success")
    )
    usd_per_hour = inner(entry, "prompt", 3, "usd_per_hour")  # the order's `extra_data`
    figures = (started, ended, usd_per_hour)
    if not all(isinstance(each, int | float) and math.isfinite(each) for each in figures):
        return None
    seconds = (ended - started) / 1_000
    return Money.per_hour(seconds, usd_per_hour) if 0 <= seconds <= _MOST_SECONDS else None


def _told(entry: Any, event: str) -> Any:
    """Find what the history says of an event; None if it did not happen."""
    messages = inner(entry, "status", "messages") or []
    return next((inner(each, 1) for each in messages if inner(each, 0) == event), None)


async def _said(socket: "AsyncWebSocketSession") -> str:
    """Wait for the next message in words; pictures, as of what is half done, are passed over."""
    while True:
        said = getattr(await socket.receive(), "data", None)
        if isinstance(said, str) and len(said) <= _MOST_SAID:
            return said


def _ended(said: str) -> str | None:
    """Read which prompt a message says has ended; None if it says anything else."""
    try:
        message = json.loads(said)
    except (ValueError, RecursionError):
        return None
    kind, told = inner(message, "type"), inner(message, "data")
    idle = kind == "executing" and isinstance(told, dict) and told.get("node", "") is None
    over = isinstance(kind, str) and kind in _ENDS
    ticket = inner(told, "prompt_id") if idle or over else None
    return ticket if isinstance(ticket, str) else None


def _first(errors: BaseExceptionGroup[BaseException]) -> str:
    """Word the first error of a group."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    closed = getattr(error, "reason", None)  # in the other side's words; no key is sent to it
    refused = getattr(getattr(error, "response", None), "status_code", None)
    if refused is not None:
        return f"it was refused: {refused}"
    return f"it was closed: {shown(closed)}" if closed else cause_of(error)
