"""Files that the simulated Replicate was given."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.sim.core.conditions import stamped
from callsheet.sim.core.references import ReferenceRefusedError

FILE_LIFE_S = 24 * 3600.0
MOST_FILE_BYTES = 100 << 20


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

    def content_at(self, url: str) -> bytes | None:
        """Read the file at an address of ours; None for another address."""
        place, _, file_id = url.rpartition("/v1/files/")
        if not place:
            return None
        found = self.find(file_id)
        if found is None:
            raise ReferenceRefusedError(url, "no such file")
        return found.content

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
