"""A running job watched by 1,000 clients on one web process: CPU, memory, how late events are."""

import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime

from _measuring import Row, cpu_s, folder, options, rss_mb, show
from tests.support.processes import Place, Server, serving, stop

CONNECTS_AT_ONCE = 50


@dataclass
class Watch:
    """What one watcher heard; `precise` ones also measure how late it came."""

    precise: bool
    events: int = 0
    cuts: int = 0
    last: bytes = b"0"
    version: int = 0
    late_s: list[float] = field(default_factory=list)
    done: bool = False


async def watch(port: int, job: str, gate: asyncio.Semaphore, heard: Watch) -> None:
    """Follow a job to its end over bare sockets; come back as a browser does when cut off."""
    while not heard.done:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
            lines = (
                f"GET /progress/{job}?rows=0 HTTP/1.1",
                "Host: 127.0.0.1",
                f"Last-Event-ID: {heard.last.decode()}",
            )
            writer.write("\r\n".join((*lines, "", "")).encode())
            await reader.readline()
        try:
            await listen(reader, heard)
        except ConnectionError:
            heard.cuts += 1
        finally:
            writer.close()


async def listen(reader: asyncio.StreamReader, heard: Watch) -> None:
    """Read events until the end of the job or of the stream."""
    named = False
    while line := await reader.readline():
        if line.startswith(b"event: "):
            named = True
            heard.done = heard.done or line.startswith(b"event: done")
        elif line.startswith(b"id: "):
            heard.last = line[4:].strip()
        elif line.startswith(b"data: "):
            heard.events += 1
            if heard.precise and not named:
                state = json.loads(line[6:])
                new, heard.version = state["version"] != heard.version, state["version"]
                if state["status"] == "running" and new:
                    written = datetime.fromisoformat(state["updatedAt"]).timestamp()
                    heard.late_s.append(time.time() - written)
        elif line in {b"\n", b"\r\n"}:
            named = False
            if heard.done:
                return
    heard.cuts += 1


async def crowd(server: Server, job: str, count: int) -> list[Watch]:
    """Let `count` clients watch a job to its end."""
    heard = [Watch(precise=number % 20 == 0) for number in range(count)]
    gate = asyncio.Semaphore(CONNECTS_AT_ONCE)
    async with asyncio.timeout(300):
        await asyncio.gather(*(watch(server.port, job, gate, each) for each in heard))
    return heard


def measure(watchers: int, takes: int) -> Row:
    """Watch one job on a web process whose worker is another process."""
    from takes import database  # noqa: PLC0415  # starts nothing until it is used

    home = folder()
    url = database("postgresql", home)
    place = Place(home, url, {"CALLSHEET_LOG_LEVEL": "WARNING"})
    with serving(place, "web") as server:
        idle_mb = rss_mb(server.process.pid)
        job = server.submit(takes, "local/storyboard", size="256x256")
        worker = place.start("worker")
        before, began = cpu_s(server.process.pid), time.perf_counter()
        heard = asyncio.run(crowd(server, job, watchers))
        seconds = time.perf_counter() - began
        cpu = cpu_s(server.process.pid) - before
        busy_mb = rss_mb(server.process.pid)
        stop(worker)
    late = sorted(second for each in heard for second in each.late_s)
    events = sum(each.events for each in heard)
    return {
        "watchers": watchers,
        "all saw the end": all(each.done for each in heard),
        "cut off and back": sum(each.cuts for each in heard),
        "events": events,
        "events/s": events / seconds,
        "CPU of one core": cpu / seconds,
        "CPU µs/event": cpu / events * 1e6,
        "KB/watcher": (busy_mb - idle_mb) * 1024 / watchers,
        "late p50 ms": statistics.median(late) * 1_000,
        "late p99 ms": late[int(len(late) * 0.99)] * 1_000,
    }


def main() -> None:
    """Watch with a hundred and with a thousand."""
    chosen = options(__doc__ or "")
    sizes = ((20, 40),) if chosen.quick else ((100, 400), (1_000, 400))
    rows = [measure(watchers, takes) for watchers, takes in sizes]
    show("watchers of one running job", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
