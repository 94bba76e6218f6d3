"""Providers that take no order of ours: jobs wait, with the reason, and nothing more is sent."""

from callsheet.controls.providers import Door
from callsheet.jobs.model import FINISHED, Change, Entry, JobStatus
from callsheet.kernel.logs import event
from callsheet.line.house import LOG, House
from callsheet.ports.hosted import HostedProvider, KeyMissingError, ProviderBlockedError


async def shut(house: House, provider: HostedProvider, error: ProviderBlockedError) -> None:
    """Send nothing more to a provider with this key; every job that waits for it says why."""
    said = {"code": error.code, "reason": str(error)}
    LOG.error("provider.shut", extra=event(provider=provider.name, **said))
    async with house.database.begin() as connection:
        await house.doors.shut(
            connection,
            provider.name,
            code=error.code,
            reason=str(error),
            key_print=provider.key_print,
            now=house.clock(),
        )
    await _let_wait(house, provider.name, error.code, str(error))


async def park(house: House, provider: HostedProvider, door: Door) -> None:
    """Let the jobs that wait for a shut provider rest until a person resumes them."""
    await _let_wait(house, provider.name, door.code or "", door.reason)


async def refuse_without_key(house: House, provider: HostedProvider) -> None:
    """Let the jobs that wait for a provider without a key rest until a person resumes them."""
    name = provider.name.upper()
    error = KeyMissingError(
        provider.name,
        f"there is no key; set {provider.key_setting} or CALLSHEET_PROVIDER_{name}_KEY",
    )
    await _let_wait(house, provider.name, error.code, str(error))


async def _let_wait(house: House, provider: str, code: str, reason: str) -> None:
    async with house.database.read() as connection:
        jobs = await house.flight.jobs_waiting_for(connection, provider)
    for job_id in jobs:
        async with house.database.begin() as connection:
            job = await house.jobs.lock(connection, job_id)
            await house.flight.hold_back(connection, job_id, provider)
            if job.paused or job.status in FINISHED:
                continue
            message = f"{reason}; then go on with: callsheet jobs resume {job.id}"
            said = {"code": code, "message": message}
            values = {"paused": True, "status": JobStatus.WAITING, "problem": said}
            await house.record(connection, job, [Entry("problem", said)], Change(values=values))
