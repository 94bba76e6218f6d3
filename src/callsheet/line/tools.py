"""What the work of a stage gets."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callsheet.kernel.ids import JobId
from callsheet.line.context import LineContext
from callsheet.line.films import Films
from callsheet.line.judging import Judges
from callsheet.line.verdicts import QualityGate
from callsheet.provenance.service import Signing
from callsheet.views.state import StateView


@dataclass(frozen=True, slots=True)
class StageTools:
    """The line's capabilities, and what only stages need.

    `signing` signs what is delivered. `write_through` brings a job's ledger object up to its
    journal before it returns. `technical` is the gate that examines files, `judges` put takes to a
    judge, `films` makes films.
    """

    ctx: LineContext
    state: StateView
    signing: Signing
    write_through: Callable[[JobId], Awaitable[None]]
    technical: QualityGate
    judges: Judges
    films: Films
