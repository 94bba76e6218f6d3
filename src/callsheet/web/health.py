"""Is it alive, is it ready, how is it: the routes that machines ask."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, Field

import callsheet
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.telemetry.metrics import CONTENT_TYPE
from callsheet.views.providers import SICK
from callsheet.web.entry import Services
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import CHECK_S

router = GuardedRouter(tags=["health"])


class Alive(BaseModel):
    """The process is alive."""

    status: Annotated[str, Field(examples=["ok"])] = "ok"


class Readiness(BaseModel):
    """Whether requests can be served now; each check is "ok" or says what is wrong."""

    status: Annotated[str, Field(examples=["ready"])]
    checks: Annotated[dict[str, str], Field(examples=[{"database": "ok", "store": "ok"}])]


class Health(BaseModel):
    """Whether the service is ok, degraded or down, by check and by provider."""

    status: Annotated[str, Field(examples=["ok"])]
    version: str
    uptime_s: float
    checks: dict[str, str]
    providers: dict[str, dict[str, Any]]


@router.get("/healthz", summary="Alive")
async def healthz() -> Alive:
    """Answer as long as the process is alive; nothing else is checked."""
    return Alive()


@router.get("/ready", summary="Ready", responses={503: {"model": Readiness}})
async def ready(cs: Services, response: Response) -> Readiness:
    """Check database, schema, store and the background loops of this process."""
    checks = await cs.checks()
    good = all(check == "ok" for check in checks.values())
    response.status_code = 200 if good else 503
    return Readiness(status="ready" if good else "not ready", checks=checks)


@router.get("/health", summary="Health")
async def health(cs: Services) -> Health:
    """Answer whether the service is ok, degraded or down, and why."""
    checks = await cs.checks()
    bad = [name for name, check in checks.items() if check != "ok"]
    providers: dict[str, dict[str, Any]] = {name: {"status": "ok"} for name in cs.providers}
    if "database" not in bad:
        providers |= await _standings(cs)
    sick = bad or [name for name, each in providers.items() if each["status"] in SICK]
    checks["lockdown"], locked = await _locks(cs)
    degraded = sick or not locked
    status = "down" if "database" in bad else "degraded" if degraded else "ok"
    uptime = time.time() - cs.started_at
    return Health(
        status=status,
        version=callsheet.__version__,
        uptime_s=round(uptime, 1),
        checks=checks,
        providers=providers,
    )


async def _locks(cs: Services) -> tuple[str, bool]:
    """Say which locks on decoders hold, and whether all do."""
    try:
        locks = await cs.studio.locks()
    except UnavailableError as error:
        return str(error), False
    return str(locks), not locks.missing


async def _standings(cs: Services) -> dict[str, dict[str, Any]]:
    try:
        async with asyncio.timeout(CHECK_S):
            return await cs.views.providers.standings(LOCAL_WORKSPACE)
    except (TimeoutError, UnavailableError):
        return {name: {"status": "unknown"} for name in cs.views.providers.hosted}


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(cs: Services) -> Response:
    """Answer every metric in Prometheus's text format."""
    try:
        async with asyncio.timeout(CHECK_S):
            await cs.measure()
    except (TimeoutError, UnavailableError):
        cs.metrics.open_takes.clear()  # an old figure would be taken for a new one
    return Response(cs.metrics.text(), media_type=CONTENT_TYPE)
