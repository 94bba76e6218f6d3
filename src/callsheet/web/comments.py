"""Comments on what a job made: said, answered, resolved, listed."""

from fractions import Fraction
from typing import Annotated, Any, Final, Literal, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field, field_validator, model_validator

from callsheet.accounts.model import Caller
from callsheet.jobs.model import JobKind
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.reviews.exports import to_csv, to_markers
from callsheet.reviews.model import MOST_COMMENTS, MOST_TEXT, Author, Moment, NewComment, Spot
from callsheet.web.entry import Reviewer, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/api/jobs", tags=["reviews"])
MOST_MARKS: Final = 100
MOST_POINTS: Final = 2_000  # of all marks of one comment
LOCAL_ADMIN: Final = "the local admin"
_FPS: Final = Fraction(24)  # of markers where nothing says how fast frames follow
_FINEST: Final = 90_000  # the denominator of a time that is given as a decimal number
OpId = Annotated[str, Field(min_length=1, max_length=200)]
Part = Annotated[float, Field(ge=0, le=1)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
JobName = Annotated[str, Field(max_length=100)]


class FrameMoment(BaseModel, extra="forbid"):
    """A frame of a clip: its number from 0 if it is known, and its presentation time, "n/d" s."""

    frame: Annotated[int | None, Field(ge=0, le=10**8)] = None
    pts: Annotated[str, Field(pattern=r"^\d{1,15}/[1-9]\d{0,9}$", examples=["1001/24000"])]

    def moment(self) -> Moment:
        """Give it as the value that is kept."""
        return Moment(self.frame, self.pts)


class Mark(BaseModel, extra="forbid"):
    """One mark of a drawing; points and width are parts of the picture's width and height."""

    kind: Literal["stroke", "arrow", "box", "ellipse", "text"]
    points: Annotated[list[tuple[Part, Part]], Field(min_length=1, max_length=MOST_POINTS)]
    colour: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] = "#ff5a36"
    width: Annotated[float, Field(gt=0, le=0.1)] = 0.004
    text: Annotated[str, Field(max_length=500)] = ""


class Remark(BaseModel, extra="forbid"):
    """What somebody says, and where in a file.

    Without `take` and `asset` it is about the job. `first` and `last` are the frames of a range;
    who knows no exact times gives `timecode_s`, in seconds, and `frame`. `region` is x, y, width
    and height as parts of the picture. `mentions` are ids of members.
    """

    text: Annotated[str, Field(max_length=MOST_TEXT)] = ""
    take: Annotated[str | None, Field(max_length=100)] = None
    asset: Digest | None = None
    parent: Annotated[str | None, Field(max_length=100)] = None
    timecode_s: Annotated[float | None, Field(ge=0, le=10**6)] = None
    frame: Annotated[int | None, Field(ge=0, le=10**8)] = None
    first: FrameMoment | None = None
    last: FrameMoment | None = None
    region: tuple[Part, Part, Part, Part] | None = None
    drawing: Annotated[list[Mark], Field(max_length=MOST_MARKS)] = []
    mentions: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=20)
    ] = []

    @field_validator("drawing")
    @classmethod
    def _few_points(cls, drawing: list[Mark]) -> list[Mark]:
        if sum(len(mark.points) for mark in drawing) > MOST_POINTS:
            raise ValueError(f"at most {MOST_POINTS} points in all marks")
        return drawing

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.first is None:
            raise ValueError("last without first: name both ends of a range")
        if self.first and self.last and Fraction(self.last.pts) < Fraction(self.first.pts):
            raise ValueError("last comes before first")
        if self.frame is not None and self.timecode_s is None:
            raise ValueError("frame without timecode_s: give both, or first")
        return self

    def _begins(self) -> Moment | None:
        if self.first is not None:
            return self.first.moment()
        if self.timecode_s is None:
            return None
        pts = Fraction(self.timecode_s).limit_denominator(_FINEST)
        return Moment(self.frame, f"{pts.numerator}/{pts.denominator}")

    def said(self, op_id: str) -> NewComment:
        """Give it as the value that is written down."""
        first = self._begins()
        last = self.last.moment() if self.last else first
        drawing = tuple(mark.model_dump(mode="json") for mark in self.drawing)
        return NewComment(
            op_id=op_id,
            text=self.text,
            take=TakeId(self.take) if self.take else None,
            asset=Sha256(self.asset) if self.asset else None,
            parent=self.parent,
            spot=Spot(first, last, self.region or (), drawing),
            mentions=tuple(self.mentions),
        )


class CommentForm(Remark):
    """A remark with the client's own name for it: sent again under one name it is one comment."""

    op_id: OpId


class Comments(BaseModel):
    """A page of comments in the order in which they were said; `next_after` is None at the end."""

    items: list[dict[str, Any]]
    next_after: int | None


class Resolution(BaseModel, extra="forbid"):
    """Whether a comment is settled."""

    resolved: bool


async def author_of(cs: Callsheet, caller: Caller) -> Author:
    """Name who is asking as others read it: a member's name, else the key's."""
    found = await cs.accounts.credentials_of(caller)
    if found is None:
        return Author(LOCAL_ADMIN, LOCAL_ADMIN)
    name = found.member.name if found.member else found.key.name
    return Author(caller.name, name)


@router.get(
    "/{job}/comments", summary="Comments on a job", responses=documented(401, 403, 404, 422, 503)
)
async def comments(
    job: JobName,
    cs: Services,
    caller: Viewer,
    after: Annotated[int, Query(ge=0, description="`next_after` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    asset: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
) -> Comments:
    """List what was said on a job, or on one file of it; `open` leaves out what is resolved."""
    found = await cs.reviews.comments(
        caller.workspace,
        job,
        after=after,
        limit=limit + 1,
        asset=Sha256(asset) if asset else None,
        is_open=is_open,
    )
    page = found[:limit]
    more = page[-1].sequence if len(found) > limit else None
    return Comments(items=[each.document() for each in page], next_after=more)


@router.get(
    "/{job}/comments/export",
    summary="Comments for editors and spreadsheets",
    response_class=Response,
    responses={
        **documented(401, 403, 404, 422, 503),
        200: {"content": {"text/csv": {}, "text/plain": {}}},
    },
)
async def export(
    job: JobName,
    cs: Services,
    caller: Viewer,
    format_: Annotated[Literal["csv", "edl"], Query(alias="format")] = "csv",
) -> Response:
    """Answer every comment as CSV, or those that name a time as markers in an EDL."""
    found = await cs.views.jobs.find(caller.workspace, job)
    comments = await cs.reviews.comments(caller.workspace, job, limit=MOST_COMMENTS)
    film = found.kind is JobKind.PRODUCTION
    fps = (await cs.productions.of_job(caller.workspace, job)).plan.fps if film else _FPS
    name = found.name or found.id
    text = to_csv(comments, fps) if format_ == "csv" else to_markers(name, comments, fps)
    kind = "text/csv" if format_ == "csv" else "text/plain"
    return Response(
        text.encode(),
        media_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="comments.{format_}"'},
    )


@router.post(
    "/{job}/comments",
    status_code=201,
    summary="Say something",
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def say(job: JobName, body: CommentForm, cs: Services, caller: Reviewer) -> dict[str, Any]:
    """Write a comment down and tell everybody in the job's room."""
    author = await author_of(cs, caller)
    return (
        await cs.reviews.comment(caller.workspace, job, body.said(body.op_id), author)
    ).document()


@router.post(
    "/{job}/comments/{comment}/resolution",
    summary="Resolve a comment, or open it again",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def resolve(
    job: JobName,
    comment: Annotated[str, Field(max_length=100)],
    body: Resolution,
    cs: Services,
    caller: Reviewer,
) -> dict[str, Any]:
    """Mark a comment; what is so already stays as it is."""
    author = await author_of(cs, caller)
    done = await cs.reviews.resolve(
        caller.workspace, job, comment, author.id, resolved=body.resolved
    )
    return done.document()
