"""From a brief to a production in the books: planned by rules, its shots priced as rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from callsheet.controls.model import Request
from callsheet.delivery.webhooks import Webhook
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults, RunMode
from callsheet.intake.rows import draft_from_items
from callsheet.jobs.productions import Production, ProductionStore
from callsheet.jobs.store import JobStore
from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.accepted import Accepted
from callsheet.line.submission import Submission
from callsheet.planning.errors import BriefError
from callsheet.planning.lint import lint
from callsheet.planning.model import Brief
from callsheet.planning.rules import plan_by_rules
from callsheet.planning.sanitising import sanitised
from callsheet.ports.database import Database
from callsheet.ports.film import FilmPlan

_LIMITS: Final = Limits(max_rows=600)
_DRAWN_SIDE: Final = 1_280  # of a still that the board shows in a dry run
_STEP: Final = 64


class NoProductionError(ConflictError):
    """A job that is no production was asked for its film."""

    code = "no_production"

    def __init__(self, job: str) -> None:
        super().__init__(f"job {job} is no production; callsheet produce makes one")


@dataclass(frozen=True, slots=True)
class Planned:
    """A film as it is planned, with its shots as the rows of a draft."""

    production: Production
    draft: BatchDraft


@dataclass(frozen=True, slots=True)
class Productions:
    """Plans films, and sends them into the line."""

    database: Database
    jobs: JobStore
    submission: Submission
    store: ProductionStore

    def plan(self, brief: Brief, *, seed: int = 0, live: bool = False, model: str = "") -> Planned:
        """Plan a film; nothing is written down. `model` makes its stills in a live run.

        Raises BriefError, also for what must or must not be seen and is not kept to.
        """
        brief, left_out = sanitised(brief)
        if not any(map(str.isalpha, brief.prompt)):
            raise BriefError("prompt", "nothing is left of it but orders to a model", "")
        plan = plan_by_rules(brief, seed)
        found = lint(plan, brief)
        for each in found:
            if each.severity == "error":
                raise BriefError("must_not" if each.code == "must_not_seen" else "must_have",
                                 each.message)  # fmt: skip
        remarks = [each.model_dump(mode="json") for each in (*left_out, *found)]
        draft = _draft(plan, live=live, model=model)
        return Planned(Production(JobId(""), brief.model_dump(mode="json"), plan, remarks), draft)

    async def submit(
        self,
        workspace: WorkspaceId,
        planned: Planned,
        *,
        request: Request | None = None,
        budget: Money | None = None,
        settings: Mapping[str, Any] | None = None,
        sign: bool = False,
        webhook: Webhook | None = None,
    ) -> Accepted:
        """Write a production down and send it into the line. Raises as Submission.submit."""
        return await self.submission.submit(
            workspace,
            planned.draft,
            request=request,
            budget=budget,
            settings=settings,
            sign=sign,
            webhook=webhook,
            production=planned.production,
        )

    async def of_job(self, workspace: WorkspaceId, job_id: str) -> Production:
        """Read a production. Raises JobNotFoundError, NoProductionError."""
        async with self.database.read() as connection:
            job = await self.jobs.find(connection, workspace, job_id)
            found = await self.store.find(connection, job.id)
        if found is None:
            raise NoProductionError(job_id)
        return found


def _draft(plan: FilmPlan, *, live: bool, model: str) -> BatchDraft:
    """Make every shot a row; the size is that of the film, as far as models make it."""
    scale = min(1.0, _DRAWN_SIDE / max(plan.width, plan.height))
    width, height = (
        max(256, round(side * scale / _STEP) * _STEP) for side in (plan.width, plan.height)
    )
    defaults = Defaults(
        name=plan.title, run_mode=RunMode.LIVE if live else RunMode.DRY_RUN, model=model
    )
    items = [
        {"scene_id": shot.id, "prompt": shot.prompt, "size": f"{width}x{height}"}
        for shot in plan.shots
    ]
    draft = draft_from_items(items, count=len(items), defaults=defaults, limits=_LIMITS)
    return replace(draft, name=plan.title)


def production_document(production: Production) -> dict[str, Any]:
    """Tell a production as JSON: brief, plan, remarks, what was read, and the film."""
    return {
        "job": production.job,
        "brief": dict(production.brief),
        "plan": production.plan.model_dump(mode="json"),
        "remarks": [dict(each) for each in production.remarks],
        "spoken": [dict(each) for each in production.spoken],
        "film": None if production.film is None else dict(production.film),
    }
