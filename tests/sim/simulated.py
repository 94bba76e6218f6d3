"""A simulated Replicate on a real port, a client for it, and somebody who takes its webhooks."""

import asyncio
import contextlib
import io
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.replicate import create_app
from tests.support.plain import NO_TLS

SCHNELL = "black-forest-labs/flux-schnell"
KONTEXT = "black-forest-labs/flux-kontext-pro"
TOKEN = "r8_sim"
PATIENCE_S = 20.0


@contextlib.asynccontextmanager
async def serving(app: Starlette, certificate: Path | None = None) -> AsyncIterator[str]:
    """Serve an application on a free port of 127.0.0.1; gives its address.

    With a certificate (for localhost, its key in the same file) it is served over https.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # asyncio forgets it on a listener it is handed, and Nagle costs 40 ms an answer
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        config = uvicorn.Config(app, log_level="error", access_log=False, ssl_certfile=certificate)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        try:
            yield f"https://localhost:{port}" if certificate else f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


@dataclass
class Received:
    """One webhook as it came."""

    headers: dict[str, str]
    body: bytes
    prediction: dict[str, Any]


@dataclass
class Receiver:
    """Takes webhooks; the first `refusals` of them get a 503."""

    refusals: int = 0
    received: list[Received] = field(default_factory=list)
    url: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        """Take one."""
        body = await request.body()
        told = await request.json()
        self.received.append(Received(dict(request.headers), body, told))
        self.arrived.set()
        if self.refusals:
            self.refusals -= 1
            return Response(status_code=503)
        return Response(status_code=200)

    async def until(self, count: int) -> list[Received]:
        """Wait for so many."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.received) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.received


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Listen for webhooks."""
    receiver = Receiver()
    routes = [Route("/hooks/{take}", receiver.take, methods=["POST"])]
    async with serving(Starlette(routes=routes)) as url:
        receiver.url = f"{url}/hooks"
        yield receiver


@dataclass
class Simulated:
    """A client of the simulator, and its conditions."""

    http: httpx2.AsyncClient
    conditions: Conditions

    async def ask(
        self,
        prompt: str = "a lighthouse",
        model: str = SCHNELL,
        headers: dict[str, str] | None = None,
        webhook: dict[str, Any] | None = None,
        **inputs: Any,
    ) -> httpx2.Response:
        """Ask for a prediction."""
        body = {"input": {"prompt": prompt, **inputs}, **(webhook or {})}
        return await self.http.post(f"/v1/models/{model}/predictions", json=body, headers=headers)

    async def made(self, prompt: str = "a lighthouse", **more: Any) -> dict[str, Any]:
        """Ask for a prediction and wait until it has ended."""
        headers = {"prefer": "wait", **more.pop("headers", {})}
        answer = await self.ask(prompt, headers=headers, **more)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def told(self, prediction_id: str) -> dict[str, Any]:
        """Read a prediction."""
        answer = await self.http.get(f"/v1/predictions/{prediction_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def becomes(self, prediction_id: str, status: str) -> dict[str, Any]:
        """Wait until a prediction has a status."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.told(prediction_id)
                if found["status"] == status:
                    return found
                await asyncio.sleep(0.01)

    async def ledger(self) -> dict[str, Any]:
        """Read the book."""
        book: dict[str, Any] = (await self.http.get("/_admin/ledger")).json()
        return book

    async def arrange(self, **order: Any) -> None:
        """Arrange faults."""
        answer = await self.http.post("/_admin/faults", json=order)
        assert answer.status_code == 200, answer.text

    async def change(self, **conditions: Any) -> None:
        """Change conditions."""
        answer = await self.http.post("/_admin/conditions", json=conditions)
        assert answer.status_code == 200, answer.text


def quick(**changes: Any) -> Conditions:
    """Make conditions in which everything is done at once, without limits."""
    conditions = Conditions(wall=time.time, creates_per_minute=0, others_per_minute=0)
    conditions.change({"queue_s": 0, "run_s": {"*": 0}, **changes})
    return conditions


@contextlib.asynccontextmanager
async def simulating(conditions: Conditions, **options: Any) -> AsyncIterator[Simulated]:
    """Serve a simulator under some conditions."""
    async with serving(create_app(conditions, **options)) as url:
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with httpx2.AsyncClient(
            base_url=url, headers=headers, timeout=PATIENCE_S, verify=NO_TLS
        ) as http:
            yield Simulated(http, conditions)


def picture(width: int, height: int) -> bytes:
    """Make a small PNG."""
    into = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(into, "PNG")
    return into.getvalue()
