"""Building a package: every file's checksums, the sheet, the page, the manifests, the list.

What is written for it goes through files on disk, so that memory does not grow with the job; what
was made is only read, and that only once in its life (see delivery/checksums.py).
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import IO, Final

import callsheet
from callsheet.assets.model import asset_key, thumbnail_key
from callsheet.delivery.checksums import Checksums, ChecksumStore, Summing, sum_up
from callsheet.delivery.errors import AssetDamagedError
from callsheet.delivery.findings import findings_lines
from callsheet.delivery.links import file_key
from callsheet.delivery.manifests import (
    BAG_INFO,
    BAGIT,
    CHAIN,
    MANIFEST,
    PAYLOAD,
    TAG_MANIFEST,
    bag_info_lines,
    bagit_lines,
    chain_lines,
    mhl_lines,
    mhl_name,
    sha256_lines,
)
from callsheet.delivery.naming import ascii_of
from callsheet.delivery.package import (
    Package,
    PackageFile,
    PackageStore,
    files_in,
    zip_entry,
)
from callsheet.delivery.readme import Overridden, Shown, readme_lines
from callsheet.delivery.releases import Release
from callsheet.delivery.results import (
    ResultTable,
    Row,
    blocks_of,
    result_table,
    to_csv,
    to_xlsx,
)
from callsheet.delivery.zip_stream import ZipSize
from callsheet.jobs.model import Job
from callsheet.kernel.moments import time_text
from callsheet.line.package_survey import FILE, Named, Survey
from callsheet.line.stages.deliver import totals
from callsheet.line.together import together
from callsheet.ports.blobs import BlobNotFoundError, BlobStore
from callsheet.ports.database import Database

_AT_ONCE: Final = 32  # files that are looked up in one statement, and small ones read side by side
_READ_AT_ONCE: Final = 4  # whole files
_BLOCK: Final = 1 << 20
_README: Final = "README.html"
_CONTACT_SHEET: Final = "contact-sheet.png"
_MOST_NAME: Final = 60
_MOST_LISTED: Final = 1_000  # lines of what is missing, on the page
Write = Callable[[IO[bytes]], None]


@dataclass(frozen=True, slots=True)
class PackageBuilder:
    """Builds packages."""

    database: Database
    checksums: ChecksumStore
    blobs: BlobStore
    store: PackageStore

    async def build(self, survey: Survey, folder: str, releases: Sequence[Release]) -> Package:
        """Build the package that a survey found, and write it down in `folder`.

        Raises AssetDamagedError, StoreUnavailableError.
        """
        with TemporaryFile() as data, TemporaryFile() as shown, TemporaryFile() as entries:
            await self._masters(survey, data, shown)
            for each in await self._sheet(survey, folder):
                data.write(each.line())
            tags = await self._tags(survey, folder, releases, data, shown)
            name = package_name(survey.job)
            size = await asyncio.to_thread(_listed, entries, name, tags, data)
            sums = await asyncio.to_thread(_summed, entries)
            package = Package(
                job=survey.job.id,
                name=name,
                folder=folder,
                files=size.files,
                masters=survey.masters,
                size=size.total,
                etag=sums.sha256[:32],
            )
            await self.store.keep(package, blocks_of(entries))
        return package

    async def _masters(self, survey: Survey, data: IO[bytes], shown: IO[bytes]) -> None:
        """List what was made, and small pictures of it."""
        named = survey.named()
        while group := await asyncio.to_thread(_some, named):
            sums = await self._sums_of([each.sha256 for each in group])
            proxies = await together(self._proxy(each) for each in group)
            for each, proxy in zip(group, proxies, strict=True):
                key, path = asset_key(each.sha256), _master_path(each.name)
                master = PackageFile(path, key, sums[each.sha256])
                data.write(master.line())
                if proxy is not None:
                    data.write(proxy.line())
                told = _shown(each, master, proxy)
                shown.write(json.dumps(asdict(told)).encode() + b"\n")

    async def _sums_of(self, names: Sequence[str]) -> Mapping[str, Checksums]:
        """Read checksums, or find them out: a file that is not what its name says is refused."""
        async with self.database.read() as connection:
            known = await self.checksums.of(connection, set(names))
        turns = asyncio.Semaphore(_READ_AT_ONCE)

        async def find_out(sha256: str) -> Checksums:
            async with turns:
                try:
                    found = await sum_up(self.blobs.stream(asset_key(sha256)))
                except BlobNotFoundError as error:
                    raise AssetDamagedError(sha256, "is gone") from error
                if found.sha256 != sha256:
                    raise AssetDamagedError(sha256, f"has other bytes ({found.sha256})")
                return found

        found = await together(find_out(name) for name in sorted(set(names) - known.keys()))
        if found:
            async with self.database.begin(small=True) as connection:
                await self.checksums.add(connection, found)
        return {**known, **{each.sha256: each for each in found}}

    async def _proxy(self, each: Named) -> PackageFile | None:
        if not each.variant["thumbnail"]:
            return None
        key = thumbnail_key(each.variant["sha256"])
        try:
            content = await self.blobs.get(key)
        except BlobNotFoundError:
            return None
        kind = "webp" if content.startswith(b"RIFF") else "jpg"
        summing = Summing()
        summing.add(content)
        return PackageFile(f"{PAYLOAD}/proxies/{each.name}.{kind}", key, summing.done())

    async def _sheet(self, survey: Survey, folder: str) -> list[PackageFile]:
        """Write the sheet with results, whose links are paths beside it."""

        def table(write: Callable[[ResultTable, IO[bytes]], None]) -> Write:
            columns = survey.job.settings.get("columns", ())
            return lambda file: write(result_table(columns, survey.results, _link), file)

        written = [
            await self._made(folder, f"{PAYLOAD}/results.csv", table(to_csv)),
            await self._made(folder, f"{PAYLOAD}/results.xlsx", table(to_xlsx)),
        ]
        if await asyncio.to_thread(_is_examined, survey):
            told = ((_link(each.row, each.variant), each.variant) for each in survey.named())
            path = f"{PAYLOAD}/findings.json"
            written.append(await self._made(folder, path, _writing(findings_lines(told))))
        key = file_key(survey.job.id, _CONTACT_SHEET)
        try:
            sums = await sum_up(self.blobs.stream(key))
        except BlobNotFoundError:  # the job is not delivered, or has none
            return written
        return [*written, PackageFile(f"{PAYLOAD}/{_CONTACT_SHEET}", key, sums)]

    async def _tags(
        self,
        survey: Survey,
        folder: str,
        releases: Sequence[Release],
        data: IO[bytes],
        shown: IO[bytes],
    ) -> list[PackageFile]:
        """Write what stands around the payload: the page and the manifests."""
        job, name = survey.job, package_name(survey.job)
        at = job.times.finished_at or job.times.updated_at
        payload = await asyncio.to_thread(_sizes, data)

        async def lines(path: str, told: Iterable[str]) -> PackageFile:
            return await self._made(folder, path, _writing(told))

        facts = {
            "Source-Organization": "callsheet",
            "External-Identifier": job.id,
            "External-Description": job.name or job.id,
            "Bagging-Date": f"{at:%Y-%m-%d}",
            "Bag-Software-Agent": f"callsheet {callsheet.__version__}",
        }
        bag = [
            await lines(_README, _page(survey, releases, shown)),
            await lines(BAGIT, bagit_lines()),
            await lines(BAG_INFO, bag_info_lines(facts, *payload)),
            await lines(MANIFEST, sha256_lines(each.listed for each in files_in(data))),
        ]
        everything = chain((each.listed for each in bag), (each.listed for each in files_in(data)))
        mhl = await lines(mhl_name(name, at), mhl_lines(everything, at, callsheet.__version__))
        tags = [*bag, mhl, await lines(CHAIN, chain_lines(mhl.listed))]
        return [*tags, await lines(TAG_MANIFEST, sha256_lines(each.listed for each in tags))]

    async def _made(self, folder: str, path: str, write: Write) -> PackageFile:
        """Write a file of a package into the store, by way of one on disk."""
        with TemporaryFile() as file:
            await asyncio.to_thread(write, file)
            sums = await asyncio.to_thread(_summed, file)
            return PackageFile(path, await self.store.put(folder, path, blocks_of(file)), sums)


def package_name(job: Job) -> str:
    """Name a package, and the folder that its archive opens into."""
    return ascii_of(job.name)[:_MOST_NAME].strip(" .-") or job.id


def _some(named: Iterator[Named]) -> list[Named]:
    return list(islice(named, _AT_ONCE))


def _is_examined(survey: Survey) -> bool:
    """Tell whether any check has looked at any file."""
    return any(each.variant.get("verdicts") for each in survey.named())


def _master_path(name: str) -> str:
    return f"{PAYLOAD}/masters/{name}"


def _link(_row: Row, variant: Row) -> str:
    return f"masters/{variant[FILE]}" if FILE in variant else ""


def _writing(told: Iterable[str]) -> Write:
    def write(file: IO[bytes]) -> None:
        for piece in told:
            file.write(piece.encode())

    return write


def _summed(file: IO[bytes]) -> Checksums:
    summing = Summing()
    file.seek(0)
    while block := file.read(_BLOCK):
        summing.add(block)
    return summing.done()


def _sizes(data: IO[bytes]) -> tuple[int, int]:
    """Add up the payload: bytes and files."""
    size = files = 0
    for each in files_in(data):
        size, files = size + each.sums.size, files + 1
    return size, files


def _listed(
    entries: IO[bytes], package: str, tags: Sequence[PackageFile], data: IO[bytes]
) -> ZipSize:
    """Write the list of a package, what stands around the payload first; how large its zip is."""
    size = ZipSize()
    for each in chain(tags, files_in(data)):
        entries.write(each.line())
        size.add(zip_entry(package, each))
    return size


def _shown(each: Named, master: PackageFile, proxy: PackageFile | None) -> Shown:
    variant = each.variant
    pixels = f"{variant['width']}x{variant['height']}, " if variant["width"] else ""
    quality = variant["qa"] or "needs_human"
    told = f"{pixels}{master.sums.size:,} bytes, {variant['model']}, checks: {quality}"
    proxied = proxy.path if proxy else None
    return Shown(each.name, f"{each.title}: {each.row['prompt']}", told, master.path, proxied)


def _page(survey: Survey, releases: Sequence[Release], shown: IO[bytes]) -> Iterator[str]:
    job = survey.job
    at = job.times.finished_at or job.times.updated_at
    mode = "local previews, nothing was spent" if job.run_mode == "dry_run" else "live"
    yield from readme_lines(
        job.name or job.id,
        f"{job.id}, {job.status}, {mode}, {at:%Y-%m-%d %H:%M} UTC",
        [*totals(job, "files"), ("Files here", str(survey.masters))],
        _shown_in(shown),
        missing=[
            *(f"{each}: it was not made" for each in survey.missing[:_MOST_LISTED]),
            *survey.left_out[:_MOST_LISTED],
        ],
        overridden=[
            Overridden(
                each.by, time_text(each.at) or "", each.reason, sorted(each.refusals.values())
            )
            for each in releases
        ],
    )


def _shown_in(file: IO[bytes]) -> Iterator[Shown]:
    file.seek(0)
    return (Shown(**json.loads(line)) for line in file)
