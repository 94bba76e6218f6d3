"""Comments as values: what was said, about which file, and where in it.

A comment is bound to bytes: it names the file by its SHA-256, frames by their number and their
presentation time, and places by parts of the picture's width and height. So it stays where it was
put, in whatever size and at whatever rate the file is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId

MOST_TEXT: Final = 5_000  # characters
MOST_COMMENTS: Final = 20_000  # of a job


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame of a clip: its number from 0 if it is known, its presentation time, seconds "n/d"."""

    frame: int | None
    pts: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a file a comment points to.

    `first` and `last` are the frames of a range, alike for one frame; None in a picture. `region`
    is x, y, width and height, `drawing` a list of marks with points, all as parts of the picture's
    width and height, 0 to 1.
    """

    first: Moment | None = None
    last: Moment | None = None
    region: Sequence[float] = ()
    drawing: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class NewComment:
    """What somebody says: about a take, about a file, or about the job where neither is named.

    `op_id` is their own name for it: said twice under one name it is one comment. `parent` is the
    comment that it answers. `mentions` are ids of members.
    """

    op_id: str
    text: str
    take: TakeId | None = None
    asset: Sha256 | None = None
    parent: str | None = None
    spot: Spot = field(default_factory=Spot)
    mentions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it: an id of a member, key or guest, and the name that others read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said. `sequence` is its place in the job's journal."""

    id: str
    job: JobId
    sequence: int
    said: NewComment
    row: int | None
    author: Author
    at: datetime
    resolved_by: str | None = None
    resolved_at: datetime | None = None

    def resolve(self, by: str | None, at: datetime | None) -> "Comment":
        """Make it resolved by somebody, or open again with None."""
        return replace(self, resolved_by=by, resolved_at=at)

    def document(self) -> dict[str, Any]:
        """Write it as JSON, as the journal and its watchers have it."""
        said = self.said
        return {
            "comment": self.id,
            "op_id": said.op_id,
            "seq": self.sequence,
            "take": said.take,
            "row": self.row,
            "asset": said.asset,
            "parent": said.parent,
            "text": said.text,
            **spot_document(said.spot),
            "mentions": list(said.mentions),
            "by": self.author.id,
            "author": self.author.name,
            "at": self.at.isoformat(),
            "resolved_by": self.resolved_by,
            "resolved_at": self.resolved_at.isoformat() if self.resolved_at else None,
        }


def spot_document(spot: Spot) -> dict[str, Any]:
    """Write where a comment points to, as JSON."""
    return {
        "first": _moment_document(spot.first),
        "last": _moment_document(spot.last),
        "region": list(spot.region) or None,
        "drawing": [dict(mark) for mark in spot.drawing],
    }


def spot_of(document: Mapping[str, Any]) -> Spot:
    """Read what `spot_document` wrote."""
    return Spot(
        _moment_of(document["first"]),
        _moment_of(document["last"]),
        tuple(document["region"] or ()),
        tuple(document["drawing"]),
    )


def _moment_document(moment: Moment | None) -> dict[str, Any] | None:
    return None if moment is None else {"frame": moment.frame, "pts": moment.pts}


def _moment_of(document: Mapping[str, Any] | None) -> Moment | None:
    return None if document is None else Moment(document["frame"], document["pts"])
