"""Saying of any file what its manifest comes to; needs no database."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callsheet.ports.provenance import Credentials, File, ManifestRead, State
from callsheet.provenance.chain import ROOT


def roots_in(folder: Path, path: Path | None) -> Callable[[], bytes]:
    """Read the roots whose signatures count as ours; nothing where there are none."""
    place = path or folder / ROOT

    def read() -> bytes:
        try:
            return place.read_bytes()
        except OSError:
            return b""

    return read


@dataclass(frozen=True, slots=True)
class Verifier:
    """Reads manifests, and says who vouches for them.

    `roots` reads the certificates of our own roots as PEM, `trusted` are those of others.
    """

    credentials: Credentials
    roots: Callable[[], bytes]
    trusted: bytes = b""

    async def read(
        self, file: File, media_type: str, sidecar: bytes | None = None
    ) -> tuple[ManifestRead, bool]:
        """Read a file's manifest, and whether our own roots vouch for it.

        Raises as ports.provenance.Credentials does.
        """
        own = self.roots()
        read = await self.credentials.read(file, media_type, own, sidecar)
        if not self.trusted or read.state is not State.VALID:
            return read, read.state is State.TRUSTED
        return await self.credentials.read(file, media_type, own + self.trusted, sidecar), False
