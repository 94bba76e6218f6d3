"""Providers that take no order of ours: jobs wait, with the reason, and nothing more is sent."""

from callsheet.controls.availability import SWITCHED_OFF, Availability
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.orders.context import LOG, OrderContext
from callsheet.ports.hosted import KeyMissingError, KeySealedError, ProviderBlockedError


class ProviderUnavailableError(ProviderBlockedError):
    """It is known that no order with this key would pass."""

    def __init__(self, door: Availability) -> None:
        super().__init__(door.provider, door.reason.removeprefix(f"{door.provider}: "))
        self.known_code = door.code or self.code


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


async def park(ctx: OrderContext, provider: str, door: Availability) -> None:
    """Let all jobs that wait for a provider that is switched off rest until it is on again."""
    async with ctx.books.database.read() as connection:
        jobs = await ctx.books.in_flight.jobs_waiting_for(connection, provider)
    for job_id in jobs:
        reason = f"{provider} is switched off: {door.reason}"
        await _let_wait(ctx, job_id, provider, door.code or "", reason)


async def _let_wait(
    ctx: OrderContext, job_id: JobId, provider: str, code: str, reason: str
) -> None:
    async with ctx.books.database.begin() as connection:
        job = await ctx.progress.lock(connection, job_id)
        await ctx.books.in_flight.hold_back(connection, job_id, provider)
        message = f"{reason}; {_way_on(job_id, provider, code)}"
        problem = {"code": code, "message": message}
        await ctx.progress.wait(connection, job, problem, paused=True)


def _way_on(job: JobId, provider: str, code: str) -> str:
    if code == SWITCHED_OFF:
        return f"it goes on when that is on again: callsheet providers on {provider}"
    return f"then go on with: callsheet jobs resume {job}"
