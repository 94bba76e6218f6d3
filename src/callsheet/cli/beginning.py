"""Beginning what a sheet asks for: the money agreed to once, and no sheet begun twice."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

import typer

from callsheet.cli.handing_over import write_state
from callsheet.cli.output import readable, say
from callsheet.cli.repeating import digest_of_asked, job_to_go_on_with, tell_and_resume
from callsheet.cli.watching import BUDGETS
from callsheet.intake.model import BatchDraft
from callsheet.jobs.asked import Asked
from callsheet.jobs.errors import AskedAlreadyError
from callsheet.jobs.model import signs
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.kernel.money import Money
from callsheet.line.accepted import Accepted, Priced
from callsheet.line.new_takes import PREVIEW_MODEL
from callsheet.line.pipeline import PERSON
from callsheet.line.reuse import fresh_setting
from callsheet.money.model import Scope
from callsheet.quality.asked import SETTING
from callsheet.wiring import Callsheet

_SHOWN_REFUSED: Final = 40


class BegunUnsignedError(ConflictError):
    """A sheet that is to be signed was begun as a job that signs nothing."""

    code: ClassVar[str] = "begun_unsigned"

    def __init__(self, job: str) -> None:
        said = f"this sheet was begun without --sign, as {job}"
        super().__init__(f"{said}; go on without it, or order all anew with --again")


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """A sheet that is to be made: where to, within which budget, asked about or not.

    `stored` maps the sources of references that are files to their hashes. With `yes` the money is
    not asked about; with `again` everything is ordered anew, whatever was begun or made before.
    """

    draft: BatchDraft
    stored: Mapping[str, str]
    folder: Path
    budget: Money | None
    yes: bool
    again: bool
    gates: tuple[str, ...] = ()  # at which a person is asked
    quality: Mapping[str, Any] = field(default_factory=dict)  # how what is made is examined
    sign: bool = False
    sheet: str = ""  # whose folder it is


def _settings(order: SheetOrder) -> dict[str, Any]:
    gates = {"gates": dict.fromkeys(order.gates, PERSON)} if order.gates else {}
    return {**gates, SETTING: dict(order.quality)}


async def begin(cs: Callsheet, order: SheetOrder) -> JobId:
    """Write a sheet down as a new job that spends nothing."""
    accepted = await _submit(cs, order)
    say_notes(accepted.quote)
    return accepted.job


async def _submit(cs: Callsheet, order: SheetOrder, asked: Asked | None = None) -> Accepted:
    # whoever has it bought once more, though it was made before, wants it made anew
    fresh = order.again or bool(asked and asked.known)
    return await cs.submission.submit(
        LOCAL_WORKSPACE,
        order.draft,
        stored=order.stored,
        settings={
            "out": readable(str(order.folder)),
            "sheet": order.sheet,
            **_settings(order),
            **fresh_setting(fresh=fresh),
        },
        budget=order.budget,
        asked=asked,
        sign=order.sign,
    )


async def begin_live(cs: Callsheet, order: SheetOrder) -> JobId:
    """Go on with the job that a sheet means, or begin one, once the money is agreed to.

    Raises SheetUnfinishedError, SheetDoneError, JobLostError, BegunUnsignedError.
    """
    digest = digest_of_asked(order.draft, order.stored)
    while True:
        known: frozenset[JobId] | None = None
        if not order.again:
            found, known = await job_to_go_on_with(cs, digest, order.folder, may_ask=not order.yes)
            if found is not None:
                if order.sign and not signs(found):
                    raise BegunUnsignedError(found.id)
                await tell_and_resume(cs, found, order.budget)
                return found.id
        if order.yes:
            say_notes(await cs.submission.price(order.draft, order.quality))
        else:
            await ask(cs, order)
        try:
            job = (await _submit(cs, order, Asked(digest, known))).job
        except AskedAlreadyError:
            continue  # by somebody who typed the same a moment ago: look again
        await write_state(cs, await cs.views.jobs.find(LOCAL_WORKSPACE, job), order.folder)
        return job


def say_notes(quote: Priced) -> None:
    """Say how a sheet was read, and what of it is not made."""
    for note in quote.notes:
        say(f"note: {note}")
    for _, reason in quote.refused[:_SHOWN_REFUSED]:
        say(f"not made: {reason}")
    if len(quote.refused) > _SHOWN_REFUSED:
        say(f"not made: {len(quote.refused) - _SHOWN_REFUSED} more rows; see results.csv")


async def ask(cs: Callsheet, order: SheetOrder) -> None:
    """Show the money, by model and against every budget, and ask once."""
    draft, bound = order.draft, order.budget
    quote = await cs.submission.price(draft, order.quality)
    say_notes(quote)
    total, priced = quote.total, dict(quote.per_row)
    by_model: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in draft.rows:
        if row.row not in priced:
            continue
        by_model[row.model or PREVIEW_MODEL][0] += row.variants
        by_model[row.model or PREVIEW_MODEL][1] += priced[row.row].micros
    for model, (takes, micros) in sorted(by_model.items()):
        correction = quote.corrections.get(model)
        corrected = f" ({correction})" if correction else ""
        say(f"{model}: {how_many(takes, 'take')}, ${Money(micros)}{corrected}")
    takes = sum(each for each, _ in by_model.values())
    credit = total.in_credits(cs.settings.credits_per_usd)
    size = f"{how_many(len(priced), 'row')}, {how_many(takes, 'take')}"
    say(f"{size}, quoted ${total} ({credit} credits)")
    for budget in await cs.money.budgets(LOCAL_WORKSPACE):
        if budget.scope is not Scope.JOB:
            say(f"budget {BUDGETS[budget.scope]}: ${budget.left} left of ${budget.limit}")
    if bound is not None:
        say(f"this job may spend ${bound} at most")
    await asyncio.to_thread(typer.confirm, "Spend this?", abort=True, err=True)
