"""Files that people may fetch: assets, their thumbnails, and what jobs hand over."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from callsheet.assets.errors import AssetNotFoundError, AssetUnreadableError
from callsheet.assets.model import Asset, asset_key, extension_of, thumbnail_key
from callsheet.assets.store import AssetStore
from callsheet.delivery.links import FILES, FILM_FILES, file_key
from callsheet.delivery.naming import DEFAULT, NameTemplate, values_of
from callsheet.jobs.errors import JobNotFoundError
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import is_sha256
from callsheet.kernel.errors import NotFoundError
from callsheet.kernel.ids import TakeId, WorkspaceId, is_id
from callsheet.ports.blobs import BlobInfo, BlobNotFoundError, BlobStore
from callsheet.ports.database import Database
from callsheet.takes.store import TakeStore


@dataclass(frozen=True, slots=True)
class File:
    """A file of the store, the name under which people save it, and what it is.

    One that `changes` may be written anew, and holds links: nobody keeps a copy of it.
    """

    key: str
    name: str
    media_type: str
    info: BlobInfo
    changes: bool = False

    @property
    def etag(self) -> str:
        """Its entity tag (RFC 9110, 8.8.3), quoted."""
        return f'"{self.info.etag.strip(chr(34))}"'


@dataclass(frozen=True, slots=True)
class FileView:
    """Finds files that a workspace may fetch; for `workspace` None, of any, by a signed link.

    Each verb raises BlobNotFoundError, DatabaseUnavailableError and what the store raises.
    """

    database: Database
    jobs: JobStore
    assets: AssetStore
    takes: TakeStore
    blobs: BlobStore

    async def asset(self, workspace: WorkspaceId | None, sha256: str) -> File:
        """Find an asset by its digest. Raises AssetNotFoundError, AssetUnreadableError."""
        found = await self._find(workspace, sha256)
        name = await self._name_of(found)
        return await self._file(asset_key(sha256), name, found.media_type)

    async def thumbnail(self, workspace: WorkspaceId | None, sha256: str) -> File:
        """Find an asset's thumbnail. Raises AssetNotFoundError."""
        await self._find(workspace, sha256)
        return await self._file(thumbnail_key(sha256), sha256[:16])

    async def of_job(self, workspace: WorkspaceId | None, job: str, name: str) -> File:
        """Find one of the files that a job hands over. Raises JobNotFoundError."""
        if not is_id(job, "job"):
            raise JobNotFoundError(job)
        if workspace is not None:
            async with self.database.read() as connection:
                await self.jobs.find(connection, workspace, job)
        if name not in FILES and name not in FILM_FILES:
            raise BlobNotFoundError(name)
        return await self._file(file_key(job, name), name, changes=True)

    def stream(self, file: File, start: int, length: int) -> AsyncIterator[bytes]:
        """Read `length` bytes of a file from a place in it."""
        return self.blobs.stream(file.key, start, length)

    def content(self, sha256: str) -> AsyncIterator[bytes]:
        """Read a whole asset of any workspace, block by block."""
        return self.blobs.stream(asset_key(sha256))

    def content_of_job(self, job: str, name: str) -> AsyncIterator[bytes]:
        """Read the whole of a file that a job of any workspace hands over, block by block."""
        return self.blobs.stream(file_key(job, name))

    async def _find(self, workspace: WorkspaceId | None, sha256: str) -> Asset:
        if not is_sha256(sha256):
            raise AssetNotFoundError(sha256)
        async with self.database.read() as connection:
            found = await self.assets.find(connection, workspace, sha256)
        if found.unreadable:
            raise AssetUnreadableError(sha256, found.unreadable)
        return found

    async def _name_of(self, asset: Asset) -> str:
        """Name a file after the row that it was made for; a reference after its digest."""
        plain = f"{asset.sha256[:16]}.{extension_of(asset.media_type)}"
        take_id = asset.made_from.get("take")
        if not take_id:
            return plain
        async with self.database.read() as connection:
            try:
                take = await self.takes.of_any_workspace(connection, TakeId(str(take_id)))
                job = await self.jobs.of_any_workspace(connection, take.job)
            except NotFoundError:  # a restored asset may be all that is left of it
                return plain
            shots = await self.jobs.shots_of(connection, take.job, [take.row])
        if not shots or take.workspace != asset.workspace:
            return plain
        variant = {
            "variant": take.variant,
            "attempt": take.attempt,
            "width": asset.width,
            "height": asset.height,
            "model": take.model,
            "take": take.id,
            "sha256": asset.sha256,
            "mediaType": asset.media_type,
        }
        row = {"row": take.row, "scene_id": shots[0].scene_id}
        values = values_of(job, row, variant, {})
        return NameTemplate.parse(DEFAULT).name(values, extension_of(asset.media_type))

    async def _file(
        self, key: str, name: str, media_type: str = "", *, changes: bool = False
    ) -> File:
        info = await self.blobs.head(key)
        return File(key, name, media_type or info.content_type, info, changes)
