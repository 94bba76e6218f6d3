"""Starts where a kernel or container does not give every lock on decoders, and where it does."""

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from callsheet.media.workers import probe
from tests.databases import unused_port
from tests.support.plain import NO_TLS
from tests.support.processes import Place, serving
from tests.support.warm import WarmProcess


def lacking(place: Place, *arguments: str) -> WarmProcess:
    return WarmProcess(
        arguments,
        folder=place.folder,
        environment=place.environment(),
        out=place.folder / "out",
        errors=place.folder / "errors",
        entry="tests.support.lacking:main",
    )


@pytest.mark.parametrize("command", ["web", "up", "worker"])
def test_start_is_refused_where_locks_are_missing_and_required(
    command: str, tmp_path: Path
) -> None:
    """`CALLSHEET_REQUIRE_LOCKDOWN=1` ends it with one line that names each missing lock."""
    place = Place(tmp_path, settings={"CALLSHEET_REQUIRE_LOCKDOWN": "1"})
    process = lacking(place, command)
    assert process.wait(60) == 1
    (line,) = (tmp_path / "errors").read_text().splitlines()
    assert "lockdown_missing" in line
    for words in ("no Landlock", "the network is not cut", "no seccomp"):
        assert words in line


def test_health_is_degraded_where_locks_are_missing(tmp_path: Path) -> None:
    """Before any picture was decoded, `/health` says so and names the lock."""
    port = unused_port()
    process = lacking(Place(tmp_path), "web", "--port", str(port))
    try:
        health = answered(f"http://127.0.0.1:{port}/health")
    finally:
        process.kill()
        process.wait()
    assert health["status"] == "degraded"
    assert "no seccomp" in health["checks"]["lockdown"]


async def test_required_locks_that_hold_let_it_start(tmp_path: Path) -> None:
    """Where every lock holds, the setting changes nothing, and `/health` is ok."""
    missing = (await probe(2 << 30)).missing
    if missing:
        pytest.skip(f"here {missing}")
    place = Place(tmp_path, settings={"CALLSHEET_REQUIRE_LOCKDOWN": "1"})
    with serving(place, "web") as server:
        health = server.http.get("/health").json()
    assert health["status"] == "ok"
    assert health["checks"]["lockdown"].startswith("limits, Landlock")


def answered(url: str) -> dict[str, Any]:
    with httpx2.Client(trust_env=False, verify=NO_TLS) as http:
        for _ in range(600):
            try:
                found: dict[str, Any] = http.get(url).json()
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return found
    raise AssertionError("it does not answer")
