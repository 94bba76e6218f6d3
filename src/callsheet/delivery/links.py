"""Links to assets and job files that work without a key until they expire."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callsheet.delivery.errors import LinkRefusedError

FILES: Final = ("contact-sheet.png", "contact-sheet.html", "results.csv", "results.xlsx")
FILM_FILES: Final = {  # of a production, besides; with their media types
    "film.mp4": "video/mp4",
    "poster.jpg": "image/jpeg",
    "captions.vtt": "text/vtt; charset=utf-8",
    "captions.srt": "application/x-subrip; charset=utf-8",
    "film.otio": "application/json",
    "film.edl": "text/plain; charset=utf-8",
    "voice.wav": "audio/wav",
    "music.wav": "audio/wav",
    "effects.wav": "audio/wav",
}
_STEP_S: Final = 12 * 3600
_PURPOSE: Final = b"callsheet link 1\n"


def file_key(job: str, name: str) -> str:
    """Name the object that holds one of the files a job hands over."""
    return f"jobs/{job}/files/{name}"


@dataclass(frozen=True, slots=True)
class AssetLinks:
    """Signs paths with HMAC-SHA256.

    A link works for 24 to 36 hours: its end is rounded up to a half day, so that the same state
    written twice within that time has the same bytes.
    """

    secret: bytes
    base_url: str
    clock: Callable[[], datetime]

    def asset(self, sha256: str) -> str:
        """Link to an asset."""
        return self.signed(f"/assets/{sha256}")

    def thumbnail(self, sha256: str) -> str:
        """Link to a picture's thumbnail."""
        return self.signed(f"/assets/{sha256}/thumbnail")

    def files(self, job: str, *, film: bool = False) -> dict[str, str]:
        """Link to what a finished job hands over, with those of a film if it has one."""
        names = (*FILES, *FILM_FILES) if film else FILES
        return {name: self.signed(f"/batch/{job}/files/{name}") for name in names}

    def signed(self, path: str) -> str:
        """Sign a path of the web door."""
        expires = (int(self.clock().timestamp()) // _STEP_S + 3) * _STEP_S
        return f"{self.base_url}{path}?exp={expires}&sig={self._signature(path, expires)}"

    def check(self, path: str, exp: str, sig: str) -> None:
        """Raise LinkRefusedError unless the link is ours and still good."""
        if not exp.isascii() or not exp.isdigit() or len(exp) > 12:  # noqa: PLR2004  # year 33658
            raise LinkRefusedError(path, "is damaged")
        if not hmac.compare_digest(self._signature(path, int(exp)).encode(), sig.encode()):
            raise LinkRefusedError(path, "is damaged")
        if int(exp) < self.clock().timestamp():
            raise LinkRefusedError(path, "has expired")

    def _signature(self, path: str, expires: int) -> str:
        message = _PURPOSE + f"{expires}\n{path}".encode()
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()
