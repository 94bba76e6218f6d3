"""Messages of a room: what clients send, checked; what they are told, written once."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from callsheet.jobs.decisions import Choice
from callsheet.jobs.model import Written
from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError, shown
from callsheet.web.comments import Digest, OpId, Part, Remark
from callsheet.web.json_bodies import parse

_SAID: Final = "comment"  # kinds of the journal
_RESOLVED: Final = "comment_resolved"
_MOST_VALUES: Final = 8_000
_MOST_FAULTS: Final = 10


class Hello(BaseModel, extra="forbid"):
    """The first message; `last_seq` is the last that came before, for a client that comes back."""

    type: Literal["hello"]
    last_seq: Annotated[int | None, Field(ge=0)] = None


class Say(Remark):
    """A comment."""

    type: Literal["comment"]
    id: OpId


class Settle(BaseModel, extra="forbid"):
    """A comment is settled, or open again."""

    type: Literal["comment_resolved"]
    id: OpId
    comment: Annotated[str, Field(max_length=100)]
    resolved: bool = True


class Decide(BaseModel, extra="forbid"):
    """A take is approved or rejected, bound to the file and to what it was to show."""

    type: Literal["approval", "rejection"]
    id: OpId
    take: Annotated[str, Field(max_length=100)]
    sha256: Digest
    content_digest: Digest
    reason: Annotated[str, Field(max_length=2_000)] = ""


class Change(BaseModel, extra="forbid"):
    """A field of the manifest is set. `id` is taken for `op_id` where that is left out."""

    type: Literal["manifest_edit"]
    id: OpId | None = None
    op_id: OpId | None = None
    entity: Annotated[str, Field(max_length=200)]
    field: Annotated[str, Field(max_length=100)]
    base_revision: Annotated[int, Field(ge=0)]
    value: Any


class Presence(BaseModel, extra="forbid"):
    """Where somebody looks and points now; told to the others, and never kept."""

    type: Literal["presence"]
    cursor: tuple[Part, Part] | None = None
    playing_at: Annotated[float | None, Field(ge=0, le=10**6)] = None
    asset: Digest | None = None
    frame: Annotated[int | None, Field(ge=0, le=10**8)] = None
    presenting: bool = False
    laser: bool = False


Message = Hello | Say | Settle | Decide | Change | Presence
_MESSAGE: Final[TypeAdapter[Message]] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def read_message(text: str) -> Message:
    """Read what a client sent.

    Raises MalformedJsonError, BodyTooRichError, InvalidInputError with the fields that are wrong.
    """
    document = parse(text.encode("utf-8", "replace"), most_values=_MOST_VALUES)
    try:
        return _MESSAGE.validate_python(document)
    except ValidationError as error:
        faults = [
            FieldError(
                ".".join(map(str, fault["loc"][1:])) or "type", fault["msg"], shown(fault["input"])
            )
            for fault in error.errors()[:_MOST_FAULTS]
        ]
        message = f"{faults[0].field}: {faults[0].message}"
        raise InvalidInputError(message, faults) from error


def name_in(text: str) -> str | None:
    """Find the name that a client gave its message, to answer under it; None if it has none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    name = document.get("id", document.get("op_id")) if isinstance(document, dict) else None
    return name if isinstance(name, str) else None


def written(message: Mapping[str, Any]) -> str:
    """Write a message."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def refusal(error: CallsheetError, name: str | None) -> str:
    """Tell that a message was refused, why, and what there is instead."""
    told: dict[str, Any] = {
        "type": "error",
        "id": name,
        "code": error.code,
        "message": str(error),
        "current": getattr(error, "current", None),
    }
    faults = getattr(error, "errors", ())
    if faults:
        told["errors"] = [{"field": each.field, "message": each.message} for each in faults]
    return written(told)


def told_of(entry: Written) -> tuple[str | None, str] | None:
    """Write an entry of the journal for a room, with its operation id; None for what is not said.

    Its own name comes first, so that whoever sent it knows it again.
    """
    body = entry.body
    kind = entry.kind
    if kind == "decision":
        kind = "rejection" if body["decision"] == Choice.REJECT else "approval"
    elif kind == "manifest":
        kind = "manifest_edit"
    elif kind not in (_SAID, _RESOLVED):
        return None
    op_id: str | None = None if kind == _RESOLVED else body.get("op_id")
    head = {"type": kind, "id": op_id, "seq": entry.sequence}
    return op_id, written({**body, **head, "from": body.get("by") or body.get("resolved_by")})
