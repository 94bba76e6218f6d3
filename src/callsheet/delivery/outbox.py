"""What customers are told when jobs end: written down with the end, to be sent afterwards."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.delivery.webhook_store import CustomerWebhookStore, DeliveryStore
from callsheet.delivery.webhooks import GIVE_UP_S, Delivery, DeliveryStatus, Event, Webhook
from callsheet.jobs.model import Job, JobStatus
from callsheet.kernel.digests import canonical_json
from callsheet.kernel.ids import new_id
from callsheet.kernel.moments import time_text

_EVENTS: Final = {
    JobStatus.SUCCEEDED: Event.SUCCEEDED,
    JobStatus.PARTIAL: Event.PARTIAL,
    JobStatus.FAILED: Event.FAILED,
    JobStatus.CANCELLED: Event.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Outbox:
    """Writes messages down; every method works in the caller's transaction."""

    webhooks: CustomerWebhookStore
    deliveries: DeliveryStore
    base_url: str
    clock: Callable[[], datetime]

    async def watch(self, connection: AsyncConnection, webhook: Webhook) -> None:
        """Let a webhook be told of a job that is being written down."""
        await self.webhooks.add(connection, webhook)

    async def ended(self, connection: AsyncConnection, jobs: Sequence[Job]) -> None:
        """Write down what is to be told of jobs that end in this transaction."""
        workspaces = {job.workspace for job in jobs}
        known = await self.webhooks.for_jobs(connection, workspaces, [job.id for job in jobs])
        if known:
            await self.deliveries.add(
                connection, [each for job in jobs for each in self._messages(job, known)]
            )

    def _messages(self, job: Job, known: Sequence[Webhook]) -> Iterator[Delivery]:
        event, now = _EVENTS[job.status], self.clock()
        wanted = [
            each for each in known if each.workspace == job.workspace and each.wants(job.id, event)
        ]
        message = new_id("msg")
        body = canonical_json(
            {"type": event, "timestamp": time_text(now), "data": self._told(job)}
        ).decode()
        for webhook in wanted:
            yield Delivery(
                id=new_id("dl"),
                message=message,
                webhook=webhook.id,
                workspace=job.workspace,
                job=job.id,
                event=event,
                body=body,
                status=DeliveryStatus.PENDING,
                attempts=0,
                due_at=now.timestamp(),
                until=now.timestamp() + GIVE_UP_S,
                created_at=now,
            )

    def _told(self, job: Job) -> dict[str, Any]:
        """Tell how a job ended; what it made is read from the API."""
        return {
            "batchId": job.id,
            "kind": job.kind,
            "name": job.name,
            "runMode": job.run_mode,
            "status": job.status,
            "round": job.work.round,
            "counts": {"rows": job.tally.rows, **asdict(job.tally.takes)},
            "cost": {"quoted": str(job.cost.quoted), "charged": str(job.cost.charged)},
            "problem": dict(job.problem) if job.problem else None,
            "createdAt": time_text(job.times.created_at),
            "finishedAt": time_text(job.times.finished_at),
            "statusUrl": f"{self.base_url}/api/jobs/{job.id}",
            "packageUrl": f"{self.base_url}/api/jobs/{job.id}/package.zip",
        }
