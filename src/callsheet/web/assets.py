"""Files: assets, thumbnails and what jobs hand over, by key or by signed link."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from callsheet.accounts.model import Role
from callsheet.kernel.ids import WorkspaceId
from callsheet.views.files import File
from callsheet.web.entry import Services, admit, path_of
from callsheet.web.errors import RangeRefusedError
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(tags=["assets"])
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._()+,@=-]")
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
    "audio/",
    "text/html",
    "text/plain",
    "application/json",
)
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"*/*": {}}},
    206: {"description": "A part"},
    304: {"description": "Unchanged"},
    **documented(401, 403, 404, 409, 416, 422, 503),
}
Exp = Annotated[str | None, Query(max_length=20)]
Sig = Annotated[str | None, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Conditional:
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
    ) -> "Conditional":
        """Read it from the headers."""
        return cls(range_asked, if_range, if_none_match)

    def knows(self, etag: str) -> bool:
        """Tell whether the client has this very file."""
        known = [each.strip().removeprefix("W/") for each in self.if_none_match.split(",")]
        return etag in known or "*" in known


Conditions = Annotated[Conditional, Depends(Conditional.of)]


async def workspace_of(
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
    workspace = await workspace_of(request, cs, exp, sig)
    return _answer(cs, await cs.views.files.asset(workspace, sha256), asked)


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
    workspace = await workspace_of(request, cs, exp, sig)
    return _answer(cs, await cs.views.files.thumbnail(workspace, sha256), asked)


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
    """Answer a batch's contact sheet (PNG, HTML) or result table (CSV, Excel)."""
    workspace = await workspace_of(request, cs, exp, sig)
    return _answer(cs, await cs.views.files.of_job(workspace, batch, name), asked)


def _answer(cs: Callsheet, file: File, asked: Conditional) -> Response:
    """Answer a file of the store, or the part of it that is asked for."""
    etag = file.etag
    inline = file.media_type.startswith(_SHOWN_INLINE)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store" if file.changes else "private, max-age=3600",
        "Content-Disposition": saved_as(file.name, "inline" if inline else "attachment"),
        # a file made from somebody's prompt never runs scripts under our address
        "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
        " frame-ancestors 'none'; sandbox",
    }
    if asked.knows(etag):
        return Response(status_code=304, headers=headers)
    whole = asked.if_range not in ("", etag)  # the client has a part of another file
    start, length, status = range_of("" if whole else asked.range, file.info.size)
    headers["Content-Length"] = str(length)
    if status == 206:  # noqa: PLR2004  # HTTP's own number
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.info.size}"
    body = cs.views.files.stream(file, start, length)
    return StreamingResponse(body, status, headers, media_type=file.media_type)


def saved_as(name: str, how: str = "attachment") -> str:
    """Name a file for who saves it (RFC 6266): in ASCII, and with its own letters."""
    plain = _NOT_PLAIN.sub("_", name)
    whole = f"; filename*=UTF-8''{quote(name)}" if plain != name else ""
    return f'{how}; filename="{plain}"{whole}'


def range_of(asked: str, size: int) -> tuple[int, int, int]:
    """Read a Range header (RFC 9110, 14.1.2): start, length, status; several ranges are one.

    What is no range at all is as good as none. Raises RangeRefusedError.
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None or match[0] == "bytes=-":
        return 0, size, 200
    first, last = match[1], match[2]
    if first and last and int(last) < int(first):
        return 0, size, 200
    if not first:
        start = max(0, size - int(last))
        end = size
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
    if start >= end:
        raise RangeRefusedError(asked, size)
    return start, end - start, 206
