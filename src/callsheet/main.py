"""`callsheet`: where a process begins. Starts the doors; nothing imports it."""

import asyncio
from typing import Annotated, Any

import typer

from callsheet.cli.app import app
from callsheet.cli.running import run_app
from callsheet.cli.session import opened
from callsheet.settings import Settings, read_settings
from callsheet.telemetry.logs import configure
from callsheet.worker.ending import end_soon
from callsheet.worker.service import work_until_stopped

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]


@app.command()
def up(host: Host = None, port: Port = None) -> None:
    """Run everything in one process: web server and worker."""
    asyncio.run(_serve(_service_settings(host=host, port=port), work=True))


@app.command()
def web(host: Host = None, port: Port = None) -> None:
    """Run a web server; workers run elsewhere."""
    asyncio.run(_serve(_service_settings(host=host, port=port), work=False))


@app.command()
def worker() -> None:
    """Run a worker; web servers run elsewhere."""
    settings = _service_settings()

    async def go() -> None:
        async with opened(settings) as cs:
            await cs.provider_keys.tell_broken_seals()
            await work_until_stopped(cs)

    asyncio.run(go())


def _service_settings(**flags: Any) -> Settings:
    settings = read_settings(**flags)
    configure(settings.log_level)
    return settings


async def _serve(settings: Settings, *, work: bool) -> None:
    # FastAPI costs 0.3 s that only servers should pay
    from callsheet.web.server import serve  # noqa: PLC0415

    async with opened(settings) as cs:
        with cs.shutdown.on_signals():
            await cs.provider_keys.tell_broken_seals()
            if work:
                async with cs.working(then=end_soon):
                    await serve(cs)
            else:
                async with cs.ordering():
                    await serve(cs)
                end_soon()


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 usage, 130 interrupted."""
    run_app(app)
