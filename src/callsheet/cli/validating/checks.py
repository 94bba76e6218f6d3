"""The six checks of a deployment: over HTTP alone, each with figures and the way to mend it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import httpx2

from callsheet.cli.validating.result import Finding, Findings
from callsheet.kernel.errors import shown

_SLOW_S: Final = 1.0
_REQUESTS, _AT_ONCE = 20, 4
_LEAST_SUCCESS: Final = 0.99
_SLOW_P95_S: Final = 0.5
_METRICS: Final = ("callsheet_jobs", "callsheet_takes", "process_resident_memory_bytes")
_EVIL: Final = "https://validate.invalid"
_MOST_BODY: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """Where a deployment is, the key to ask it with ("" for none), how long a job may take."""

    http: httpx2.AsyncClient
    url: httpx2.URL
    key: str
    patience_s: float

    async def get(self, path: str, *, with_key: bool = True, **more: Any) -> httpx2.Response:
        """Ask for something."""
        return await self.http.get(
            self.url.join(path), headers=self._headers(with_key=with_key), **more
        )

    async def post(self, path: str, body: Any) -> httpx2.Response:
        """Ask it to do something."""
        return await self.http.post(self.url.join(path), json=body, headers=self._headers())

    def _headers(self, *, with_key: bool = True) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key and with_key else {}

    @property
    def is_local(self) -> bool:
        """Tell whether it is on this machine."""
        host = self.url.host
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


async def health(target: Target) -> Finding:
    """See that it answers, and how fast."""
    found = Findings("health")
    began = time.monotonic()
    answer = await target.get("/healthz")
    found.figures |= {"status": answer.status_code, "seconds": round(time.monotonic() - began, 3)}
    if answer.status_code != httpx2.codes.OK:
        found.mend.append(
            f"/healthz answers {answer.status_code}: is this callsheet, and is it up?"
        )
    if found.figures["seconds"] > _SLOW_S:
        found.mend.append(f"/healthz takes over {_SLOW_S:g} s: look at the machine's load")
    return found.done()


async def environment(target: Target) -> Finding:
    """See which version runs, and whether it thinks itself well."""
    found = Findings("environment")
    told = (await target.get("/health")).json()
    found.figures |= {name: told.get(name) for name in ("version", "status", "uptime_s")}
    if told.get("status") == "down":
        found.mend.append(f"it is down: {shown(told.get('checks'))}; callsheet doctor says more")
    elif told.get("status") != "ok":
        found.notes.append(f"it is {told.get('status')}: {shown(told.get('checks'))}")
    return found.done()


async def services(target: Target) -> Finding:
    """See that database and store work, by a picture that is made, kept and read back."""
    found = Findings("services")
    told = (await target.get("/ready")).json()
    for name, check in told.get("checks", {}).items():
        found.figures[name] = check
        if check != "ok":
            found.mend.append(f"{name}: {shown(check)}; callsheet doctor says how to mend it")
    asked = {"items": [{"prompt": "validation", "model": "local/dot"}], "name": "validation"}
    began = time.monotonic()
    answer = await target.post("/batch/images", asked)
    if answer.status_code != httpx2.codes.ACCEPTED:
        found.mend.append(_refused(answer))
        return found.done()
    state = await _finished(target, answer.json()["batchId"])
    found.figures["made_s"] = round(time.monotonic() - began, 3)
    if state["status"] != "succeeded":
        found.mend.append(f"a dry run is {state['status']}: does a worker run? callsheet doctor")
        return found.done()
    variant = state["rows"][0]["variants"][0]
    picture = await target.get(f"/assets/{variant['sha256']}")
    found.figures["read_bytes"] = len(picture.content)
    if not picture.content.startswith(b"\x89PNG"):
        found.mend.append(f"what was made cannot be read back ({picture.status_code})")
    return found.done()


def _refused(answer: httpx2.Response) -> str:
    if answer.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        return "nothing could be written: give a key of an editor with --key or CALLSHEET_KEY"
    return f"a dry run was refused ({answer.status_code}): {shown(answer.text)}"


async def _finished(target: Target, job: str) -> dict[str, Any]:
    until = time.monotonic() + target.patience_s
    while True:
        state: dict[str, Any] = (await target.get(f"/batch/{job}")).json()
        if state["status"] not in ("queued", "running") or time.monotonic() > until:
            return state
        await asyncio.sleep(0.2)


async def load(target: Target) -> Finding:
    """Send twenty requests, four at a time: success, throughput and percentiles."""
    found = Findings("load")
    gate = asyncio.Semaphore(_AT_ONCE)
    times: list[float] = []

    async def one() -> bool:
        async with gate:
            began = time.monotonic()
            answer = await target.get("/ready")
            times.append(time.monotonic() - began)
            return answer.status_code == httpx2.codes.OK

    began = time.monotonic()
    good = sum(await asyncio.gather(*(one() for _ in range(_REQUESTS))))
    took = time.monotonic() - began
    found.figures |= {
        "requests": _REQUESTS,
        "success": good / _REQUESTS,
        "per_second": round(_REQUESTS / took, 1),
        **{f"p{part}_s": round(_percentile(times, part), 4) for part in (50, 95, 99)},
    }
    if good / _REQUESTS < _LEAST_SUCCESS:
        found.mend.append(f"{_REQUESTS - good} of {_REQUESTS} requests failed: look at its logs")
    if _percentile(times, 95) > _SLOW_P95_S:
        found.mend.append(f"p95 is over {_SLOW_P95_S:g} s: more CPU, or fewer workers beside it")
    return found.done()


def _percentile(times: list[float], part: int) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, part * len(ordered) // 100)]


async def monitoring(target: Target) -> Finding:
    """See that Prometheus would find what alerts stand on."""
    found = Findings("monitoring")
    answer = await target.get("/metrics")
    names = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    found.figures |= {"status": answer.status_code, "metrics": len(names)}
    missing = [name for name in _METRICS if not any(each.startswith(name) for each in names)]
    if missing:
        found.mend.append(f"/metrics lacks {', '.join(missing)}: does a proxy hide it?")
    return found.done()


async def security(target: Target) -> Finding:
    """See that nobody gets in without a key, that lines are private and pages stay apart."""
    found = Findings("security")
    is_private = target.url.scheme == "https" or target.is_local
    found.figures["https"] = target.url.scheme == "https"
    if not is_private:
        found.mend.append(
            "it is reached over plain http: put it behind TLS, keys travel in the clear"
        )
    admin = await target.get("/api/admin/composite/settings", with_key=False)
    found.figures["admin_without_key"] = admin.status_code
    closed = (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN)
    if admin.status_code not in closed:
        if target.is_local:
            found.notes.append("no key was made yet: whoever is on this machine is let in")
        else:
            found.mend.append("it lets strangers in: callsheet keys create makes the first key")
    cross = await target.http.get(target.url.join("/health"), headers={"Origin": _EVIL})
    allowed = cross.headers.get("access-control-allow-origin", "")
    found.figures["cors"] = allowed
    if allowed in ("*", _EVIL):
        found.mend.append("pages of strangers may read it (CORS): allow your own origins alone")
    return found.done()


Check = Callable[[Target], Awaitable[Finding]]
CHECKS: Final[tuple[Check, ...]] = (health, environment, services, load, monitoring, security)


async def run_checks(url: str, key: str, timeout_s: float, patience_s: float) -> list[Finding]:
    """Run every check; one that cannot be run has failed, and says why."""
    findings = []
    limits = httpx2.Timeout(timeout_s)
    async with httpx2.AsyncClient(timeout=limits, follow_redirects=False) as http:
        target = Target(http, httpx2.URL(url), key, patience_s)
        for check in CHECKS:
            try:
                findings.append(await check(target))
            except (httpx2.HTTPError, ValueError, KeyError, TypeError, IndexError) as error:
                said = str(error) or type(error).__name__
                mend = f"{url}: {shown(said)}; is it up, and is this its address?"
                findings.append(Finding(check.__name__, passed=False, figures={}, mend=[mend]))
    return findings
