"""What the judge is shown of a file: a still as it is, a clip as sheets of its frames."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callsheet.assets.model import Asset, asset_key
from callsheet.assets.service import Adopter
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId
from callsheet.line.together import together
from callsheet.ports.blobs import BlobStore
from callsheet.ports.measuring import Inspector, Medium, OpenFile, Probe, UnreadableMediaError
from callsheet.ports.pictures import SheetCell, Studio
from callsheet.quality.judge.frames import Clip, burnt_in, clip_of, moments_of, sheets_of
from callsheet.quality.judge.store import Picture

_DONE: Final = "succeeded"  # of a cell: nothing is written over its picture
_CUT: Final = "cut"


class NothingToSeeError(Exception):
    """There is nothing in a file that the judge could look at."""


@dataclass(frozen=True, slots=True)
class Pictured:
    """The pictures of one file, and their sizes in bytes, by name."""

    pictures: tuple[Picture, ...]
    sizes: dict[Sha256, int]

    def assets(self, workspace: WorkspaceId, of: Sha256, now: datetime) -> list[Asset]:
        """Word them as files that we own, made from another."""
        made_from = {"asset": of}
        return [
            Asset(sha256, workspace, "image/png", size, now, made_from, thumbnail=False)
            for sha256, size in self.sizes.items()
        ]


@dataclass(frozen=True, slots=True)
class JudgePictures:
    """Shows files to the judge. The same file comes to the same pictures."""

    blobs: BlobStore
    adopter: Adopter
    studio: Studio
    inspector: Inspector

    async def of(self, asset: Sha256, media_type: str, most: int) -> Pictured:
        """Show a file in at most so many pictures, and keep them.

        Raises NothingToSeeError, UnreadablePictureError, UnreadableMediaError, UnavailableError.
        """
        if media_type.startswith("image/"):
            content = await self.blobs.get(asset_key(asset))
            facts = await self.studio.examine(content)
            return await self._kept([(facts.working_copy, "the picture that was made")])
        if not media_type.startswith("video/"):
            raise NothingToSeeError(f"it is neither a picture nor a clip, but {media_type}")
        return await self._kept(await self._sheets(asset, most))

    async def _kept(self, shown: Sequence[tuple[bytes, str]]) -> Pictured:
        names = await together(self.adopter.adopt(content, "image/png") for content, _ in shown)
        pictures = [Picture(name, words) for name, (_, words) in zip(names, shown, strict=True)]
        sizes = {name: len(content) for name, (content, _) in zip(names, shown, strict=True)}
        return Pictured(tuple(pictures), sizes)

    async def _sheets(self, asset: Sha256, most: int) -> list[tuple[bytes, str]]:
        with tempfile.TemporaryFile() as into:
            async for block in self.blobs.stream(asset_key(asset)):
                into.write(block)
            into.flush()
            file = OpenFile.of(into.fileno())
            probe = await self.inspector.probe(file)
            times = moments_of(await self._clip(file, probe))
            frames = await self.inspector.stills(file, probe, times)
        seen = [(time, frame) for time, frame in zip(times, frames, strict=True) if frame]
        if not seen:
            raise NothingToSeeError("no frame of it can be shown")
        if len(seen) != len(times):
            raise UnreadableMediaError(f"{len(times) - len(seen)} of its frames cannot be shown")
        ranges = sheets_of(len(seen), most)
        return await together(self._sheet(seen, frames_of, len(seen)) for frames_of in ranges)

    async def _sheet(
        self, seen: Sequence[tuple[float, bytes]], which: range, count: int
    ) -> tuple[bytes, str]:
        cells = [
            SheetCell(burnt_in(time), f"frame {place + 1} of {count}", _DONE, frame)
            for place, (time, frame) in ((place, seen[place]) for place in which)
        ]
        first, last = cells[0].title, cells[-1].title
        words = f"frames of the clip that was made, {first} to {last}, the time below each"
        sheet = await self.studio.contact_sheet("Frames of one clip", f"{first} to {last}", cells)
        return sheet, words

    async def _clip(self, file: OpenFile, probe: Probe) -> Clip:
        """Find out when its frames are and where it cuts: it is decoded for that."""
        if probe.medium is not Medium.VIDEO or probe.video is None:
            raise NothingToSeeError("there are no moving pictures in it")
        trace = (await self.inspector.measure(file, probe)).trace
        if trace is None or not len(trace):
            raise UnreadableMediaError("no frame of it can be decoded")
        return clip_of(trace.times, trace[_CUT])
