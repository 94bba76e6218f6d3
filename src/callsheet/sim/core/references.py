"""The reading of pictures named in inputs: data URLs, the provider's own files, and any address.

A picture is read when its order starts, as models do; one that cannot be read makes it fail.
"""

import asyncio
import base64
import io
from collections.abc import Callable

import httpx2
from PIL import Image, UnidentifiedImageError

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.orders import Order
from callsheet.sim.core.sizes import Size, size_of

_MOST_REFERENCE_BYTES = 32 << 20
_MOST_AT_ONCE = 16
_FETCH_S = 10.0

# The content of a file of the provider's own, by its address; None if it is none.
# Raises ReferenceRefusedError.
OwnFile = Callable[[str], bytes | None]


class ReferenceRefusedError(Exception):
    """A picture named in the inputs cannot be read; the message becomes the prediction's error."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"Could not read input image {url[:100]}: {why}")


class References:
    """Reads the pictures that inputs name: data URLs, own files, and whatever HTTP serves."""

    def __init__(self, conditions: Conditions, own: OwnFile, http: httpx2.AsyncClient) -> None:
        self._conditions, self._own, self._http = conditions, own, http
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    def read(self, order: Order, go_on: Callable[[], None]) -> None:
        """Find out the output's size, or why it must fail; then call `go_on`."""
        urls = list(order.asked.model.references(order.asked.inputs))
        if not urls or not self._conditions.fetch_references:
            order.size = size_of(order.asked, None)
            go_on()
            return
        task = asyncio.create_task(self._read(order, urls, go_on))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop reading."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, order: Order, urls: list[str], go_on: Callable[[], None]) -> None:
        try:
            async with self._places:
                sizes = [_measured(url, await self._content(url)) for url in urls]
            order.size = size_of(order.asked, sizes[0])
        except ReferenceRefusedError as error:
            order.reference_error = str(error)
        go_on()

    async def _content(self, url: str) -> bytes:
        if url.startswith("data:"):
            return _data(url)
        own = self._own(url)
        if own is not None:
            return own
        try:
            async with asyncio.timeout(_FETCH_S):
                return await self._fetched(url)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise ReferenceRefusedError(url, type(error).__name__) from error

    async def _fetched(self, url: str) -> bytes:
        async with self._http.stream("GET", url, follow_redirects=True) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise ReferenceRefusedError(url, f"HTTP {answer.status_code}")
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > _MOST_REFERENCE_BYTES:
                    raise ReferenceRefusedError(url, "too large")
            return bytes(content)


def _data(url: str) -> bytes:
    head, comma, body = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise ReferenceRefusedError(url, "not base64")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise ReferenceRefusedError(url, "not base64") from None


def _measured(url: str, content: bytes) -> Size:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        raise ReferenceRefusedError(url, "cannot identify image file") from None
