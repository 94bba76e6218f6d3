"""Packages of what a job made: previewed, downloaded as one zip archive, released."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from callsheet.delivery.naming import DEFAULT, MOST_TEMPLATE_CHARS
from callsheet.delivery.package import PackageWish
from callsheet.web.assets import Conditions, Exp, Sig, range_of, saved_as, workspace_of
from callsheet.web.entry import Admin, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/jobs", tags=["packages"])
JobId = Annotated[str, Field(max_length=100)]
Names = Annotated[
    str,
    Query(max_length=MOST_TEMPLATE_CHARS, description="Template of the files' names"),
]
Partial = Annotated[bool, Query(description="Take what there is; the page says what is missing")]
_MOST_FILES: Final = 10_000
_MOST_SAID: Final = 1_000
_PART: Final = 206


class NamedFile(BaseModel):
    """A file of a package, and which row and variant it is of."""

    name: str
    of: str


class Refused(BaseModel):
    """A reason that keeps a file from leaving."""

    reason: str
    file: str
    take: str
    message: str


class PackagePreview(BaseModel):
    """What a package would hold, and what stands against it.

    `files` are the first 10,000 of `total`; of the other lists the first 1,000 are told.
    """

    name: Annotated[str, Field(examples=["Spring-launch"])]
    ready: bool
    total: int
    files: list[NamedFile]
    collisions: dict[str, list[str]]
    refused: list[Refused]
    missing: list[str]
    left_out: list[str]


@router.get(
    "/{job}/package",
    summary="What a package would hold",
    responses=documented(401, 403, 404, 422, 503),
)
async def preview(
    job: JobId, cs: Services, caller: Viewer, names: Names = DEFAULT
) -> PackagePreview:
    """Answer the names of a package's files, names that collide, and what refuses it."""
    found = await cs.packages.preview(caller.workspace, job, PackageWish(names))
    return PackagePreview(
        name=found.name,
        ready=found.ready,
        total=len(found.files),
        files=[NamedFile(name=name, of=of) for name, of in found.files[:_MOST_FILES]],
        collisions=dict([*found.collisions.items()][:_MOST_SAID]),
        refused=[
            Refused(reason=each.reason, file=each.name, take=each.take, message=each.message)
            for each in found.refused[:_MOST_SAID]
        ],
        missing=[*found.missing[:_MOST_SAID]],
        left_out=[*found.left_out[:_MOST_SAID]],
    )


@router.get(
    "/{job}/package.zip",
    summary="A package as a zip archive",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {}}},
        206: {"description": "A part"},
        304: {"description": "Unchanged"},
        **documented(401, 403, 404, 409, 416, 422, 503),
    },
)
async def package_zip(
    job: JobId,
    request: Request,
    cs: Services,
    asked: Conditions,
    names: Names = DEFAULT,
    partial: Partial = False,  # noqa: FBT002  # a query parameter
    exp: Exp = None,
    sig: Sig = None,
) -> Response:
    """Answer everything that a job made, with sheet, page and manifests, or a range of it.

    The archive is made while it is sent. Its size is known at once and the same package is the same
    bytes, so a download that broke off goes on where it was (`Range`, `If-Range`).
    """
    workspace = await workspace_of(request, cs, exp, sig)
    package = await cs.packages.package(workspace, job, PackageWish(names, partial))
    etag = f'"{package.etag}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Disposition": saved_as(package.filename),
    }
    if asked.knows(etag):
        return Response(status_code=304, headers=headers)
    whole = asked.if_range not in ("", etag)  # the client has a part of another package
    start, length, status = range_of("" if whole else asked.range, package.size)
    headers["Content-Length"] = str(length)
    if status == _PART:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{package.size}"
    body = cs.packages.zip(package, start, length)
    return StreamingResponse(body, status, headers, media_type="application/zip")


class ReleaseRequest(BaseModel, extra="forbid"):
    """Why files may leave although rules refuse them."""

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]


class Released(BaseModel):
    """Who let what leave, when and why; it is printed in the package."""

    id: str
    by: str
    at: datetime
    reason: str
    overridden: list[str]


@router.post(
    "/{job}/release",
    summary="Release against the rules",
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def release(job: JobId, body: ReleaseRequest, cs: Services, caller: Admin) -> Released:
    """Let leave what rules refuse now; what they refuse later is refused anew."""
    by = caller.name or "the local admin"
    found = await cs.packages.release(caller.workspace, job, body.reason, by=by)
    return Released(
        id=found.id,
        by=found.by,
        at=found.at,
        reason=found.reason,
        overridden=[*found.refusals.values()],
    )
