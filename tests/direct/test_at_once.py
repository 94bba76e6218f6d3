"""A single generation goes out from where it was asked: once, within limits and budgets."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from callsheet.takes.tables import TAKES
from tests.direct.places import (
    at,
    check_books,
    directly,
    engine_works,
    events,
    post,
    rows,
    settled,
    wish,
    with_a_worker,
)
from tests.fakes.at_once import SPOILT, AtOnceFake
from tests.fakes.serving import Fault, served
from tests.support.processes import serving, stop

PRICE = 53_070  # micro-dollars, of what the fake counts, and of its quote


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[AtOnceFake]:
    """Run a provider that answers at once."""
    with served(AtOnceFake(tmp_path / "orders.jsonl")) as running:
        assert isinstance(running, AtOnceFake)
        yield running


def test_answer_holds_what_was_made(tmp_path: Path, database_url: str, fake: AtOnceFake) -> None:
    """One request is answered with the picture, charged and told, without a work of the engine."""
    place = at(tmp_path / "here", database_url, fake)
    with directly(place) as server:
        before = engine_works(database_url)
        answer = post(server.http, wish("a mug"))
        assert answer.status_code == 200, answer.text
        take = answer.json()
        assert (take["status"], take["attempts"]) == ("succeeded", 1)
        assert server.http.get(take["assets"][0]["url"]).content.startswith(b"\x89PNG")
        assert take == {**server.http.get(f"/api/generations/{take['id']}").json()} | {
            "assets": take["assets"]
        }
        state = server.http.get(f"/batch/{take['job']}").json()
        assert (state["status"], state["stage"]) == ("succeeded", "done")
        told = events(server.http, take["job"])
        assert told.index('"ordered"') < told.index('"kind":"finished"') < told.index("event: done")
        assert engine_works(database_url) == before
    assert fake.count("a mug") == 1
    check_books(database_url, fake)


def test_picture_is_examined_after_its_answer(tmp_path: Path, database_url: str) -> None:
    """It gets its thumbnail; one that proves to be none is told by take, journal and link."""
    with served(AtOnceFake(tmp_path / "orders.jsonl")) as fake:
        assert isinstance(fake, AtOnceFake)
        place = at(tmp_path / "here", database_url, fake)
        with directly(place) as server:
            good = post(server.http, wish("a mug")).json()
            bad = post(server.http, wish(f"a {SPOILT} mug")).json()
            assert good["status"] == bad["status"] == "succeeded"
            until = time.monotonic() + 30
            while not good["assets"][0]["thumbnail"] or not bad["error"]:
                assert time.monotonic() < until, (good, bad)
                time.sleep(0.1)
                good, bad = (
                    server.http.get(f"/api/generations/{take['id']}").json() for take in (good, bad)
                )
            shown = server.http.get(good["assets"][0]["thumbnail"])
            assert shown.headers["content-type"] == "image/jpeg"
            assert bad["error"]["code"] == "unreadable_picture"
            assert "cannot be read" in bad["note"]
            link = server.http.get(bad["assets"][0]["url"])
            assert (link.status_code, link.json()["code"]) == (409, "asset_unreadable")
            assert "unreadable_picture" in events(server.http, bad["job"])
        check_books(database_url, fake)


def test_same_key_is_one_order_on_any_server(
    tmp_path: Path, postgres_url: str, fake: AtOnceFake
) -> None:
    """Twenty equal requests at two servers at the same time: one order, one take for all."""
    place = at(tmp_path / "here", postgres_url, fake)
    data = str(tmp_path / "here" / "data")
    other = at(tmp_path / "there", postgres_url, fake, CALLSHEET_DATA_DIR=data)
    with directly(place) as first, directly(other) as second, ThreadPoolExecutor(20) as pool:
        post(first.http, wish("warm")), post(second.http, wish("warm too"))
        servers = [first, second] * 10
        answers = list(pool.map(lambda each: post(each.http, wish("once"), "k"), servers))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
        refused = post(second.http, wish("another"), "k")
        assert refused.json()["code"] == "idempotency_mismatch"
    assert fake.count("once") == 1
    assert fake.count("another") == 0
    check_books(postgres_url, fake)


def test_budget_is_reached_and_never_passed(
    tmp_path: Path, database_url: str, fake: AtOnceFake
) -> None:
    """Of 64 at the same time as many go out as the budget covers, to the last; 402 for the rest."""
    place = at(tmp_path / "here", database_url, fake, CALLSHEET_DAILY_BUDGET_USD="0.5307")
    with directly(place) as server, ThreadPoolExecutor(64) as pool:
        wishes = [wish(f"frame {number}") for number in range(64)]
        answers = list(pool.map(lambda each: post(server.http, each), wishes))
        assert Counter(answer.status_code for answer in answers) == {200: 10, 402: 54}
    assert len(fake.logged()) == 10
    assert sum(take["charged"] for take in rows(database_url, TAKES)) == 10 * PRICE
    assert len(rows(database_url, TAKES)) == 10
    check_books(database_url, fake)


def test_refused_key_may_be_used_again(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """What no budget covered was not written: under the same key it is made when there is money."""
    place = at(tmp_path / "here", sqlite_url, fake, CALLSHEET_DAILY_BUDGET_USD="0.01")
    with directly(place) as server:
        assert post(server.http, wish("a mug"), "k").status_code == 402
        raised = {"scope": "day", "limit_usd": "10"}
        assert server.http.put("/api/money/budgets", json=raised).status_code < 300
        assert post(server.http, wish("a mug"), "k").status_code == 200
    check_books(sqlite_url, fake)


def test_limits_of_a_provider_hold(tmp_path: Path, database_url: str, fake: AtOnceFake) -> None:
    """What is more than may go out in a minute waits, as any other take does."""
    place = at(tmp_path / "here", database_url, fake, CALLSHEET_PROVIDER_OPENAI_PER_MINUTE="5")
    with directly(place) as server, ThreadPoolExecutor(12) as pool:
        wishes = [wish(f"frame {number}", wait_s=2) for number in range(12)]
        answers = list(pool.map(lambda each: post(server.http, each), wishes))
        assert {answer.status_code for answer in answers} == {200, 202}
        time.sleep(1)
        assert len(fake.logged()) == 5
        waiting = [answer.json() for answer in answers if answer.status_code == 202]
        assert {take["status"] for take in waiting} == {"quoted"}
    check_books(database_url, fake)


def test_nothing_goes_to_a_provider_that_is_off(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """It waits with its reason; on again, it is made."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with directly(place) as server:
        assert place.run("providers", "off", "openai").returncode == 0
        answer = post(server.http, wish("a mug", wait_s=1))
        assert answer.status_code == 202
        assert fake.logged() == []
        assert place.run("providers", "on", "openai").returncode == 0
        assert settled(server.http, answer.json()["id"])["status"] == "succeeded"
    check_books(sqlite_url, fake)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.LOST_AFTER, "in_doubt"),
        (Fault.LOST_BEFORE, "in_doubt"),
        (Fault.FAILED_AFTER, "in_doubt"),
        (Fault.BUSY_BEFORE, "succeeded"),
        (Fault.SLOW_AFTER, "succeeded"),
    ],
)
def test_others_take_over_what_is_not_answered_at_once(
    tmp_path: Path, database_url: str, fake: AtOnceFake, fault: Fault, status: str
) -> None:
    """A lost answer is a person's, a busy provider is asked again; nothing is ordered twice."""
    fake.settles_s = 6
    place = at(tmp_path / "here", database_url, fake)
    with directly(place) as server, with_a_worker(place):
        assert post(server.http, wish("first")).status_code == 200
        fake.faults.append(fault)
        answer = post(server.http, wish("second", wait_s=0.2))
        assert answer.status_code in (200, 202)
        assert settled(server.http, answer.json()["id"])["status"] == status
    check_books(database_url, fake)


def test_client_that_hangs_up_loses_nothing(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """Its order goes on; asked again under its key, it is answered with what was made."""
    fake.waits_s = 0.5
    place = at(tmp_path / "here", sqlite_url, fake)
    with directly(place) as server:
        request = httpx2.Request(
            "POST",
            f"http://127.0.0.1:{server.port}/api/generations",
            json=wish("a mug"),
            headers={"Idempotency-Key": "k"},
        )
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join(["POST /api/generations HTTP/1.1", *lines, "", ""]).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(head + request.read())
            until = time.monotonic() + 20
            while not fake.logged():
                assert time.monotonic() < until
                time.sleep(0.01)
        again = post(server.http, wish("a mug"), "k")
        assert (again.status_code, again.json()["status"]) == (200, "succeeded")
        assert again.headers["Idempotent-Replay"] == "true"
    assert fake.count("a mug") == 1
    check_books(sqlite_url, fake)


def test_what_is_on_its_way_arrives_when_the_process_is_stopped(
    tmp_path: Path, database_url: str, fake: AtOnceFake
) -> None:
    """Told to stop with an order out, it waits for the answer and writes it down."""
    place = at(tmp_path / "here", database_url, fake)
    with directly(place) as server:
        assert post(server.http, wish("first")).status_code == 200
        fake.waits_s = 1.0
        asked = post(server.http, wish("second", wait_s=0)).json()
        until = time.monotonic() + 20
        while fake.count("second") == 0:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert stop(server.process) == 0
    [take] = [row for row in rows(database_url, TAKES) if row["id"] == asked["id"]]
    assert take["status"] == "succeeded"
    check_books(database_url, fake)


def test_nothing_is_sent_while_the_store_is_away(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """What the store does not know is not ordered; it is, when the store is back."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with serving(place) as server:
        assert post(server.http, wish("first")).status_code == 200
        [drafts] = (tmp_path / "here").rglob(".tmp")
        store, aside = drafts.parent, tmp_path / "aside"
        store.rename(aside)
        answer = post(server.http, wish("second", wait_s=1))
        assert answer.status_code == 202, answer.text
        time.sleep(1)
        assert fake.count("second") == 0
        aside.rename(store)
        assert settled(server.http, answer.json()["id"])["status"] == "succeeded"
    assert fake.count("second") == 1
    check_books(sqlite_url, fake)


def test_customers_are_told_of_each(tmp_path: Path, database_url: str, fake: AtOnceFake) -> None:
    """The commit that ends a generation holds what its workspace's webhook is to be told."""
    nobody = "127.0.0.1:9"  # what is told is read from the log
    place = at(tmp_path / "here", database_url, fake, CALLSHEET_FETCH_ALLOW=f'["{nobody}"]')
    with directly(place) as server:
        hook = {"url": f"http://{nobody}/hook", "events": ["job.succeeded"]}
        assert server.http.post("/api/webhooks", json=hook).status_code == 201
        take = post(server.http, wish("a mug")).json()
        assert take["status"] == "succeeded"
        [sent] = server.http.get("/api/webhooks/deliveries").json()["items"]
    told = json.loads(sent["body"])
    assert (sent["job"], told["type"]) == (take["job"], "job.succeeded")
    assert told["data"]["status"] == "succeeded"
    assert told["data"]["counts"]["succeeded"] == 1
    assert told["data"]["cost"]["charged"] == take["charged"]
    assert told["data"]["finishedAt"] is not None
