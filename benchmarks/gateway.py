"""Single generations per second, beside what LiteLLM's proxy relays, in front of one provider.

The provider answers at once, with a picture of its own for each order, and counts the orders. Both
gateways are asked by the same clients in one run. LiteLLM relays: it writes nothing down, looks at
no picture and stores none. callsheet holds the money, writes the order down, stores the picture and
charges before it answers, and examines after.

LiteLLM is installed into an environment of its own by pip, which is gone afterwards; where that
does not work it is left out, with a word. `LITELLM_PYTHON` names one that is there already.
"""

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from _measuring import Row, cpu_s, folder, options, peak_mb, show
from tests.databases import unused_port
from tests.support.processes import Place, serve, stop

from takes import database

HELPER = Path(__file__).with_name("_gateway.py")
KEY = "sk-of-the-benchmark"
OURS = {
    "model": "openai/gpt-image-2",
    "inputs": {"prompt": "@prompt"},
    "run_mode": "live",
    "wait_s": 60,
}
THEIRS = {"model": "gpt-image", "prompt": "@prompt", "size": "1024x1024"}
INSTALL_S = 420


@contextmanager
def providing() -> Iterator[int]:
    """Run the provider; its port."""
    port = unused_port()
    process = subprocess.Popen([sys.executable, HELPER, "provider", str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}/count", 20)
        yield port
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, seconds: float) -> None:
    """Wait until something answers there. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while True:
        try:
            httpx2.get(url, timeout=5, trust_env=False)
        except httpx2.TransportError:
            if time.monotonic() > until:
                raise TimeoutError(url) from None
            time.sleep(0.1)
        else:
            return


def orders(provider: int) -> int:
    """Count the orders that the provider had."""
    answer = httpx2.get(f"http://127.0.0.1:{provider}/count", timeout=10, trust_env=False)
    return int(answer.text)


@dataclass(frozen=True)
class Run:
    """With how many clients a gateway is measured, one count after the other, and how long."""

    counts: Sequence[int]
    seconds: float


@dataclass(frozen=True)
class Gateway:
    """A running gateway, and how it is asked."""

    name: str
    processes: Sequence[int]
    ports: Sequence[int]
    path: str
    body: Mapping[str, Any]


def ask(gateway: Gateway, clients: int, seconds: float) -> Any:
    """Let clients ask; what came of it."""
    headers = {"Authorization": f"Bearer {KEY}"} if gateway.path.startswith("/v1/") else {}
    asked = {
        "ports": list(gateway.ports),
        "path": gateway.path,
        "body": gateway.body,
        "headers": headers,
    }
    given = json.dumps({**asked, "clients": clients, "seconds": seconds})
    done = subprocess.run(
        [sys.executable, HELPER, "clients", given], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def measure(gateway: Gateway, provider: int, clients: int, seconds: float) -> Row:
    """Measure a gateway with so many clients; each answer must be one order at the provider."""
    before, had = sum(map(cpu_s, gateway.processes)), orders(provider)
    answers = ask(gateway, clients, seconds)
    made = orders(provider) - had
    assert answers["failed"] == 0, answers
    assert made == answers["answers"], f"{made} orders for {answers['answers']} answers"
    return {
        "gateway": gateway.name,
        "clients": clients,
        "answers/s": answers["per_s"],
        "median ms": answers["median_ms"],
        "p99 ms": answers["p99_ms"],
        "CPU ms/answer": (sum(map(cpu_s, gateway.processes)) - before) / max(made, 1) * 1_000,
        "orders": made,
        "peak MB": max(map(peak_mb, gateway.processes)),
    }


def callsheet(kind: str, webs: int, provider: int, run: Run) -> list[Row]:
    """Measure callsheet: all in one process, or so many web servers beside a worker."""
    home = folder()
    settings = {
        "CALLSHEET_PROVIDER_OPENAI_BASE_URL": f"http://127.0.0.1:{provider}",
        "OPENAI_API_KEY": KEY,
        "CALLSHEET_LOG_LEVEL": "INFO",
    }
    place = Place(home, database(kind, home), settings, cold=True)
    with ExitStack() as stack:
        servers = []
        for command in ["web"] * webs or ["up"]:
            servers.append(serve(place, command))
            stack.callback(stop, servers[-1].process)
            stack.callback(servers[-1].http.close)
        if webs:
            stack.callback(stop, place.start("worker"))
        name = f"callsheet, {kind}" + (f", {webs} web servers" if webs else "")
        processes = [server.process.pid for server in servers]
        ports = [server.port for server in servers]
        gateway = Gateway(name, processes, ports, "/api/generations", OURS)
        ask(gateway, len(ports), 1.0)
        return [measure(gateway, provider, count, run.seconds) for count in run.counts]


def installed(into: Path) -> Path | None:
    """Install LiteLLM's proxy into an environment of its own; its Python, None if that fails."""
    given = os.environ.get("LITELLM_PYTHON")
    if given:
        return Path(given)
    venv.create(into, with_pip=True)
    python = into / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "litellm[proxy]"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        print("LiteLLM is left out: pip took too long", file=sys.stderr)
        return None
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:]
        print(f"LiteLLM is left out, because pip failed: {said}", file=sys.stderr)
        return None
    return python


@contextmanager
def relaying(python: Path, home: Path, provider: int) -> Iterator[tuple[int, int]]:
    """Run LiteLLM's proxy with one worker; its process and port."""
    config = home / "litellm.yaml"
    base = f"http://127.0.0.1:{provider}/v1"
    model = {"model": "openai/gpt-image-1", "api_base": base, "api_key": KEY}
    listed = [{"model_name": "gpt-image", "litellm_params": model}]
    config.write_text(json.dumps({"model_list": listed}))
    port = unused_port()
    with (home / "litellm.log").open("w") as log:
        process = subprocess.Popen(
            [python.with_name("litellm"), "--config", config, "--port", str(port)],
            stdout=log,
            stderr=log,
            cwd=home,
            env={**os.environ, "LITELLM_LOG": "ERROR", "NO_PROXY": "127.0.0.1"},
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health/liveliness", 120)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(30)


def litellm(provider: int, run: Run) -> list[Row]:
    """Measure LiteLLM's proxy, if it can be had."""
    home = folder()
    python = installed(home / "venv")
    if python is None:
        return []
    with relaying(python, home, provider) as (process, port):
        gateway = Gateway("LiteLLM", [process], [port], "/v1/images/generations", THEIRS)
        ask(gateway, 1, 1.0)
        return [measure(gateway, provider, count, run.seconds) for count in run.counts]


def main() -> None:
    """Measure all gateways in front of one provider."""
    chosen = options(__doc__ or "")
    run = Run((4,), 1.0) if chosen.quick else Run((1, 16, 64), 10.0)
    rows: list[Row] = []
    with ExitStack() as stack:
        provider = stack.enter_context(providing())
        rows += callsheet("sqlite", 0, provider, run)
        if not chosen.quick:
            rows += callsheet("postgresql", 2, provider, run)
            rows += litellm(provider, run)
    show("single generations", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
