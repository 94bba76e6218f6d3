"""Evidence that an order exists: a ticket that came late, in a listing or by a webhook."""

from callsheet.jobs.model import Change, Entry
from callsheet.kernel.logs import event
from callsheet.line.endings import Moves, write_moves
from callsheet.line.hosted.keys import key_for
from callsheet.line.house import LOG, House
from callsheet.ports.hosted import HostedProvider
from callsheet.ports.models import ProviderError
from callsheet.takes.model import ENDED, Take, TakeStatus


async def accept_evidence(house: House, provider: HostedProvider, take: Take, ticket: str) -> bool:
    """Give a take the ticket of an order that was made for it, whatever was believed before.

    Tells whether it is this take's, and not another's.

    A second order for one take should not exist. If one does, it is reported and the provider is
    asked to stop it; the first one counts.
    """
    async with house.database.begin(small=True) as connection:
        job = await house.jobs.lock(connection, take.job)
        now = house.clock()
        current = await house.takes.find(connection, take.workspace, take.id)
        known = await house.flight.known_tickets(connection, provider.name, [ticket])
        if known and current.ticket != ticket:
            return False  # an order that another take has: not evidence of this one's
        if current.ticket is None and current.status not in ENDED:
            into = Moves()
            await house.flight.move(
                connection,
                current,
                TakeStatus.RUNNING,
                ticket=ticket,
                running_at=now,
                due_at=now.timestamp(),
                error=None,
                looks=0,
            )
            into.add(current, TakeStatus.RUNNING)
            await write_moves(house, connection, job, into)
            LOG.info("take.found", extra=event(take=take.id, job=job.id, ticket=ticket))
            house.wake_follower.set()
            return True
        if current.ticket == ticket:
            return True
        said = {"take": take.id, "ticket": ticket, "has": current.ticket}
        await house.record(connection, job, [Entry("ordered_twice", said)], Change())
    LOG.critical("take.ordered_twice", extra=event(job=take.job, **said))
    house.metrics.doubled.labels(provider.name).inc()
    try:
        await provider.cancel(ticket, await key_for(house, current))
    except ProviderError as error:
        LOG.warning("take.not_stopped", extra=event(take=take.id, reason=str(error)))
    return True
