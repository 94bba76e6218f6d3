"""Which references a shot gets: a row's before the batch's, each picture once, six at most.

Duplicates fall out by canonical address, then by their bytes, then by their decoded pixels; the
first stays, with its mode, because what stands nearest to the shot knows best what the picture is
for there. Pictures that merely look alike are pointed out and never merged: a crop or a regrade is
often the point of the second one.
"""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from callsheet.intake.canonical_url import canonical_url, is_address
from callsheet.intake.model import ReferenceDraft
from callsheet.kernel.digests import Sha256
from callsheet.ports.pictures import ReferenceMode

NEAR_DUPLICATE_DISTANCE = 60  # of 256 bits: no false pair among measured photographs
_MAX_COMPARED = 512  # pictures, each against each: 130,000 pairs, a few hundredths of a second


@dataclass(frozen=True, slots=True)
class ReferenceUse:
    """A reference a shot asks for. `key` is what it is compared by, `fetch` where it is."""

    source: str
    mode: ReferenceMode
    key: str
    fetch: str


@dataclass(frozen=True, slots=True)
class ReferenceFacts:
    """What fetching and examining found; see PictureFacts."""

    sha256: Sha256
    pixels: Sha256
    likeness: str


class DropReason(StrEnum):
    """Why a shot does not get a reference it asked for."""

    DUPLICATE_URL = "duplicate_url"
    DUPLICATE_BYTES = "duplicate_bytes"
    DUPLICATE_PIXELS = "duplicate_pixels"
    OVER_LIMIT = "over_limit"
    FAILED = "failed"
    NOT_TAKEN = "not_taken"  # the model has no use for a reference in this mode


@dataclass(frozen=True, slots=True)
class Dropped:
    """A reference that was left out; `instead` is the key of the one that stands for it, if any."""

    use: ReferenceUse
    reason: DropReason
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """A shot's references in order, each address once, and those that fell out."""

    uses: tuple[ReferenceUse, ...]
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a model gets, in order, and what it does not get and why."""

    kept: tuple[ReferenceUse, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two pictures that look alike: the SHA-256 of their pixels, and the bits that differ."""

    one: Sha256
    other: Sha256
    distance: int


@dataclass(frozen=True, slots=True)
class ReferenceCounts:
    """How much work merging saved in a batch.

    A use is one naming of a reference by one shot, the batch's own included. `unique` pictures are
    those that differ in pixels, and addresses not (or not yet) fetched count as one each; `dropped`
    is the rest of the uses and `dedup_rate` their share.
    """

    uses: int
    unique_urls: int
    unique_bytes: int
    unique_pixels: int
    unique: int
    dropped: int
    near_duplicates: int
    dedup_rate: float


def uses_of(drafts: Iterable[ReferenceDraft]) -> tuple[ReferenceUse, ...]:
    """Name each reference by its canonical address, or by its path.

    Raises InvalidReferenceError; drafts that were checked do not.
    """
    return tuple([_use(draft) for draft in drafts])


def _use(draft: ReferenceDraft) -> ReferenceUse:
    source = draft.source
    if not is_address(source):
        path = posixpath.normpath(source)
        return ReferenceUse(source, draft.mode, f"file:{path}", source)
    url = canonical_url(source)
    return ReferenceUse(source, draft.mode, url.canonical, url.fetch)


def merge_references(row: Iterable[ReferenceUse], batch: Iterable[ReferenceUse] = ()) -> Merged:
    """Put a row's references before the batch's; an address named again falls out."""
    kept: dict[str, ReferenceUse] = {}
    dropped: list[Dropped] = []
    for use in (*row, *batch):
        if use.key in kept:
            dropped.append(Dropped(use, DropReason.DUPLICATE_URL, use.key))
        else:
            kept[use.key] = use
    return Merged(tuple(kept.values()), tuple(dropped))


def choose_references(
    uses: Iterable[ReferenceUse], facts: Mapping[str, ReferenceFacts], max_references: int
) -> Chosen:
    """Keep the first of each picture, in order, up to what the shot may have.

    `facts` are by key; a use without facts could not be fetched or read. One that is left out for
    whatever reason takes no place from those behind it.
    """
    seen: dict[str, str] = {}  # address, bytes or pixels -> key of the use that was first
    kept: list[ReferenceUse] = []
    dropped: list[Dropped] = []
    for use in uses:
        found = facts.get(use.key)
        repeat = _repeat(use, found, seen)
        if repeat is not None:
            dropped.append(repeat)
        elif found is None:
            dropped.append(Dropped(use, DropReason.FAILED))
        elif len(kept) >= max_references:
            dropped.append(Dropped(use, DropReason.OVER_LIMIT))
        else:
            kept.append(use)
        for name in _names(use, found):
            seen.setdefault(name, use.key)
    return Chosen(tuple(kept), tuple(dropped))


def _names(use: ReferenceUse, facts: ReferenceFacts | None) -> tuple[str, ...]:
    """Everything one use can be recognised by, the surest last."""
    if facts is None:
        return (f"url {use.key}",)
    return f"url {use.key}", f"bytes {facts.sha256}", f"pixels {facts.pixels}"


def _repeat(
    use: ReferenceUse, facts: ReferenceFacts | None, seen: Mapping[str, str]
) -> Dropped | None:
    reasons = (DropReason.DUPLICATE_URL, DropReason.DUPLICATE_BYTES, DropReason.DUPLICATE_PIXELS)
    for reason, name in zip(reasons, _names(use, facts), strict=False):
        if name in seen:
            return Dropped(use, reason, seen[name])
    return None


def likeness_distance(one: str, other: str) -> int:
    """Count the bits in which two perceptual hashes (hexadecimal) differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def near_duplicates(pictures: Iterable[ReferenceFacts]) -> tuple[NearDuplicate, ...]:
    """Point out pictures that look alike, closest first; a hint for a person.

    Compares the first 512 different pictures, so that its cost has a bound.
    """
    unique: dict[Sha256, int] = {}
    for picture in pictures:
        if len(unique) == _MAX_COMPARED:
            break
        unique.setdefault(picture.pixels, int(picture.likeness, 16))
    pairs = (
        NearDuplicate(one, other, (bits ^ others).bit_count())
        for (one, bits), (other, others) in combinations(unique.items(), 2)
    )
    close = [pair for pair in pairs if pair.distance <= NEAR_DUPLICATE_DISTANCE]
    return tuple(sorted(close, key=lambda pair: pair.distance))


def count_references(keys: Iterable[str], facts: Mapping[str, ReferenceFacts]) -> ReferenceCounts:
    """Count a batch's references: the key of every use, and what is known of each key."""
    uses = 0
    addresses: dict[str, None] = {}
    for key in keys:
        uses += 1
        addresses[key] = None
    pictures = [facts[key] for key in addresses if key in facts]
    pixels = len({picture.pixels for picture in pictures})
    unique = pixels + len(addresses) - len(pictures)
    return ReferenceCounts(
        uses=uses,
        unique_urls=len(addresses),
        unique_bytes=len({picture.sha256 for picture in pictures}),
        unique_pixels=pixels,
        unique=unique,
        dropped=uses - unique,
        near_duplicates=len(near_duplicates(pictures)),
        dedup_rate=(uses - unique) / uses if uses else 0.0,
    )


def unique_sources(uses: Iterable[ReferenceUse]) -> Sequence[ReferenceUse]:
    """Take the first use of each address: what a batch fetches, once."""
    return merge_references(uses).uses
