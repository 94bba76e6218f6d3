"""What we recorded when we signed, found again for any file that comes back."""

from dataclasses import dataclass, replace

from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import Database
from callsheet.ports.provenance import File, ManifestRead, State
from callsheet.provenance.model import Judgement, Signature, judge
from callsheet.provenance.store import SignatureStore
from callsheet.provenance.verifying import Verifier


@dataclass(frozen=True, slots=True)
class Recorded:
    """Judges files by their manifests, and by what was recorded of them here."""

    database: Database
    store: SignatureStore
    verifier: Verifier

    def trusting(self, roots: bytes) -> "Recorded":
        """Trust other roots, too, as PEM."""
        return replace(self, verifier=replace(self.verifier, trusted=roots))

    async def judged(
        self, workspace: WorkspaceId, file: File, media_type: str, sidecar: bytes | None = None
    ) -> tuple[ManifestRead, Judgement, Signature | None]:
        """Read and judge a file; answers also what was recorded of it.

        A file without a manifest is known by what it shows. Raises as ports.provenance.Credentials
        does, and DatabaseUnavailableError.
        """
        read, anchored = await self.verifier.read(file, media_type, sidecar)
        known = shows = None
        if read.state is State.NONE:
            fingerprint = await self.verifier.credentials.fingerprint(file, media_type)
            async with self.database.read() as connection:
                shows = await self.store.by_fingerprint(connection, workspace, fingerprint)
        elif read.instance:
            async with self.database.read() as connection:
                known = await self.store.by_instance(connection, workspace, read.instance)
        judgement = judge(read, anchored=anchored, known=known, shows=shows)
        return read, judgement, known or shows
