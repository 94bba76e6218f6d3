"""What a package of a job would hold: its files by name, what is missing, what is refused."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from callsheet.assets.model import extension_of
from callsheet.delivery.naming import Names, NameTemplate, values_of
from callsheet.delivery.release import Master, Refusal, left_out, refusals
from callsheet.delivery.results import Results, Row
from callsheet.jobs.contents import contents_of
from callsheet.jobs.decisions import Choice, DecisionStore
from callsheet.jobs.model import DONE, Job, JobStatus, Shot
from callsheet.kernel.ids import TakeId
from callsheet.line.pipeline import PERSON
from callsheet.line.stages.deliver import own_cells
from callsheet.ports.database import Database
from callsheet.ports.sheets import cell_text
from callsheet.quality.states import Quality
from callsheet.takes.model import Take
from callsheet.takes.store import TakeStore
from callsheet.views.state import StateView

_REVIEW: Final = "review"
_SIGN: Final = "sign"  # among a job's settings: whether what it delivers is signed
FILE: Final = "file"  # a key of variants that are part of the package: the file's name

Page = Sequence[tuple[Shot, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Named:
    """A file of a package, by its name, with the row and the variant that it is of."""

    name: str
    row: Row
    variant: Row

    @property
    def title(self) -> str:
        """Say which one it is."""
        return title_of(self.row, self.variant)

    @property
    def sha256(self) -> str:
        """Name the bytes that leave: those that were signed, where the job signs."""
        return str((self.variant.get("signed") or self.variant)["sha256"])


@dataclass(slots=True)
class Survey:
    """What a package would hold. `results` are the rows of the job; whoever has this closes it."""

    job: Job
    template: NameTemplate
    results: Results
    refused: list[Refusal] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    collisions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    masters: int = 0

    def named(self) -> Iterator[Named]:
        """Walk the files of the package, in order of row and variant; blocks."""
        for row, _ in self.results:
            for variant in row["variants"]:
                if FILE in variant:
                    yield Named(variant[FILE], row, variant)

    def name_all(self) -> None:
        """Find out which names several files ask for; blocks."""
        names = Names()
        for each in self.named():
            names.give(each.name, each.title)
            self.masters += 1
        self.collisions = names.collisions


def title_of(row: Row, variant: Row | None = None) -> str:
    """Say which row, or variant of it, one is talking about."""
    which = f", variant {variant['variant']}" if variant else ""
    return f"row {row['row']} ({row['scene_id']}){which}"


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks at a job."""

    database: Database
    state: StateView
    takes: TakeStore
    decisions: DecisionStore

    async def survey(self, job: Job, names: str) -> Survey:
        """Look at every row. Raises InvalidTemplateError, DatabaseUnavailableError."""
        template = NameTemplate.parse(names, job.settings.get("columns", ()))
        survey = Survey(job, template, Results())
        try:
            async for page in self.state.told_pages(self.database, job):
                known = await self._known(job, page)
                await asyncio.to_thread(_add, survey, page, known)
            await asyncio.to_thread(survey.name_all)
        except BaseException:
            survey.results.__exit__()
            raise
        return survey

    async def _known(self, job: Job, page: Page) -> dict[str, Master]:
        """Read what is known of what the takes of some rows made, by take."""
        first, last = page[0][0].row, page[-1][0].row
        async with self.database.read() as connection:
            found = await self.takes.of_rows(connection, job.id, first, last)
            takes = [take for take in found if take.asset]
            rows = {take.row for take in takes}
            contents = await contents_of(self.state.jobs, connection, job.id, rows)
            by_id = {take.id: take for take in takes}
            said = await self.decisions.of_takes(connection, [*by_id])
        decided: dict[TakeId, Choice] = {}
        for each in said:
            take = by_id[each.take]
            if each.asset == take.asset and not each.is_stale(contents[take.row]):
                decided[each.take] = each.choice
        asks = job.settings.get("gates", {}).get(_REVIEW) == PERSON
        signs = bool(job.settings.get(_SIGN))
        passed = asks and job.work.stage == DONE and job.status is not JobStatus.CANCELLED
        return {
            take.id: Master(
                name="",
                take=take.id,
                asset=take.asset or "",
                stale=_is_stale(take, contents),
                decided=decided.get(take.id),
                approval_asked=asks,
                approved_whole=passed,
                signing_asked=signs,
            )
            for take in takes
        }


def _add(survey: Survey, page: Page, known: Mapping[str, Master]) -> None:
    """Hold a page of rows against the rules, name what goes, and keep the rows; blocks."""
    job, rows = survey.job, []
    for shot, row in page:
        cells = own_cells(shot, job)
        if shot.plan.removed:
            survey.left_out.append(f"{title_of(row)}: the shot was removed")
        elif not row["variants"]:
            survey.missing.append(title_of(row))
        for variant in () if shot.plan.removed else row["variants"]:
            if not variant["sha256"]:
                survey.missing.append(title_of(row, variant))
            elif _goes(survey, row, variant, known[variant["take"]]):
                own = {name: cell_text(cell) for name, cell in cells.items()}
                values, kind = values_of(job, row, variant, own), variant["mediaType"]
                variant[FILE] = survey.template.ascii_name(values, extension_of(kind))
        rows.append((row, cells))
    survey.results.add(rows)


def _goes(survey: Survey, row: Row, variant: Row, master: Master) -> bool:
    """Hold one file against the rules; tell whether it is part of the package at all."""
    name = title_of(row, variant)
    if left_out(master):
        survey.left_out.append(f"{name}: it was rejected")
        return False
    told = variant["qa"]
    quality, signed = Quality(told) if told else None, bool(variant.get("signed"))
    survey.refused += refusals(replace(master, name=name, quality=quality, signed=signed))
    return True


def _is_stale(take: Take, contents: Mapping[int, str]) -> bool:
    return take.digests.content is not None and take.digests.content != contents.get(take.row)
