"""A package: a view of files in the store, written down as a list of them.

The masters stay where they are. What is written for a package (sheet, manifests, page) lies beside
the list in the store, in a folder that is named after what the package was made from: asked for
again it is the same package, byte for byte, also by another process and after a restart.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any, Final

from callsheet.delivery.checksums import Checksums
from callsheet.delivery.manifests import Listed
from callsheet.delivery.naming import DEFAULT
from callsheet.delivery.zip_stream import ZipEntry
from callsheet.kernel.digests import Sha256, canonical_json, digest_of
from callsheet.ports.blobs import BlobNotFoundError, BlobStore

FORMAT: Final = 1
KEPT: Final = 5  # packages of one job whose lists are kept
_ENTRIES: Final = "entries.jsonl"
_HEAD: Final = "package.json"


@dataclass(frozen=True, slots=True)
class PackageWish:
    """How a package is asked for: names by a template, and whether less than all will do."""

    names: str = DEFAULT
    partial: bool = False


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of a package: its path in it, the object that holds its bytes, and what they are."""

    path: str
    key: str
    sums: Checksums

    @property
    def listed(self) -> Listed:
        """The file as manifests list it."""
        return Listed(self.path, self.sums)

    def line(self) -> bytes:
        """Write as a line of JSON."""
        told = {"path": self.path, "key": self.key, **asdict(self.sums)}
        return json.dumps(told, sort_keys=True).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> "PackageFile":
        """Read back what `line` wrote."""
        told = json.loads(line)
        sums = Checksums(Sha256(told["sha256"]), told["size"], told["crc32"], told["c4"])
        return cls(told["path"], told["key"], sums)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is ready: `size` is that of its zip archive, `folder` where its list is."""

    job: str
    name: str
    folder: str
    files: int
    masters: int
    size: int
    etag: str

    @property
    def filename(self) -> str:
        """The name under which people save its archive."""
        return f"{self.name}.zip"


def packages_folder(job: str) -> str:
    """Name where the packages of a job are."""
    return f"jobs/{job}/packages"


def package_folder(job: str, sequence: int, made_from: dict[str, Any]) -> str:
    """Name where one package is; names sort by the journal's number that they were made at."""
    digest = digest_of({"format": FORMAT, "sequence": sequence, **made_from})
    return f"{packages_folder(job)}/{sequence:012d}-{digest[:16]}"


def files_in(file: IO[bytes]) -> Iterator[PackageFile]:
    """Read a list of files from its beginning; blocks."""
    file.seek(0)
    return map(PackageFile.of_line, file)


@dataclass(frozen=True, slots=True)
class PackageStore:
    """Keeps and finds packages in the store."""

    blobs: BlobStore

    async def find(self, folder: str) -> Package | None:
        """Read a package that was made before; None if there is none."""
        try:
            head = json.loads(await self.blobs.get(f"{folder}/{_HEAD}"))
        except BlobNotFoundError:
            return None
        return Package(**head)

    async def put(self, folder: str, path: str, content: AsyncIterator[bytes]) -> str:
        """Write a file that is made for a package; its key."""
        key = f"{folder}/files/{path}"
        await self.blobs.put(key, content, "application/octet-stream")
        return key

    async def keep(self, package: Package, entries: AsyncIterator[bytes]) -> None:
        """Write a package down: its list, then its head; older ones than the newest few go."""
        lines, head = f"{package.folder}/{_ENTRIES}", f"{package.folder}/{_HEAD}"
        await self.blobs.put(lines, entries, "application/x-ndjson")
        await self.blobs.put(head, canonical_json(asdict(package)), "application/json")
        await self._prune(package)

    async def _prune(self, package: Package) -> None:
        under = f"{packages_folder(package.job)}/"
        keys = [info.key async for info in self.blobs.list(under)]
        of = {key: key.removeprefix(under).partition("/")[0] for key in keys}
        old = sorted(set(of.values()))[:-KEPT]
        mine = package.folder.rpartition("/")[2]
        # heads first, so that none names what is not there
        for key in sorted(keys, key=lambda key: not key.endswith(f"/{_HEAD}")):
            if of[key] in old and of[key] != mine:
                await self.blobs.delete(key)

    async def files(self, package: Package) -> AsyncIterator[PackageFile]:
        """Walk the files of a package, in the order in which its archive has them."""
        rest = b""
        async for block in self.blobs.stream(f"{package.folder}/{_ENTRIES}"):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield PackageFile.of_line(line)

    async def zip_entries(self, package: Package) -> AsyncIterator[ZipEntry]:
        """Walk the files of a package as its archive has them, in one folder."""
        async for each in self.files(package):
            yield zip_entry(package.name, each)


def zip_entry(package: str, each: PackageFile) -> ZipEntry:
    """Place a file in the archive of a package of this name."""
    return ZipEntry(f"{package}/{each.path}", each.key, each.sums.size, each.sums.crc32)


_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "mhl": "application/xml",
    "xml": "application/xml",
    "json": "application/json",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def media_type_of(path: str) -> str:
    """Say what a file of a package is, by its name."""
    return _TYPES.get(path.rpartition(".")[2], "application/octet-stream")
