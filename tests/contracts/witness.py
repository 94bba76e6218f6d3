"""A judge from outside for our adapters: aimock, a stand-in for providers that others wrote.

It runs in Node, is installed from tests/witness by npm in the exact version of the lock file, and
knows nothing of our simulators. Where it keeps a provider's calls at another place than the
provider does, `PLACES` leads there; nothing else of a call is changed.
"""

import asyncio
import contextlib
import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from callsheet.ports.keys import ProviderKey
from callsheet.wiring.providers import adapters
from tests.contracts.providers import Bench, Caller, wired
from tests.sim.simulated import PATIENCE_S, quick
from tests.support.plain import NO_TLS

HOME: Final = Path(__file__).parent.parent / "witness"
SECRET: Final = "key-of-the-tests"
_NODE: Final = (20, 15)  # what aimock asks for
_INSTALL: Final = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_INSTALL_S: Final = 100

KEYS: Final = {"vertex": f"project-of-the-tests:{SECRET}"}

# Google's own SDK calls v1 since its version 3; aimock knows only v1beta. Its Veo is that of the
# Developer API, which takes the same order as Vertex but tells of it elsewhere and otherwise.
PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "gemini": (r"^/v1/", "/v1beta/"),
    "gemini_interactions": (r"^/v1/", "/v1beta/"),
    "vertex": (r"^/v1beta1/projects/.+/models/", "/v1beta/models/"),
    "fal": (r"^/", "/fal/"),
}
# One port stands for all of fal's hosts, told apart by a header.
_HEADERS: Final = {"fal": {"x-fal-target-host": "queue.fal.run"}}


def lacking() -> str | None:
    """Say what this machine lacks to run it; None if nothing."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"no {program} on this machine"
    said = subprocess.run(("node", "--version"), capture_output=True, text=True, check=True).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < _NODE:
        return f"Node {said.strip()} is older than {'.'.join(map(str, _NODE))}"
    return None


def install() -> None:
    """Install what the lock file says, once for all processes, and after each change of it."""
    lock, done = HOME / "package-lock.json", HOME / "node_modules" / "installed-from.json"
    with (HOME / "package.json").open() as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if done.exists() and done.read_bytes() == lock.read_bytes():
            return
        subprocess.run(_INSTALL, cwd=HOME, check=True, timeout=_INSTALL_S)
        done.write_bytes(lock.read_bytes())


@dataclass
class Witness:
    """A running aimock."""

    url: str
    http: httpx2.AsyncClient

    async def learn(self, fixtures: Sequence[Mapping[str, Any]]) -> None:
        """Tell it what to answer to what."""
        answer = await self.http.post("/__aimock/fixtures", json={"fixtures": fixtures})
        assert answer.status_code == 200, answer.text

    async def heard(self) -> list[dict[str, Any]]:
        """Give all that it was asked."""
        entries: list[dict[str, Any]] = (await self.http.get("/__aimock/journal")).json()
        return entries

    @contextlib.asynccontextmanager
    async def bench(self, name: str, **headers: str) -> AsyncIterator[Bench]:
        """Wire a provider's adapter to it; `headers` ask it for faults."""
        async with httpx2.AsyncClient(
            base_url=self.url,
            transport=_Led(*PLACES.get(name, ("", ""))),
            headers={**_HEADERS.get(name, {}), **headers},
            timeout=PATIENCE_S,
        ) as http:
            key = ProviderKey(KEYS.get(name, SECRET))
            provider = wired(adapters()[name], http)
            yield Bench(name, provider, http, quick(), Caller(), key)


class _Led(httpx2.AsyncHTTPTransport):
    """Leads calls to where the witness keeps them."""

    def __init__(self, place: str, there: str) -> None:
        super().__init__(verify=False)  # it is not asked over TLS, and certificates load slowly
        self._place, self._there = place, there

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Change the path, and nothing else."""
        if self._place:
            path = re.sub(self._place, self._there, request.url.path)
            request.url = request.url.copy_with(path=path)
        return await super().handle_async_request(request)


@contextlib.asynccontextmanager
async def witnessing() -> AsyncIterator[Witness]:
    """Run it on a free port."""
    pipe = asyncio.subprocess.PIPE
    keys = json.dumps([SECRET])
    process = await asyncio.create_subprocess_exec(
        "node", "serve.mjs", keys, cwd=HOME, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            url = (await process.stdout.readline()).decode().strip()
        assert url, "aimock did not start; see above"
        async with httpx2.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {SECRET}"},
            timeout=PATIENCE_S,
            verify=NO_TLS,
        ) as http:
            yield Witness(url, http)
    finally:
        process.stdin.close()  # it ends with its standard input, also when we are killed
        await process.wait()
