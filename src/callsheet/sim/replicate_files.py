"""Files that the simulated Replicate was given, and the reading of pictures named in inputs.

A picture is read when its prediction starts, as the models there do; one that cannot be read makes
the prediction fail.
"""

import asyncio
import base64
import hashlib
import io
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from PIL import Image, UnidentifiedImageError

from callsheet.sim.replicate_conditions import Conditions, stamped
from callsheet.sim.replicate_orders import Prediction
from callsheet.sim.replicate_sizes import Size, size_of

FILE_LIFE_S = 24 * 3600.0
MOST_FILE_BYTES = 100 << 20
_MOST_REFERENCE_BYTES = 32 << 20
_MOST_AT_ONCE = 16
_FETCH_S = 10.0


class ReferenceRefusedError(Exception):
    """A picture named in the inputs cannot be read; the message becomes the prediction's error."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"Could not read input image {url[:100]}: {why}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file."""

    id: str
    name: str
    content_type: str
    content: bytes
    metadata: Mapping[str, Any]
    created_at: float

    def told(self, base: str) -> dict[str, Any]:
        """Describe it as the API does."""
        digest = hashlib.sha256(self.content).hexdigest()
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": len(self.content),
            "etag": digest[:32],
            "checksums": {"sha256": digest},
            "metadata": dict(self.metadata),
            "created_at": stamped(self.created_at),
            "expires_at": stamped(self.created_at + FILE_LIFE_S),
            "urls": {"get": f"{base}/v1/files/{self.id}"},
        }


class Files:
    """Uploads, in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._uploads: dict[str, Upload] = {}

    def add(self, name: str, content_type: str, content: bytes, told: Mapping[str, Any]) -> Upload:
        """Keep a file."""
        file_id = secrets.token_hex(16)
        upload = Upload(file_id, name, content_type, content, told, self._clock())
        self._uploads[file_id] = upload
        return upload

    def find(self, file_id: str) -> Upload | None:
        """Find a file that has not expired."""
        found = self._uploads.get(file_id)
        if found is not None and self._clock() > found.created_at + FILE_LIFE_S:
            del self._uploads[file_id]
            return None
        return found

    def newest(self) -> list[Upload]:
        """List all files, the newest first."""
        found = (self.find(file_id) for file_id in reversed(list(self._uploads)))
        return [upload for upload in found if upload is not None]

    def remove(self, file_id: str) -> bool:
        """Remove a file; tell whether it was there."""
        return self._uploads.pop(file_id, None) is not None

    def clear(self) -> None:
        """Remove all files."""
        self._uploads.clear()


class References:
    """Reads the pictures that inputs name: data URLs, own files, and whatever HTTP serves."""

    def __init__(self, conditions: Conditions, files: Files, http: httpx2.AsyncClient) -> None:
        self._conditions, self._files, self._http = conditions, files, http
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    def read(self, prediction: Prediction, go_on: Callable[[], None]) -> None:
        """Find out the output's size, or why it must fail; then call `go_on`."""
        urls = list(prediction.asked.model.references(prediction.asked.inputs))
        if not urls or not self._conditions.fetch_references:
            prediction.size = size_of(prediction.asked, None)
            go_on()
            return
        task = asyncio.create_task(self._read(prediction, urls, go_on))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop reading."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(
        self, prediction: Prediction, urls: list[str], go_on: Callable[[], None]
    ) -> None:
        try:
            async with self._places:
                sizes = [_measured(url, await self._content(url)) for url in urls]
            prediction.size = size_of(prediction.asked, sizes[0])
        except ReferenceRefusedError as error:
            prediction.reference_error = str(error)
        go_on()

    async def _content(self, url: str) -> bytes:
        if url.startswith("data:"):
            return _data(url)
        place, _, file_id = url.rpartition("/v1/files/")
        if place:
            found = self._files.find(file_id)
            if found is None:
                raise ReferenceRefusedError(url, "no such file")
            return found.content
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
