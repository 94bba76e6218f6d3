"""Providers that are not reached: jobs wait, with the reason, until they are, however long."""

from callsheet.kernel.steady import steady_s
from callsheet.orders.context import OrderContext, Unreached
from callsheet.ports.hosted import NotReachedError
from callsheet.takes.schedule import backoff_s


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
