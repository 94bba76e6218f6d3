"""The catalog: what 10, 100 and 1,000 cards cost at start, and what an order costs outside HTTP.

Each start is a process of its own, which makes the catalog and reads one card; what importing
callsheet costs without it is taken off. An order is worded, priced and sent by an adapter over a
transport that answers at once.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Final

import httpx2
from _measuring import Row, folder, options, show

from callsheet.catalog.registry import FolderCatalog
from callsheet.kernel.ids import TakeId
from callsheet.ports.hosted import HostedOrder
from callsheet.ports.keys import ProviderKey
from callsheet.providers.runway import Runway

SOURCE: Final = Path(__file__).parents[1] / "src/callsheet/catalog/models/fal/flux_schnell.py"
START: Final = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import callsheet.ports.models, callsheet.catalog.registry as registry
began = time.process_time()
catalog = registry.FolderCatalog("bench_models")
start = time.process_time() - began
catalog.card("acme/model-0")
first = time.process_time() - began - start
catalog.cards()
print(json.dumps([start, first, time.process_time() - began - start - first]))
"""


def cards(home: Path, count: int) -> None:
    """Write a folder of so many cards."""
    place = home / "bench_models" / "acme"
    place.mkdir(parents=True)
    for folder_ in (place, place.parent):
        (folder_ / "__init__.py").write_text("")
    source = SOURCE.read_text()
    for number in range(count):
        text = source.replace("fal/flux-schnell", f"acme/model-{number}")
        (place / f"model_{number}.py").write_text(text)


def started(home: Path) -> list[float]:
    """Start a process with those cards; CPU ms of the catalog, of its first card, of all."""
    command = [sys.executable, "-c", textwrap.dedent(START), str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [seconds * 1_000 for seconds in json.loads(done.stdout)]


def starts(count: int, repeats: int) -> Row:
    """Measure starts with so many cards; the first one, which compiles them, does not count."""
    home = folder()
    cards(home, count)
    started(home)
    measured = [started(home) for _ in range(repeats)]
    start, first, every = (statistics.median(column) for column in zip(*measured, strict=True))
    return {"cards": count, "start ms": start, "first card ms": first, "all cards ms": every}


async def orders(count: int) -> Row:
    """Word, price and send orders; CPU ms of each beside the bare HTTP client's."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"id": "t1", "estimatedCost": {"credits": 5}})

    card = FolderCatalog().card("runway/gen4-image")
    base = "https://api.dev.runwayml.com"
    async with httpx2.AsyncClient(base_url=base, transport=httpx2.MockTransport(answer)) as http:
        provider = Runway(http, settles_s=60, pace=Runway.PACE)
        began = time.process_time()
        for number in range(count):
            inputs = card.inputs.model_validate({"prompt": f"frame {number}"})
            card.price(inputs)
            order = HostedOrder(
                TakeId(f"tk_{number}"), ProviderKey("k"), card.payload(inputs), None, 20, 600
            )
            await provider.submit(order)
        ours = time.process_time() - began
        began = time.process_time()
        for number in range(count):
            body = {"model": "gen4_image", "promptText": f"frame {number}"}
            async with http.stream("POST", "/v1/text_to_image", json=body) as response:
                await response.aread()
        bare = time.process_time() - began
    outside = max((ours - bare) / count * 1_000, 0.001)
    return {"order": "card and adapter", "CPU ms": outside, "bare client ms": bare / count * 1_000}


def main() -> None:
    """Measure starts, then orders."""
    chosen = options(__doc__ or "")
    sizes, repeats = ((10, 100), 1) if chosen.quick else ((10, 100, 1_000), 7)
    show("catalog start", [starts(size, repeats) for size in sizes], as_json=chosen.json)
    count = 200 if chosen.quick else 5_000
    show("an order outside HTTP", [asyncio.run(orders(count))], as_json=chosen.json)


if __name__ == "__main__":
    main()
