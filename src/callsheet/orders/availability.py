"""Providers that take no order of ours, or are not reached: jobs wait, and say why."""

from callsheet.controls.availability import SWITCHED_OFF, Availability
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.kernel.steady import steady_s
from callsheet.orders.context import LOG, OrderContext, Unreached
from callsheet.orders.progress import Moves
from callsheet.orders.settlement import end, failure
from callsheet.ports.hosted import (
    KeyMissingError,
    KeySealedError,
    NotReachedError,
    ProviderBlockedError,
)
from callsheet.takes.schedule import backoff_s


class ProviderUnavailableError(ProviderBlockedError):
    """It is known that no order with this key would pass."""

    def __init__(self, availability: Availability) -> None:
        super().__init__(
            availability.provider, availability.reason.removeprefix(f"{availability.provider}: ")
        )
        self.known_code = availability.code or self.code


async def shut(ctx: OrderContext, error: ProviderBlockedError, key_print: str) -> None:
    """Send nothing more to a provider with this key."""
    if isinstance(error, KeyMissingError | KeySealedError | ProviderUnavailableError):
        return  # there is no key to remember, or it is remembered
    said = {"code": error.code, "reason": str(error)}
    LOG.error("provider.shut", extra=event(provider=error.provider, **said))
    async with ctx.books.database.begin() as connection:
        await ctx.books.availability.shut(
            connection,
            error.provider,
            code=error.code,
            reason=str(error),
            key_print=key_print,
            now=ctx.books.clock(),
        )


async def let_job_wait(ctx: OrderContext, job: JobId, error: ProviderBlockedError) -> None:
    """Let a job that a provider takes no order of rest until a person resumes it."""
    code = error.known_code if isinstance(error, ProviderUnavailableError) else error.code
    await _let_wait(ctx, job, error.provider, code, str(error))


async def park(ctx: OrderContext, provider: str, availability: Availability) -> None:
    """Let all jobs that wait for a provider that is switched off rest until it is on again."""
    async with ctx.books.database.read() as connection:
        jobs = await ctx.books.in_flight.jobs_waiting_for(connection, provider)
    for job_id in jobs:
        reason = f"{provider} is switched off: {availability.reason}"
        await _let_wait(ctx, job_id, provider, availability.code or "", reason)


async def _let_wait(
    ctx: OrderContext, job_id: JobId, provider: str, code: str, reason: str
) -> None:
    async with ctx.books.database.begin() as connection:
        job = await ctx.progress.lock(connection, job_id)
        endings, others = await ctx.progress.not_waiting(connection, job, provider)
        if endings:
            said = reason.removeprefix(f"{provider}: ")
            into, blocked = Moves(), ProviderBlockedError(provider, said)
            await end(ctx, connection, job, [failure(each, blocked) for each in endings], into)
            await ctx.progress.report(connection, job, into)
            if not others:
                return
            job = await ctx.progress.lock(connection, job_id)
        await ctx.books.in_flight.hold_back(connection, job_id, provider)
        message = f"{reason}; {_way_on(job_id, provider, code)}"
        problem = {"code": code, "message": message}
        await ctx.progress.wait(connection, job, problem, paused=True)


def _way_on(job: JobId, provider: str, code: str) -> str:
    if code == SWITCHED_OFF:
        return f"it goes on when that is on again: callsheet providers on {provider}"
    return f"then go on with: callsheet jobs resume {job}"


def miss(ctx: OrderContext, provider: str) -> None:
    """Note that a provider was not reached: what fails at the same time is one failure."""
    ctx.runtime.reached.discard(provider)
    before = ctx.runtime.away.get(provider)
    if before is None or before.again_at <= steady_s():
        tries = before.tries + 1 if before else 1
        ctx.runtime.away[provider] = Unreached(tries, steady_s() + backoff_s(tries))


def is_away(ctx: OrderContext, provider: str) -> bool:
    """Tell whether a provider was not reached, and shall not be tried again yet."""
    away = ctx.runtime.away.get(provider)
    return away is not None and away.again_at > steady_s()


async def tell_away(ctx: OrderContext, error: NotReachedError) -> None:
    """Let all jobs that wait to order from a provider say why they do; once each."""
    async with ctx.books.database.read() as connection:
        jobs = await ctx.books.in_flight.jobs_waiting_for(connection, error.provider)
    message = f"{error}; it is tried again at least once a minute and a half, until it is reached"
    problem = {"code": error.code, "message": message, "provider": error.provider}
    for job_id in jobs:
        async with ctx.books.database.begin(small=True) as connection:
            job = await ctx.progress.lock(connection, job_id)
            await ctx.progress.wait(connection, job, problem, paused=False)


async def tell_reached(ctx: OrderContext, provider: str) -> None:
    """Let jobs run on that waited for a provider which answers now."""
    ctx.runtime.away.pop(provider, None)
    await ctx.progress.reached(provider)
    ctx.runtime.reached.add(provider)
