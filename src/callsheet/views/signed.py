"""What of a job that signs may leave: the signed file, and nothing before there is one."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.delivery.links import AssetLinks
from callsheet.jobs.model import Job, signs
from callsheet.kernel.digests import Sha256
from callsheet.provenance.model import Signature
from callsheet.provenance.store import SignatureStore


async def signed_of(
    store: SignatureStore, connection: AsyncConnection, job: Job, made: Collection[Sha256]
) -> Mapping[Sha256, Signature]:
    """Read what a job's assets became when they were signed, by asset; the newest counts."""
    if not signs(job) or not made:
        return {}
    found = await store.of(connection, job.workspace, made)
    return {each.source: each for each in found}


def shown_signed(links: AssetLinks, job: Job, signature: Signature | None) -> dict[str, Any]:
    """Tell where the signed file is; a job that signs gives no link to an unsigned one."""
    if not signs(job):
        return {"signed": None}
    if signature is None:
        return {"signed": None, "url": None}
    sidecar = signature.sidecar
    told = {
        "sha256": signature.signed,
        "url": links.asset(signature.signed),
        "manifest": signature.label,
        "sidecar": None if sidecar is None else {"sha256": sidecar, "url": links.asset(sidecar)},
    }
    return {"signed": told, "url": told["url"]}
