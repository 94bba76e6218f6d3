"""Clean drafts: what a batch asks for, checked against the limits and not yet priced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from callsheet.ports.pictures import ReferenceMode
from callsheet.ports.sheets import Cell


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
class InputDraft:
    """What one input of a model is set to, as it was written, and the column that sets it."""

    value: Any
    column: str


@dataclass(frozen=True, slots=True)
class CompositeDraft:
    """Products to put into a scene, from the back to the front, as a row names their pictures.

    `places` are the products', in their order; without one a place is found. `method` "" is the
    one that is set.
    """

    products: tuple[str, ...]
    scene: str
    places: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class RowDraft:
    """One shot to make. `row` is the number its author knows it by.

    `model` "" is the default, and a size of None is what the model makes when none is asked for.
    `inputs` are those of its model that it sets by name; `soft` are used where its model has them.
    `cells` are those of its sheet as they came, where they say more than what was read of them. The
    references of a `composite` are its scene and then its products.
    """

    row: int
    scene_id: str
    prompt: str
    references: tuple[ReferenceDraft, ...]
    variants: int
    model: str
    size: tuple[int, int] | None
    extra: dict[str, str] = field(default_factory=dict)  # the sheet's own columns, in its order
    inputs: Mapping[str, InputDraft] = field(default_factory=dict)
    soft: Mapping[str, InputDraft] = field(default_factory=dict)
    cells: Mapping[str, Cell] = field(default_factory=dict)
    composite: CompositeDraft | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not made, and why; the others go on without it."""

    row: int
    scene_id: str
    code: str
    message: str
    cells: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """Everything a batch asks for. `columns` are the sheet's own, in order; none for JSON.

    `known_columns` says which field each of them is, of those that are one.

    `inputs` hold for every row whose model has them and which does not set them itself. `unclaimed`
    are columns that mean nothing here, and of which nobody said that they are the team's own.
    `refused` are rows at fault that are left out, where the author said to keep going. `in_place`
    is that of the sheet.
    """

    name: str
    run_mode: RunMode
    rows: tuple[RowDraft, ...]
    global_references: tuple[ReferenceDraft, ...] = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    inputs: Mapping[str, InputDraft] = field(default_factory=dict)
    unclaimed: tuple[str, ...] = ()
    known_columns: Mapping[str, str] = field(default_factory=dict)
    keep_going: bool = False
    refused: tuple[RefusedRow, ...] = ()
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a batch, and for its rows where they say nothing.

    `run_mode`, `global_references` and `inputs` are as they were given: the draft checks them.
    """

    name: str = ""
    run_mode: str = ""
    model: str = ""
    variants: int = 1
    size: tuple[int, int] | None = None
    reference_mode: ReferenceMode = ReferenceMode.STYLE_ONLY
    global_references: tuple[tuple[str, str], ...] = ()  # (source, mode or "")
    inputs: Mapping[str, Any] | str = ""  # text as in a cell
