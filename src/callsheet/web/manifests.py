"""The manifest of a job: read, edited field by field, looked back at, taken back."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from callsheet.jobs.editing import told
from callsheet.jobs.manifest import MOST_AT_ONCE, Edit, Entity, Manifest, Operation
from callsheet.web.comments import JobName, OpId, author_of
from callsheet.web.entry import Editor, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/jobs", tags=["manifests"])


class EditForm(BaseModel, extra="forbid"):
    """A field set to a value, by somebody who saw the manifest at a revision.

    `entity` is `job`, `scene:ID` or `shot:ROW`. `op_id` is the client's own name for it: sent again
    under one name it is done once.
    """

    op_id: OpId
    entity: Annotated[str, Field(max_length=200, examples=["shot:3"])]
    field: Annotated[str, Field(max_length=100, examples=["prompt"])]
    base_revision: Annotated[int, Field(ge=0)]
    value: Any

    def edit(self) -> Edit:
        """Give it as the value that is written down. Raises InvalidInputError."""
        entity = Entity.parse(self.entity)
        return Edit(self.op_id, entity, self.field, self.base_revision, self.value)


class Edits(BaseModel, extra="forbid"):
    """Edits that are accepted together, or not at all."""

    operations: Annotated[list[EditForm], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ManifestDocument(BaseModel):
    """What is to be made at a revision; scenes by id, shots by row."""

    revision: int
    job: dict[str, Any]
    scenes: dict[str, dict[str, Any]]
    shots: dict[str, dict[str, Any]]


class Operations(BaseModel):
    """Operations in order; `next_after` is the revision to go on from, None at the end."""

    items: list[dict[str, Any]]
    next_after: int | None = None


class FieldChange(BaseModel):
    """A field that differs between two revisions."""

    entity: str
    field: str
    before: Any
    after: Any


def operation_document(operation: Operation) -> dict[str, Any]:
    """Write an operation as JSON, with what the field held before and when."""
    return {
        **told(operation),
        "seq": operation.sequence,
        "before": operation.before,
        "at": operation.at.isoformat(),
    }


@router.get(
    "/{job}/manifest", summary="The manifest", responses=documented(401, 403, 404, 409, 422, 503)
)
async def manifest(
    job: JobName,
    cs: Services,
    caller: Viewer,
    revision: Annotated[int | None, Query(ge=0, description="As it was then")] = None,
) -> ManifestDocument:
    """Answer what is to be made: now, or at a revision."""
    found = await cs.editing.manifest(caller.workspace, job, revision)
    return ManifestDocument.model_validate(found.document())


@router.post(
    "/{job}/manifest/operations",
    summary="Edit the manifest",
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def edit(job: JobName, body: Edits, cs: Services, caller: Editor) -> Operations:
    """Accept edits, all or none.

    A text that two people changed in different places is merged; a field that somebody else has
    changed since is refused: 409 manifest_conflict, which names both values.
    """
    author = await author_of(cs, caller)
    edits = [each.edit() for each in body.operations]
    done = await cs.editing.edit(caller.workspace, job, edits, author.id)
    return Operations(items=[operation_document(each) for each in done])


@router.get(
    "/{job}/manifest/versions",
    summary="What was done to the manifest",
    responses=documented(401, 403, 404, 422, 503),
)
async def versions(
    job: JobName,
    cs: Services,
    caller: Viewer,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Operations:
    """List operations after a revision, in order: each made a revision of its own."""
    found = await cs.editing.operations(caller.workspace, job, after, limit)
    more = found[-1].revision if len(found) == limit else None
    return Operations(items=[operation_document(each) for each in found], next_after=more)


@router.get(
    "/{job}/manifest/versions/{revision}/changes",
    summary="What differs between two revisions",
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def changes(
    job: JobName,
    revision: Annotated[int, Field(ge=0)],
    cs: Services,
    caller: Viewer,
    to: Annotated[
        int | None, Query(ge=0, description="The later one; now, if it is left out")
    ] = None,
) -> list[FieldChange]:
    """Answer which fields hold something else, with both values."""
    before = await cs.editing.manifest(caller.workspace, job, revision)
    after = await cs.editing.manifest(caller.workspace, job, to)
    return _changes(before, after)


def _changes(before: Manifest, after: Manifest) -> list[FieldChange]:
    return [
        FieldChange(
            entity=str(entity),
            field=field,
            before=before.fields.get(entity, {}).get(field),
            after=value,
        )
        for entity, field, value in before.changes_to(after)
    ]


@router.post(
    "/{job}/manifest/versions/{revision}/restore",
    summary="Make the manifest what it was",
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def restore(
    job: JobName, revision: Annotated[int, Field(ge=0)], cs: Services, caller: Editor
) -> Operations:
    """Go back to a revision by new operations; nothing that was done is forgotten."""
    author = await author_of(cs, caller)
    done = await cs.editing.restore(caller.workspace, job, revision, author.id)
    return Operations(items=[operation_document(each) for each in done])
