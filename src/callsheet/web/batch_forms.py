"""What forms and bodies say of a batch: how its sheet is read, how what it makes is examined."""

import json
from typing import Annotated, Any, Literal

from fastapi import File, Form, UploadFile
from pydantic import BaseModel, Field

from callsheet.intake.model import BatchDraft, Defaults
from callsheet.intake.recipe import MAX_RECIPE_CHARS, Recipe, read_recipe
from callsheet.intake.rows import draft_from_table
from callsheet.kernel.errors import InvalidInputError
from callsheet.ports.sheets import SheetLimits
from callsheet.quality.asked import MOST_RETAKES
from callsheet.quality.judge.scoring import MOST_ASKINGS
from callsheet.quality.judge.wish import JUDGE
from callsheet.sources import read_sheet
from callsheet.wiring import Callsheet


class BatchQuality(BaseModel, extra="forbid"):
    """How what is made is examined: `technical` is `on` for live batches where nothing is said.

    `profile` names the tolerances (see `callsheet check`). A take that fails is made again at most
    `retakes` times, within the budgets; then it waits for a person. With `semantic`, or a `judge`,
    a model that sees is asked about each take, `askings` times; its price is part of the quote.
    """

    technical: Literal["on", "off"] | None = None
    profile: Annotated[str | None, Field(max_length=100, examples=["takes"])] = None
    retakes: Annotated[int | None, Field(ge=0, le=MOST_RETAKES)] = None
    semantic: Literal["on", "off"] | None = None
    judge: Annotated[str | None, Field(max_length=200, examples=[JUDGE])] = None
    askings: Annotated[int | None, Field(ge=1, le=MOST_ASKINGS)] = None
    point: Literal["careful", "fast"] | None = None


class QualityForm:
    """How what a sheet makes is examined and signed, as a form says it."""

    def __init__(  # one for each field of the form
        self,
        quality: Annotated[Literal["on", "off"] | None, Form()] = None,
        profile: Annotated[str | None, Form(max_length=100)] = None,
        retakes: Annotated[int | None, Form(ge=0, le=MOST_RETAKES)] = None,
        judge: Annotated[str | None, Form(max_length=200)] = None,
        sign: Annotated[bool, Form(description="Sign what is made (C2PA)")] = False,  # noqa: FBT002  # a field of a form
    ) -> None:
        self.quality = BatchQuality(
            technical=quality, profile=profile, retakes=retakes, judge=judge
        )
        self.sign = sign

    @property
    def fields(self) -> list[str]:
        """What was said, by which a repeated request is known; nothing where nothing was."""
        said = [] if self.quality == BatchQuality() else [self.quality.model_dump_json()]
        return [*said, *(["sign"] if self.sign else [])]


class SheetForm:
    """A sheet as a form brings it, and how it is to be read."""

    def __init__(  # one for each field of the form
        self,
        file: Annotated[UploadFile, File(description="A .csv, .xlsx or .ods file")],
        runMode: Annotated[str, Form()] = "dry_run",  # noqa: N803  # the established name
        model: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        inputs: Annotated[str, Form(max_length=100_000, description="As in a cell `inputs`")] = "",
        recipe: Annotated[
            str, Form(max_length=MAX_RECIPE_CHARS, description="A recipe as TOML")
        ] = "",
        mapping: Annotated[str, Form(description="JSON object: column to known column")] = "",
        prompt: Annotated[
            str, Form(max_length=8_000, description="A prompt with columns in braces")
        ] = "",
        sheet: Annotated[str, Form(description="Which sheet of a workbook")] = "",
        header_row: Annotated[int, Form(ge=0, le=1_048_576, description="From 1")] = 0,
        delimiter: Annotated[str, Form(max_length=20)] = "",
        encoding: Annotated[str, Form(max_length=40)] = "",
        skip_blank: Annotated[bool, Form(description="Leave rows out without a prompt")] = False,  # noqa: FBT002  # a field of a form
        keep_going: Annotated[bool, Form(description="Make the good rows alone")] = False,  # noqa: FBT002  # a field of a form
    ) -> None:
        self.file = file
        self.defaults = Defaults(name=name, run_mode=runMode, model=model, inputs=inputs)
        self._recipe, self._mapping = recipe, mapping
        self._said: dict[str, Any] = {
            "prompt": prompt,
            "sheet": sheet,
            "header_row": header_row,
            "delimiter": delimiter,
            "encoding": encoding,
            "skip_blank": skip_blank,
            "keep_going": keep_going,
        }

    @property
    def fields(self) -> tuple[str, ...]:
        """All that was said beside the file, by which a repeated request is known."""
        given = self.defaults
        said = [f"{name}={value}" for name, value in self._said.items() if value]
        begun = (given.run_mode, given.model, given.name, str(self._said["sheet"]), self._mapping)
        return (*begun, str(given.inputs), *filter(None, [self._recipe]), *said)

    def draft(self, cs: Callsheet, content: bytes) -> BatchDraft:
        """Read the sheet. Raises SheetError, BatchInputError."""
        recipe = read_recipe(self._recipe) if self._recipe else Recipe()
        recipe = recipe.but(map=_mapping(self._mapping), **self._said)
        limits = SheetLimits(max_rows=cs.limits.max_rows)
        table = read_sheet(self.file.filename or "sheet", content, limits, recipe.choice)
        return draft_from_table(table, defaults=self.defaults, limits=cs.limits, recipe=recipe)


def _mapping(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        mapping = json.loads(text)
    except (ValueError, RecursionError):
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(name, str) for name in mapping.values()):
        raise InvalidInputError('mapping: write a JSON object such as {"Bild": "prompt"}')
    return mapping
