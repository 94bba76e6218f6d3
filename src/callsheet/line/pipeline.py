"""Pipelines as data: the steps that a job of one kind goes through, and its gates.

A job stands in one stage. Entering a stage is one transaction: its checkpoint (the job's `stage`
and `round`, told in the journal), and the work that does it, written down in the engine's queue.
So after a crash the stage is entered or it is not, and whoever works next does its work.

A gate stands between two stages. A rule agrees at once; a job that asks for a person waits there,
for days if need be, and rests in the stage it comes from. docs/architecture.md draws both.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.model import DONE, Job, JobKind
from callsheet.kernel.ids import JobId
from callsheet.ports.engine import Payload

# Its first argument is line.tools.StageTools, which holds what knows this module.
StageWork = Callable[[Any, Payload], Awaitable[None]]
Waiting = Callable[[AsyncConnection, JobId], Awaitable[int]]
PERSON: Final = "person"  # who is asked at a gate; a rule where nothing is said
APPROVE: Final = "approve"
GATE: Final = "gate"  # the code of the problem of a job that waits at one


@dataclass(frozen=True, slots=True)
class Step:
    """A stage: the work that does it, and what people read meanwhile.

    The work is safe to repeat and is given up after `attempts` that met a defect; a service that
    is away costs no attempt. `orders` tells whether takes are ordered in it: it is left when none
    is open. With `repeats` its work is done again then, and the work sends the job on. `delivers`
    tells whether it is done for a cancelled job, too. A job that does not want it goes past it.
    """

    stage: str
    work: StageWork
    doing: str
    attempts: int = 3
    orders: bool = False
    delivers: bool = False
    repeats: bool = False
    wanted: Callable[[Job], bool] | None = None

    def is_wanted(self, job: Job) -> bool:
        """Tell whether a job goes through it."""
        return self.wanted is None or self.wanted(job)


@dataclass(frozen=True, slots=True)
class Gate:
    """A place where somebody must agree; `question` is what a person is asked.

    `waiting` counts what a person must decide about one by one before any job may pass.
    """

    name: str
    question: str
    waiting: Waiting | None = None

    def asks(self, job: Job) -> bool:
        """Tell whether this job wants a person to agree."""
        gates: Mapping[str, Any] = job.settings.get("gates", {})
        return gates.get(self.name) == PERSON

    async def count_waiting(self, connection: AsyncConnection, job: Job) -> int:
        """Count what a person must decide about before this job may pass."""
        return 0 if self.waiting is None else await self.waiting(connection, job.id)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a person said at a gate: `decision` is `approve` or `reject`."""

    decision: Literal["approve", "reject"]
    by: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What jobs of one kind go through, in order. The first and the last part are steps."""

    kind: JobKind
    parts: tuple[Step | Gate, ...]

    def step(self, stage: str) -> Step | None:
        """Find a stage's step; None once the job is done."""
        return next((each for each in self.steps if each.stage == stage), None)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages, in order."""
        return tuple(part for part in self.parts if isinstance(part, Step))

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates, in order."""
        return tuple(part for part in self.parts if isinstance(part, Gate))

    @property
    def first(self) -> Step:
        """The stage where its rows begin, and begin again."""
        return self.steps[0]

    @property
    def last(self) -> Step:
        """The stage that hands over what was made."""
        return self.steps[-1]

    def orders_before(self, stage: str) -> Step:
        """Find the last stage before another in which takes are ordered: there they go back to."""
        names = [step.stage for step in self.steps]
        return [step for step in self.steps[: names.index(stage)] if step.orders][-1]

    def after(self, stage: str, gate: str | None = None) -> Step | Gate | None:
        """Name what comes after a stage, or after a gate behind it; None at the end."""
        names = [part.stage if isinstance(part, Step) else part.name for part in self.parts]
        place = names.index(gate or stage) + 1
        return self.parts[place] if place < len(self.parts) else None

    def doing(self, stage: str) -> str:
        """Say for people what is done in a stage."""
        step = self.step(stage)
        return step.doing if step else DONE
