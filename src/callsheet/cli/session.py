"""A command's hold on the services: built, made ready, and let go at the end."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from callsheet.settings import Settings, read_settings
from callsheet.telemetry.logs import configure
from callsheet.wiring import Callsheet, build

T = TypeVar("T")
_NEW_OBJECTS: Final = 20_000  # before the collector looks through them; Python's own is 700


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Callsheet]:
    """Build the services and make them ready. Raises LoopBrokenError."""
    cs = await build(settings)
    try:
        async with cs.loops.guarding():
            await cs.ready()
            _collect_less()
            yield cs
    finally:
        await cs.close()


def _collect_less() -> None:
    """Spare the garbage collector what stays for good: it took a tenth of the event loop's time.

    What a request or a round leaves behind hardly ever has circles in it.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)


def settings_for_command(**flags: Any) -> Settings:
    """Read the settings for a command that people watch: logs only when they matter."""
    settings = read_settings(**flags)
    asked = os.environ.get("CALLSHEET_LOG_LEVEL", "").strip()
    configure(settings.log_level if asked else "ERROR")
    return settings


def run_command(work: Callable[[Callsheet], Coroutine[Any, Any, T]], **flags: Any) -> T:
    """Run a command's coroutine over opened services."""
    settings = settings_for_command(**flags)

    async def go() -> T:
        async with opened(settings) as cs:
            return await work(cs)

    return asyncio.run(go())
