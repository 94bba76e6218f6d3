"""Rows held against their models: which can be made, as what shots, and for how much."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.catalog.asking import InvalidModelInputsError, checked, usual_size
from callsheet.controls.model import Switches
from callsheet.intake.model import BatchDraft, RefusedRow, RowDraft, RunMode
from callsheet.intake.references import ReferenceUse, uses_of
from callsheet.jobs.model import (
    AskedReference,
    Shot,
    ShotReferences,
    ShotStatus,
)
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import NextStep
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.accepted import Priced
from callsheet.line.composite_rows import (
    LOCAL_COMPOSITE,
    CompositeHosting,
    Hosting,
    row_inputs,
)
from callsheet.line.context import LineContext
from callsheet.line.faults import Faults
from callsheet.line.judge_price import price_of_judging
from callsheet.line.new_takes import PREVIEW_MODEL
from callsheet.line.own_inputs import OwnInputs
from callsheet.line.take_inputs import HOSTED_MODEL, take_inputs
from callsheet.ports.models import SAMPLE, ModelCard, UnknownModelError
from callsheet.quality.judge.wish import JudgeWish, insist_it_sees
from callsheet.takes.model import UNCORRECTED, Correction

_NO_SIZE: Final = (1_024, 1_024)  # of a model that knows none


@dataclass(slots=True)
class Terms:
    """What rows are held against, and what is wrong with them; `switches` None asks for none."""

    switches: Switches | None
    corrections: Mapping[str, Correction]
    own: OwnInputs
    judge: JudgeWish | None = None
    faults: Faults = field(default_factory=Faults)
    surplus: set[str] = field(default_factory=set)  # models of which a note says so already
    hosting: Hosting | None = None  # of a batch with composites

    def tell_surplus(self, card: ModelCard, row: RowDraft) -> None:
        """Note that a row names more references than its model takes, once for a model."""
        named = len(row.references)
        if named <= card.max_references or card.id in self.surplus:
            return
        self.surplus.add(card.id)
        takes = f"at most {card.max_references}" if card.max_references else "no"
        self.own.notes.add(
            f"row {row.row} names {named} references, and {card.id} takes {takes}: what is left out"
            " is listed with each row"
        )

    def check(self) -> None:
        """Raise ModelInputError if anything was wrong."""
        self.own.check_shared(self.faults)
        self.faults.check()


@dataclass(frozen=True, slots=True)
class Pricing:
    """Turns rows into priced shots; `hosting` decides whether composites are hosted."""

    ctx: LineContext
    composites: CompositeHosting

    def priced(self, draft: BatchDraft, terms: Terms) -> Priced:
        """Price rows that are of no job. Raises ModelInputError."""
        shots = self.shots(JobId(""), draft, terms)
        return self.quote(draft, shots, terms)

    def quote(self, draft: BatchDraft, shots: Sequence[Shot], terms: Terms) -> Priced:
        """Sum up what shots cost, and what was said of the sheet and of its models."""
        made = [shot for shot in shots if shot.model]
        prices = tuple([(shot.row, shot.quoted) for shot in made])
        left_out = [shot for shot in shots if not shot.model]
        refused = tuple([(shot.row, (shot.error or {})["message"]) for shot in left_out])
        notes = (*draft.notes, *terms.own.notes.all())
        if terms.judge is None:
            return Priced(prices, terms.corrections, notes, refused)
        catalog = self.ctx.providers.catalog
        judging = price_of_judging(catalog, made, terms.judge, terms.corrections)
        times = how_many(terms.judge.askings, "time")
        said = f"{terms.judge.model} is asked {times} about each take, ${judging} at most in all"
        return Priced(prices, terms.corrections, (*notes, said), refused, judging)

    def shots(self, job: JobId, draft: BatchDraft, terms: Terms) -> list[Shot]:
        """Turn rows into shots, by row; those at fault too, where the author says to keep going.

        Raises ModelInputError.
        """
        shots = [_refused(job, row) for row in draft.refused]
        for row in draft.rows:
            shot = self._shot(job, draft, row, terms)
            if shot is not None:
                shots.append(shot)
            elif draft.keep_going:
                shots.append(_refused(job, _at_fault(row, terms.faults)))
                terms.faults = Faults()
        if draft.keep_going and not any(shot.model for shot in shots):
            for shot in shots:
                error = dict(shot.error or {})
                terms.faults.add(error["code"], shot.row, "prompt", error["message"], "")
        terms.check()
        return sorted(shots, key=lambda shot: shot.row)

    async def hosting(
        self,
        connection: AsyncConnection,
        draft: BatchDraft,
        switches: Switches,
        workspace: WorkspaceId | None,
    ) -> Hosting | None:
        """Decide whether a batch's composites are hosted; None for one without any."""
        if all(row.composite is None for row in draft.rows):
            return None
        return await self.composites.now(connection, switches, workspace)

    async def terms(
        self,
        switches: Switches | None,
        draft: BatchDraft,
        judge: JudgeWish | None,
        hosting: Hosting | None,
    ) -> Terms:
        """Gather what rows are held against.

        Raises UnknownModelError, InvalidJudgeError for a judge that cannot be asked.
        """
        if judge is not None:
            insist_it_sees(self.ctx.providers.catalog.card(judge.model))
        corrections = await self._corrections(draft, judge, hosting)
        return Terms(switches, corrections, OwnInputs(draft), judge, hosting=hosting)

    async def _corrections(
        self, draft: BatchDraft, judge: JudgeWish | None, hosting: Hosting | None
    ) -> dict[str, Correction]:
        cards = [hosting.card] if hosting and hosting.card else []
        asked = {row.model or PREVIEW_MODEL for row in draft.rows}
        for model in asked | ({judge.model} if judge else set()):
            with contextlib.suppress(UnknownModelError):  # its rows are refused by name
                cards.append(self.ctx.providers.catalog.card(model))
        return await self.ctx.estimates.corrections(cards)

    def _card(self, draft: BatchDraft, row: RowDraft, terms: Terms) -> ModelCard | None:
        """Find a row's model, if it may be asked now."""
        if draft.run_mode is RunMode.LIVE and not row.model and not row.composite:
            message = "a live row needs a model; name one in the column model, or for all rows"
            terms.faults.add("model_missing", row.row, "model", message, "")
            return None
        model = _model_of(row)
        try:
            card = self.ctx.providers.catalog.card(model)
        except UnknownModelError as error:
            terms.faults.add(error.code, row.row, "model", str(error), model)
            return None
        today = self.ctx.books.clock().date()
        closed = terms.switches.closed(card, today) if terms.switches else None
        if closed is not None:
            message = f"model {model!r} is off: {closed}"
            terms.faults.add("model_disabled", row.row, "model", message, model)
            return None
        return card

    def _shot(self, job: JobId, draft: BatchDraft, row: RowDraft, terms: Terms) -> Shot | None:
        faults = terms.faults
        card = self._card(draft, row, terms)
        own = terms.own.of(card, row, faults) if card else None
        if card is None or own is None:
            return None
        named, told = own
        shared = draft.global_references
        if row.composite and terms.hosting:
            scene = row.composite.scene
            named = {**named, **row_inputs(row.composite, terms.hosting, scene)}
            shared = ()  # a composite is of its own pictures alone
        width, height = row.size or usual_size(card) or _NO_SIZE
        shot = Shot(
            job=job,
            row=row.row,
            scene_id=row.scene_id,
            prompt=row.prompt,
            model=_model_of(row),
            width=width,
            height=height,
            variants=row.variants,
            references=ShotReferences(
                asked=tuple(map(_asked, uses_of((*row.references, *shared))))
            ),
            extra={**row.extra, **row.cells},
            inputs=named,
        )
        if not _references_fit(card, shot, row, faults):
            return None
        terms.tell_surplus(card, row)
        try:
            inputs = checked(card, take_inputs(card, card, _with_samples(card, shot), 1))
        except InvalidModelInputsError as error:
            faults.add_asked(error, shot, told)
            return None
        if named:
            plain = inputs.model_dump(mode="json", include={*named})
            shot = replace(shot, inputs={name: plain[name] for name in named})
        return replace(shot, quoted=self._price(card, shot, inputs, terms) * row.variants)

    def _price(self, card: ModelCard, shot: Shot, inputs: BaseModel, terms: Terms) -> Money:
        """Price one variant; of a composite that is hosted, its order."""
        if hosted := shot.inputs.get(HOSTED_MODEL):
            wanted, card = card, self.ctx.providers.catalog.card(hosted)
            inputs = checked(card, take_inputs(wanted, card, _with_samples(wanted, shot), 1))
        return terms.corrections.get(card.id, UNCORRECTED).of(card.price(inputs))


def _model_of(row: RowDraft) -> str:
    """Name the model that a row is made by: its own, or what composites and previews are."""
    return LOCAL_COMPOSITE if row.composite else row.model or PREVIEW_MODEL


def _at_fault(row: RowDraft, faults: Faults) -> RefusedRow:
    """Sum up what is wrong between a row and its model."""
    message = "; ".join(f"{each.field}: {each.message}" for each in faults.errors)
    cells = {**row.extra, **row.cells}
    return RefusedRow(row.row, row.scene_id, faults.code, message, cells)


def _refused(job: JobId, row: RefusedRow) -> Shot:
    """Write down a row that is not made: without a model, nothing can ever be ordered of it."""
    width, height = _NO_SIZE
    return Shot(
        job=job,
        row=row.row,
        scene_id=row.scene_id,
        prompt="",
        model="",
        width=width,
        height=height,
        variants=1,
        status=ShotStatus.FAILED,
        extra=row.cells,
        error={"code": row.code, "message": row.message, "next_step": NextStep.STOP},
    )


def _references_fit(card: ModelCard, shot: Shot, row: RowDraft, faults: Faults) -> bool:
    """Check what a row asks of its references; those of the whole batch go where they fit."""
    for use in row.references:
        if card.max_references and not card.takes(use.mode):
            allowed = ", ".join(sorted(card.reference_modes))
            said = (
                f"{card.id} takes references as {allowed}, not as {use.mode};"
                f" say so behind the address: …|{min(card.reference_modes)}"
            )
            faults.add("reference_mode", row.row, "references", said, use.source)
            return False
    count = len(of_use(card, shot))
    if count < card.min_references:
        said = f"{card.id} begins from {card.min_references} reference pictures; name them here"
        faults.add("reference_missing", row.row, "references", said, count)
        return False
    return True


def of_use(card: ModelCard, shot: Shot) -> list[AskedReference]:
    """List the references of a shot that its model takes."""
    return [each for each in shot.references.asked if card.takes(each.mode)]


def _with_samples(card: ModelCard, shot: Shot) -> Shot:
    """Put samples in place of references that are not fetched yet, to price a row."""
    sample = {"sha256": SAMPLE, "working": SAMPLE}
    samples = ({**sample, "mode": each.mode} for each in of_use(card, shot))
    return replace(shot, references=replace(shot.references, kept=tuple(samples)))


def _asked(use: ReferenceUse) -> AskedReference:
    return AskedReference(use.source, use.key, use.mode)
