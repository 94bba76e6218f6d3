"""Files: assets, thumbnails and what jobs hand over, by key or by signed link."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from callsheet.accounts.model import Role
from callsheet.assets.errors import AssetNotFoundError
from callsheet.assets.model import asset_key, extension_of, thumbnail_key
from callsheet.delivery.links import FILES
from callsheet.jobs.errors import JobNotFoundError
from callsheet.kernel.digests import is_sha256
from callsheet.kernel.ids import WorkspaceId, is_id
from callsheet.line.stages.deliver import file_key
from callsheet.ports.blobs import BlobInfo, BlobNotFoundError
from callsheet.web.entry import Services, admit, path_of
from callsheet.web.errors import RangeRefusedError
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRoute
from callsheet.wiring import Callsheet

router = APIRouter(route_class=GuardedRoute, tags=["assets"])
_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_SHOWN_INLINE: Final = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/avif",
    "image/bmp",
    "video/",
    "audio/",
    "text/html",
    "text/plain",
    "application/json",
)
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"*/*": {}}},
    206: {"description": "A part"},
    304: {"description": "Unchanged"},
    **documented(401, 403, 404, 416, 422, 503),
}
Exp = Annotated[str | None, Query(max_length=20)]
Sig = Annotated[str | None, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a client asks for a file: a part of it, or only if it has changed."""

    range: str
    if_range: str
    if_none_match: str

    @classmethod
    def of(
        cls,
        range_asked: Annotated[str, Header(alias="Range", max_length=100)] = "",
        if_range: Annotated[str, Header(max_length=200)] = "",
        if_none_match: Annotated[str, Header(max_length=1_000)] = "",
    ) -> "Asked":
        """Read it from the headers."""
        return cls(range_asked, if_range, if_none_match)

    def knows(self, etag: str) -> bool:
        """Tell whether the client has this very file."""
        known = [each.strip().removeprefix("W/") for each in self.if_none_match.split(",")]
        return etag in known or "*" in known


Conditions = Annotated[Asked, Depends(Asked.of)]


async def _workspace(
    request: Request, cs: Callsheet, exp: str | None, sig: str | None
) -> WorkspaceId | None:
    """Let in a good link (for any workspace) or a key (for its own)."""
    if exp is not None and sig is not None:
        cs.links.check(path_of(request), exp, sig)
        return None
    return (await admit(request, Role.VIEWER)).workspace


@router.get("/assets/{sha256}", summary="An asset", response_class=Response, responses=_ERRORS)
async def asset(
    sha256: Annotated[str, Field(max_length=64)],
    request: Request,
    cs: Services,
    asked: Conditions,
    exp: Exp = None,
    sig: Sig = None,
) -> Response:
    """Answer the bytes of an asset, or a range of them."""
    workspace = await _workspace(request, cs, exp, sig)
    if not is_sha256(sha256):
        raise AssetNotFoundError(sha256)
    async with cs.database.read() as connection:
        found = await cs.line.books.assets.find(connection, workspace, sha256)
    name = f"{sha256[:16]}.{extension_of(found.media_type)}"
    return await _answer(cs, asset_key(sha256), found.media_type, name, asked)


@router.get(
    "/assets/{sha256}/thumbnail", summary="A thumbnail", response_class=Response, responses=_ERRORS
)
async def thumbnail(
    sha256: Annotated[str, Field(max_length=64)],
    request: Request,
    cs: Services,
    asked: Conditions,
    exp: Exp = None,
    sig: Sig = None,
) -> Response:
    """Answer a picture's thumbnail of about 384 pixels a side: JPEG, WebP if see-through."""
    workspace = await _workspace(request, cs, exp, sig)
    if not is_sha256(sha256):
        raise AssetNotFoundError(sha256)
    async with cs.database.read() as connection:
        await cs.line.books.assets.find(connection, workspace, sha256)
    return await _answer(cs, thumbnail_key(sha256), "", sha256[:16], asked)


@router.get(
    "/batch/{batch}/files/{name}",
    summary="A file that a batch hands over",
    response_class=Response,
    responses=_ERRORS,
)
async def batch_file(
    batch: Annotated[str, Field(max_length=100)],
    name: Annotated[str, Field(max_length=100)],
    request: Request,
    cs: Services,
    asked: Conditions,
    exp: Exp = None,
    sig: Sig = None,
) -> Response:
    """Answer a contact sheet or a result table."""
    workspace = await _workspace(request, cs, exp, sig)
    if not is_id(batch, "job"):
        raise JobNotFoundError(batch)
    if workspace is not None:
        async with cs.database.read() as connection:
            await cs.line.jobs.store.find(connection, workspace, batch)
    if name not in FILES:
        raise BlobNotFoundError(name)
    return await _answer(cs, file_key(batch, name), "", name, asked, fresh=True)


async def _answer(
    cs: Callsheet, key: str, media_type: str, name: str, asked: Asked, *, fresh: bool = False
) -> Response:
    """Answer a file of the store; a `fresh` one may change and holds links: nobody keeps it."""
    info = await cs.line.media.blobs.head(key)
    etag = f'"{info.etag.strip(chr(34))}"'
    kind = media_type or info.content_type
    inline = kind.startswith(_SHOWN_INLINE)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store" if fresh else "private, max-age=3600",
        "Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{name}"',
        # a file made from somebody's prompt never runs scripts under our address
        "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
        " frame-ancestors 'none'; sandbox",
    }
    if asked.knows(etag):
        return Response(status_code=304, headers=headers)
    whole = asked.if_range not in ("", etag)  # the client has a part of another file
    start, length, status = _range("" if whole else asked.range, info)
    headers["Content-Length"] = str(length)
    if status == 206:  # noqa: PLR2004  # HTTP's own number
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{info.size}"
    body: AsyncIterator[bytes] = cs.line.media.blobs.stream(key, start, length)
    return StreamingResponse(body, status, headers, media_type=kind)


def _range(asked: str, info: BlobInfo) -> tuple[int, int, int]:
    """Read a Range header (RFC 9110, 14.1.2): start, length, status; several ranges are one.

    What is no range at all is as good as none. Raises RangeRefusedError.
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None or match[0] == "bytes=-":
        return 0, info.size, 200
    first, last = match[1], match[2]
    if first and last and int(last) < int(first):
        return 0, info.size, 200
    if not first:
        start = max(0, info.size - int(last))
        end = info.size
    else:
        start = int(first)
        end = min(int(last) + 1, info.size) if last else info.size
    if start >= end:
        raise RangeRefusedError(asked, info.size)
    return start, end - start, 206
