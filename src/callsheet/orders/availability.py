"""Providers that take no order of ours: jobs wait, with the reason, and nothing more is sent."""

from callsheet.controls.availability import SWITCHED_OFF, Availability
from callsheet.jobs.model import FINISHED, Change, Entry, JobStatus
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.line.house import LOG, House
from callsheet.ports.hosted import KeyMissingError, KeySealedError, ProviderBlockedError


class ProviderUnavailableError(ProviderBlockedError):
    """It is known that no order with this key would pass."""

    def __init__(self, door: Availability) -> None:
        super().__init__(door.provider, door.reason.removeprefix(f"{door.provider}: "))
        self.known_code = door.code or self.code


async def shut(house: House, error: ProviderBlockedError, key_print: str) -> None:
    """Send nothing more to a provider with this key."""
    if isinstance(error, KeyMissingError | KeySealedError | ProviderUnavailableError):
        return  # there is no key to remember, or it is remembered
    said = {"code": error.code, "reason": str(error)}
    LOG.error("provider.shut", extra=event(provider=error.provider, **said))
    async with house.database.begin() as connection:
        await house.availability.shut(
            connection,
            error.provider,
            code=error.code,
            reason=str(error),
            key_print=key_print,
            now=house.clock(),
        )


async def let_job_wait(house: House, job: JobId, error: ProviderBlockedError) -> None:
    """Let a job that a provider takes no order of rest until a person resumes it."""
    code = error.known_code if isinstance(error, ProviderUnavailableError) else error.code
    await _let_wait(house, job, error.provider, code, str(error))


async def park(house: House, provider: str, door: Availability) -> None:
    """Let all jobs that wait for a provider that is switched off rest until it is on again."""
    async with house.database.read() as connection:
        jobs = await house.in_flight.jobs_waiting_for(connection, provider)
    for job_id in jobs:
        reason = f"{provider} is switched off: {door.reason}"
        await _let_wait(house, job_id, provider, door.code or "", reason)


async def _let_wait(house: House, job_id: JobId, provider: str, code: str, reason: str) -> None:
    async with house.database.begin() as connection:
        job = await house.jobs.lock(connection, job_id)
        await house.in_flight.hold_back(connection, job_id, provider)
        if job.paused or job.status in FINISHED:
            return
        message = f"{reason}; {_way_on(job_id, provider, code)}"
        said = {"code": code, "message": message}
        values = {"paused": True, "status": JobStatus.WAITING, "problem": said}
        await house.record(connection, job, [Entry("problem", said)], Change(values=values))


def _way_on(job: JobId, provider: str, code: str) -> str:
    if code == SWITCHED_OFF:
        return f"it goes on when that is on again: callsheet providers on {provider}"
    return f"then go on with: callsheet jobs resume {job}"
