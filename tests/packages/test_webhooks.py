"""Customers are told when jobs end: signed, until they take it, and never inside."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from tests.packages.hooks import Customer, customer
from tests.support.processes import Place, Server, serve, serving, stop, until

ITEM = {"prompt": "a red mug", "model": "local/dot", "size": "256x256"}


@pytest.fixture(scope="module")
def there() -> Iterator[Customer]:
    """Run a customer's server."""
    with customer() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, there: Customer) -> Iterator[Server]:
    """Run `callsheet up`, which may reach the customer's server and no other on loopback."""
    settings = {"CALLSHEET_FETCH_ALLOW": json.dumps([there.host])}
    with serving(Place(tmp_path_factory.mktemp("hooks"), settings=settings)) as running:
        yield running


def told(server: Server, url: str, **more: Any) -> dict[str, Any]:
    """Make a batch of which an address is told; what was answered."""
    body = {"items": [ITEM], "webhook": {"url": url, **more}}
    answer = server.http.post("/batch/images", json=body)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def log(server: Server, webhook: str) -> list[dict[str, Any]]:
    """Read what was sent to a webhook."""
    answer = server.http.get("/api/webhooks/deliveries", params={"webhook": webhook})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_the_end_of_a_batch_is_told_and_signed(server: Server, there: Customer) -> None:
    """Its message says how it ended; the standard's own library verifies it."""
    batch = told(server, there.url("/signed"))
    [got] = there.wait(1, "/signed")
    message = got.verified(batch["webhook"]["secret"])
    assert message["type"] == "job.succeeded"
    assert message["data"]["batchId"] == batch["batchId"]
    assert message["data"]["counts"]["succeeded"] == 1
    with pytest.raises(WebhookVerificationError):
        got.verified("whsec_" + "A" * 43 + "=")
    until(lambda: log(server, batch["webhook"]["id"])[0]["status"] == "delivered")


def test_a_secret_is_shown_once_and_sealed(server: Server, there: Customer) -> None:
    """A repeat of the request answers none, and the database does not hold it as it is."""
    body = {"items": [ITEM], "webhook": {"url": there.url("/once")}}
    ask = {"Idempotency-Key": "once"}
    first = server.http.post("/batch/images", json=body, headers=ask).json()
    again = server.http.post("/batch/images", json=body, headers=ask).json()
    assert first["batchId"] == again["batchId"]
    assert "webhook" not in again
    [got] = there.wait(1, "/once")
    got.verified(first["webhook"]["secret"])
    secret = first["webhook"]["secret"].removeprefix("whsec_").encode()
    files = [each for each in server.place.folder.rglob("callsheet.db*") if each.is_file()]
    assert files
    assert not any(secret in each.read_bytes() for each in files)


def test_own_secret_and_events(server: Server, there: Customer) -> None:
    """A customer may bring the secret; a batch that ends otherwise is not told."""
    secret = "whsec_" + "MTIz" * 10
    batch = told(server, there.url("/own"), secret=secret, events=["job.succeeded"])
    assert batch["webhook"]["secret"] == secret
    there.wait(1, "/own")[0].verified(secret)
    failed = told(server, there.url("/never"), events=["job.failed"])
    server.wait_for(failed["batchId"], ["succeeded"])
    assert log(server, failed["webhook"]["id"]) == []


@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        ({"url": "http://127.0.0.1:9/x"}, "webhook.url"),
        ({"url": "http://169.254.169.254/latest"}, "webhook.url"),
        ({"url": "ftp://example.com/"}, "webhook.url"),
        ({"url": ""}, "webhook.url"),
        ({"url": "https://example.com/", "secret": "whsec_short"}, "webhook.secret"),
    ],
)
def test_what_is_no_webhook_is_refused(server: Server, webhook: dict[str, str], field: str) -> None:
    """The field is named, a secret is not shown, and no batch begins."""
    before = server.http.get("/api/jobs").json()["items"]
    answer = server.http.post("/batch/images", json={"items": [ITEM], "webhook": webhook})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_webhook")
    assert answer.json()["errors"][0]["field"] == field
    assert "short" not in answer.text
    assert server.http.get("/api/jobs").json()["items"] == before


def test_refused_it_is_sent_again_under_the_same_id(server: Server, there: Customer) -> None:
    """After a 500 it comes again with the same id and body, and the log has both attempts."""
    there.answers[:] = [500]
    batch = told(server, there.url("/again"))
    first, second = there.wait(2, "/again")
    assert first.message == second.message
    assert first.body == second.body
    second.verified(batch["webhook"]["secret"])
    until(lambda: log(server, batch["webhook"]["id"])[0]["status"] == "delivered")
    [sent] = log(server, batch["webhook"]["id"])
    assert [each["answered"] for each in sent["attempts"]] == [500, 200]


def test_a_redirect_leads_nowhere(server: Server, there: Customer) -> None:
    """A redirect to a private address is no delivery, and nobody calls there."""
    there.answers[:] = [302]
    there.location = "http://127.0.0.1:1/private"
    try:
        batch = told(server, there.url("/moved"))
        there.wait(1, "/moved")
        until(lambda: log(server, batch["webhook"]["id"])[0]["attempts"])
        [sent] = log(server, batch["webhook"]["id"])
        assert sent["status"] == "pending"
        assert "redirects are not followed" in sent["attempts"][0]["error"]
    finally:
        there.location = ""
    again = server.http.post(f"/api/webhooks/deliveries/{sent['id']}/redeliver")
    assert again.status_code == 202
    first, second = there.wait(2, "/moved")
    assert first.message == second.message


def test_one_that_is_slow_or_down_holds_no_other_up(server: Server, there: Customer) -> None:
    """While one customer does not answer and another is not there, a third is told."""
    with customer() as gone:
        url = gone.url()
    there.hold.clear()
    try:
        slow = told(server, there.url("/slow"))
        there.wait(1, "/slow")
        assert server.http.post("/api/webhooks", json={"url": url}).status_code == 422
    finally:
        there.hold.set()
    quick = told(server, there.url("/quick"))
    there.wait(1, "/quick")
    until(lambda: log(server, quick["webhook"]["id"])[0]["status"] == "delivered")
    until(lambda: log(server, slow["webhook"]["id"])[0]["status"] == "delivered")


def test_a_workspace_is_told_of_every_job(server: Server, there: Customer) -> None:
    """One that is added hears of batches and of single generations, until it is removed."""
    answer = server.http.post("/api/webhooks", json={"url": there.url("/all")})
    assert answer.status_code == 201, answer.text
    webhook = answer.json()
    listed = server.http.get("/api/webhooks").json()["items"]
    assert [each["id"] for each in listed] == [webhook["id"]]
    assert "secret" not in listed[0]
    batch = server.submit(1)
    single = {
        "model": "local/storyboard",
        "inputs": {"prompt": "a mug", "width": 256, "height": 256},
    }
    assert server.http.post("/api/generations", json=single).status_code in {200, 202}
    messages = [each.verified(webhook["secret"]) for each in there.wait(2, "/all")]
    kinds = {message["data"]["kind"] for message in messages}
    assert kinds == {"batch", "single"}
    assert batch in {message["data"]["batchId"] for message in messages}
    shown = server.place.run("webhooks", "deliveries", "--json", "--webhook", webhook["id"])
    assert {each["job"] for each in json.loads(shown.stdout)} >= {batch}

    gone = server.place.run("webhooks", "remove", webhook["id"])
    assert gone.returncode == 0, gone.stderr
    assert server.http.get("/api/webhooks").json()["items"] == []
    deeds = [each["action"] for each in server.http.get("/api/admin/audit").json()["items"]]
    assert {"webhook.add", "webhook.remove"} <= set(deeds)


@pytest.mark.on_either_database
def test_a_kill_between_sending_and_writing_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> None:
    """Killed while the customer has the message and nobody wrote that down, it is sent again."""
    with customer() as there:
        settings = {"CALLSHEET_FETCH_ALLOW": json.dumps([there.host])}
        place = Place(tmp_path_factory.mktemp("killed"), database_url, settings)
        server = serve(place)
        there.hold.clear()
        batch = told(server, there.url())
        there.wait(1)
        server.kill()
        there.hold.set()
        server = serve(place)
        try:
            first, second = there.wait(2, timeout_s=90)
            assert first.message == second.message
            second.verified(batch["webhook"]["secret"])
            until(lambda: log(server, batch["webhook"]["id"])[0]["status"] == "delivered")
        finally:
            server.http.close()
            stop(server.process)
