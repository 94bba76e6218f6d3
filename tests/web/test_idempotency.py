"""The same wish twice is one job; another wish under its key is refused."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.plain import NO_TLS
from tests.support.processes import Place, Server, serving

pytestmark = pytest.mark.on_either_database

ITEMS = {"items": [{"prompt": "x", "model": "local/dot"}]}
WISH = {"model": "local/dot", "inputs": {"prompt": "x"}}
SHEET = b"prompt\nx\n"
Ask = Callable[[Server, str, bool], httpx2.Response]


def batch(server: Server, key: str, other: bool) -> httpx2.Response:  # noqa: FBT001  # one of three alike
    body = {**ITEMS, "name": "other"} if other else ITEMS
    return server.http.post("/batch/images", json=body, headers={"Idempotency-Key": key})


def upload(server: Server, key: str, other: bool) -> httpx2.Response:  # noqa: FBT001  # see above
    content = SHEET + b"y\n" if other else SHEET
    return server.http.post(
        "/batch/upload",
        files={"file": ("a.csv", content)},
        data={"model": "local/dot"},
        headers={"Idempotency-Key": key},
    )


def generation(server: Server, key: str, other: bool) -> httpx2.Response:  # noqa: FBT001  # see above
    body = {**WISH, "inputs": {"prompt": "y"}} if other else WISH
    return server.http.post("/api/generations", json=body, headers={"Idempotency-Key": key})


def name(answer: httpx2.Response) -> Any:
    """Name what an answer is about."""
    return answer.json().get("batchId") or answer.json()["id"]


@pytest.mark.parametrize("ask", [batch, upload, generation])
def test_same_wish_is_answered_again(server: Server, ask: Ask) -> None:
    """The second answer names the same thing and says that it is a replay."""
    key = f"same-{ask.__name__}"
    first, second = ask(server, key, False), ask(server, key, False)
    assert first.status_code in (200, 202), first.text
    assert name(first) == name(second)
    assert "idempotent-replay" not in first.headers
    assert second.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("ask", [batch, upload, generation])
def test_other_wish_under_the_key_is_refused(server: Server, ask: Ask) -> None:
    """Another body under a used key is 409, and nothing comes of it."""
    key = f"other-{ask.__name__}"
    assert ask(server, key, False).is_success
    answer = ask(server, key, True)
    assert answer.status_code == 409
    assert answer.json()["code"] == "idempotency_mismatch"


@pytest.mark.parametrize("key", ["", "x" * 201, "\u00e9"])
def test_bad_key_is_refused_or_kept(server: Server, key: str) -> None:
    """A key of no or too many characters is named; a strange one is a key like any other."""
    answer = server.http.post(
        "/batch/images", json=ITEMS, headers={b"Idempotency-Key": key.encode()}
    )
    assert answer.status_code == (202 if len(key) == 1 else 422), answer.text


def test_twenty_at_once_make_one_job(tmp_path: Path, database_url: str) -> None:
    """Twenty clients send the same wish at the same moment: one job, named to all."""
    with serving(Place(tmp_path, database_url)) as server:
        names: list[Any] = []
        start = threading.Barrier(20)

        def send() -> None:
            with httpx2.Client(
                base_url=server.http.base_url, trust_env=False, verify=NO_TLS
            ) as http:
                start.wait()
                headers = {"Idempotency-Key": "one"}
                answer = http.post("/batch/images", json=ITEMS, headers=headers, timeout=60)
                assert answer.status_code == 202, answer.text
                names.append(name(answer))

        threads = [threading.Thread(target=send) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(names) == 20
        assert len(set(names)) == 1
        assert len(server.http.get("/api/jobs").json()["items"]) == 1
