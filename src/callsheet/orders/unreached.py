"""Providers that are not reached: jobs wait, with the reason, until they are, however long."""

from callsheet.jobs.model import FINISHED, Change, Entry, JobStatus
from callsheet.kernel.steady import steady_s
from callsheet.line.house import Away, House
from callsheet.orders.settlement import waits_for
from callsheet.ports.hosted import NotReachedError
from callsheet.takes.schedule import backoff_s


def miss(house: House, provider: str) -> None:
    """Note that a provider was not reached: what fails at the same time is one failure."""
    house.reached.discard(provider)
    before = house.away.get(provider)
    if before is None or before.again_at <= steady_s():
        tries = before.tries + 1 if before else 1
        house.away[provider] = Away(tries, steady_s() + backoff_s(tries))


def is_away(house: House, provider: str) -> bool:
    """Tell whether a provider was not reached, and shall not be tried again yet."""
    away = house.away.get(provider)
    return away is not None and away.again_at > steady_s()


async def tell_away(house: House, error: NotReachedError) -> None:
    """Let all jobs that wait to order from a provider say why they do; once each."""
    async with house.database.read() as connection:
        jobs = await house.in_flight.jobs_waiting_for(connection, error.provider)
    message = f"{error}; it is tried again at least once a minute and a half, until it is reached"
    said = {"code": error.code, "message": message, "provider": error.provider}
    for job_id in jobs:
        async with house.database.begin(small=True) as connection:
            job = await house.jobs.lock(connection, job_id)
            if job.paused or job.status in FINISHED or waits_for(job, error.provider):
                continue
            change = Change(values={"status": JobStatus.WAITING, "problem": said})
            await house.record(connection, job, [Entry("problem", said)], change)


async def tell_reached(house: House, provider: str) -> None:
    """Let jobs run on that waited for a provider which answers now."""
    house.away.pop(provider, None)
    async with house.database.read() as connection:
        jobs = await house.jobs.unfinished(connection)
    for job_id in [job.id for job in jobs if waits_for(job, provider)]:
        async with house.database.begin(small=True) as connection:
            job = await house.jobs.lock(connection, job_id)
            if waits_for(job, provider) and not job.paused and job.status not in FINISHED:
                values = {"status": JobStatus.RUNNING, "problem": None}
                entry = Entry("stage", {"stage": job.stage, "round": job.round})
                await house.record(connection, job, [entry], Change(values=values))
    house.reached.add(provider)
