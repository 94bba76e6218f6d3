"""Orders that came to nothing: what they cost, and why."""

from dataclasses import replace

from callsheet.kernel.money import Money
from callsheet.orders.context import OrderContext
from callsheet.orders.settlement import TakeEnding, failure
from callsheet.orders.terms import terms_of
from callsheet.ports.hosted import Ended
from callsheet.ports.models import ProviderError
from callsheet.takes.model import Take


class TimeLimitError(ProviderError):
    """The provider was not done within the model's time limit; it was told to stop."""

    code = "time_limit"


def ended(ctx: OrderContext, take: Take, found: Ended, *, cancelled: bool) -> TakeEnding:
    """Word the end of a take that came to nothing."""
    cost = take.price if found.cost is None else found.cost
    if found.cancelled and not cancelled and not take.cancel_asked:
        limit = terms_of(ctx, take).time_limit_s
        error: ProviderError = TimeLimitError(take.provider, f"not done within {limit:g} s")
    else:
        error = found.error
    ending = failure(take, error, charged=Money(cost.micros))
    return replace(ending, outcome=replace(ending.outcome, cancelled=cancelled))
