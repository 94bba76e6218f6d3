"""Collects what is wrong with a batch, so that all of it is told at once."""

from callsheet.intake.errors import BatchInputError, ProblemCode, RowProblem
from callsheet.kernel.errors import shown

MAX_LISTED = 100


class Problems:
    """The first hundred problems, and how many more there are."""

    def __init__(self) -> None:
        self._listed: list[RowProblem] = []
        self._more = 0
        self.hint = ""  # options that would mend the columns

    def taken(self) -> list[RowProblem]:
        """Give away what was noted so far."""
        listed, self._listed, self._more = self._listed, [], 0
        return listed

    def add(self, code: ProblemCode, field: str, message: str, value: object = "") -> None:
        """Note one problem."""
        if len(self._listed) < MAX_LISTED:
            self._listed.append(RowProblem(field, message, shown(value), code))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise BatchInputError if anything was wrong."""
        if self._listed:
            raise BatchInputError(self._listed, self._more, self.hint)


class Notes:
    """What was changed on the way in, for a person to see; capped like problems."""

    def __init__(self, said: tuple[str, ...] = ()) -> None:
        self._said = list(said)
        self._more = 0

    def add(self, note: str) -> None:
        """Say one thing."""
        if len(self._said) < MAX_LISTED:
            self._said.append(note)
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """Everything that was said."""
        more = (f"and {self._more} more notes like these",) if self._more else ()
        return (*self._said, *more)
