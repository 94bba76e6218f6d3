"""Clean drafts: what a batch asks for, checked against the limits and not yet priced."""

from dataclasses import dataclass, field
from enum import StrEnum

from callsheet.ports.pictures import ReferenceMode


class RunMode(StrEnum):
    """Whether money may be spent."""

    DRY_RUN = "dry_run"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class ReferenceDraft:
    """A reference as a row names it: an http(s) address, or a file's path in a local run."""

    source: str
    mode: ReferenceMode


@dataclass(frozen=True, slots=True)
class RowDraft:
    """One shot to make. `row` is the number its author knows it by.

    `model` "" is the default, and a size of None is what the model makes when none is asked for.
    """

    row: int
    scene_id: str
    prompt: str
    references: tuple[ReferenceDraft, ...]
    variants: int
    model: str
    size: tuple[int, int] | None
    extra: dict[str, str] = field(default_factory=dict)  # the sheet's own columns, in its order


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """Everything a batch asks for. `columns` are the sheet's own, in order; none for JSON."""

    name: str
    run_mode: RunMode
    rows: tuple[RowDraft, ...]
    global_references: tuple[ReferenceDraft, ...] = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a batch, and for its rows where they say nothing.

    `run_mode` and `global_references` are as they were given: the draft checks them.
    """

    name: str = ""
    run_mode: str = ""
    model: str = ""
    variants: int = 1
    size: tuple[int, int] | None = None
    reference_mode: ReferenceMode = ReferenceMode.STYLE_ONLY
    global_references: tuple[tuple[str, str], ...] = ()  # (source, mode or "")
