"""What the money room refuses."""

from typing import ClassVar

from callsheet.kernel.errors import CallsheetError, NextStep, shown
from callsheet.kernel.money import Money


class MoneyError(CallsheetError):
    """Anything about money that is refused."""

    code: ClassVar[str] = "money"


class BudgetExceededError(MoneyError):
    """The hold would take a budget past its limit; nothing was set aside, nothing is sent."""

    code: ClassVar[str] = "budget_exceeded"
    next_step: ClassVar[NextStep] = NextStep.STOP

    def __init__(self, budget: str, *, asked: Money, left: Money) -> None:
        super().__init__(
            f"the budget of {shown(budget)} has ${left} left, ${asked} was asked; raise it, or ask"
            " for less (callsheet money budget show tells them)"
        )
        self.budget, self.asked, self.left = budget, asked, left
