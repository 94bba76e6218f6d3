"""The simulated Replicate's webhooks are signed, sent again and spoilt as they should be."""

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest

from tests.sim.simulated import Received, Receiver, Simulated, quick, simulating

ALL_EVENTS = ["start", "output", "logs", "completed"]


def signed(received: Received, secret: str) -> bool:
    """Check a signature as Replicate's documents say it is made."""
    headers = received.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{made}" in headers["webhook-signature"].split(" ")


async def secret_of(sim: Simulated) -> str:
    """Read the secret as clients do."""
    key: str = (await sim.http.get("/v1/webhooks/default/secret")).json()["key"]
    return key


def hook(receiver: Receiver, *events: str) -> dict[str, Any]:
    """Ask for webhooks."""
    told = {"webhook": f"{receiver.url}/tk_0123456789abcdefghjk"}
    return {**told, "webhook_events_filter": list(events)} if events else told


def statuses(received: list[Received]) -> list[str]:
    """Read what webhooks told."""
    return [one.prediction["status"] for one in received]


async def test_webhooks_are_signed_predictions(sim: Simulated, receiver: Receiver) -> None:
    """A webhook's body is the prediction itself, signed with the secret the API tells."""
    made = await sim.made(webhook=hook(receiver, "completed"))
    (received,) = await receiver.until(1)
    assert received.prediction == await sim.told(made["id"])
    assert signed(received, await secret_of(sim))
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60


async def test_own_secrets_sign() -> None:
    """A secret given at the start is the one that is told."""
    secret = "whsec_" + base64.b64encode(b"a secret of our own").decode()
    async with simulating(quick(), webhook_secret=secret) as sim:
        assert await secret_of(sim) == secret


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([], ["processing", "succeeded"]),
        (["start"], ["processing"]),
        (ALL_EVENTS, ["processing", "processing", "processing", "succeeded"]),
    ],
)
async def test_events_are_chosen(
    sim: Simulated, receiver: Receiver, events: list[str], told: list[str]
) -> None:
    """Only what was asked for is sent; without a filter, outputs and the end."""
    await sim.made(webhook=hook(receiver, *events))
    await sim.made(webhook=hook(receiver, "completed"))
    received = await receiver.until(len(told) + 1)
    assert sorted(statuses(received)) == sorted([*told, "succeeded"])
    outputs = [one.prediction["output"] is not None for one in received]
    assert any(outputs)


async def test_only_the_end_is_sent_again(receiver: Receiver) -> None:
    """A refused end comes again with the same id until it is taken; a refused start does not."""
    async with simulating(quick(webhook_retry_s=0.01)) as sim:
        receiver.refusals = 1
        await sim.made("[[sim: run=0.2]]", webhook=hook(receiver, "start"))
        receiver.refusals = 3
        await sim.made(webhook=hook(receiver, "completed"))
        received = await receiver.until(5)
    assert statuses(received) == ["processing", *["succeeded"] * 4]
    assert len({one.headers["webhook-id"] for one in received[1:]}) == 1


async def test_nobody_is_asked_forever(receiver: Receiver) -> None:
    """After six more tries the end of a prediction is told no more."""
    async with simulating(quick(webhook_retry_s=0.001)) as sim:
        receiver.refusals = 7
        await sim.made(webhook=hook(receiver, "completed"))
        await receiver.until(7)
        await sim.made(webhook=hook(receiver, "completed"))
        received = await receiver.until(8)
        state = (await sim.http.get("/_admin/state")).json()
    assert len({one.prediction["id"] for one in received}) == 2
    assert state["webhooks"]["refused"] == 7
    assert state["appointments"] == 0


async def test_duplicates_share_their_id(sim: Simulated, receiver: Receiver) -> None:
    """A duplicate is the same message again."""
    await sim.made("[[sim: webhook=duplicate]]", webhook=hook(receiver, "completed"))
    first, second = await receiver.until(2)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_disorder_tells_the_end_first(sim: Simulated, receiver: Receiver) -> None:
    """Disordered webhooks begin with the end."""
    await sim.made("[[sim: webhook=disordered]]", webhook=hook(receiver, "start", "completed"))
    assert statuses(await receiver.until(2)) == ["succeeded", "processing"]


async def test_late_webhooks_come_after_the_answer(sim: Simulated, receiver: Receiver) -> None:
    """A late webhook comes after one of a prediction that was made later."""
    late = await sim.made("[[sim: webhook_late=0.5]]", webhook=hook(receiver, "completed"))
    soon = await sim.made(webhook=hook(receiver, "completed"))
    received = await receiver.until(2)
    assert [one.prediction["id"] for one in received] == [soon["id"], late["id"]]


async def test_lost_webhooks_never_come(sim: Simulated, receiver: Receiver) -> None:
    """A lost webhook does not come before that of a later prediction, nor is it waiting."""
    await sim.made("[[sim: webhook=lost]]", webhook=hook(receiver, "completed"))
    kept = await sim.made(webhook=hook(receiver, "completed"))
    received = await receiver.until(1)
    assert [one.prediction["id"] for one in received] == [kept["id"]]


async def test_webhooks_nobody_should_believe(sim: Simulated, receiver: Receiver) -> None:
    """Forged, replayed and strangers' webhooks come beside the true one, each wrong in its way."""
    prompt = "[[sim: error=nsfw, webhook=forged+replayed+stranger]]"
    made = await sim.made(prompt, webhook=hook(receiver, "completed"))
    received = await receiver.until(4)
    secret = await secret_of(sim)
    forged = [one for one in received if not signed(one, secret)]
    old = [one for one in received if int(one.headers["webhook-timestamp"]) < time.time() - 3_000]
    strange = [one for one in received if one.prediction["id"] != made["id"]]
    assert statuses(forged) == ["succeeded"]
    assert statuses(old) == ["failed"]
    assert len(strange) == 1
    assert all(signed(one, secret) for one in (*old, *strange))


async def test_a_clock_that_is_off_signs_off(sim: Simulated, receiver: Receiver) -> None:
    """With its clock ten minutes ahead, timestamps are too, and signatures still fit them."""
    await sim.change(clock_offset_s=600)
    made = await sim.made(webhook=hook(receiver, "completed"))
    (received,) = await receiver.until(1)
    assert int(received.headers["webhook-timestamp"]) > time.time() + 500
    assert signed(received, await secret_of(sim))
    assert made["created_at"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 500))


@pytest.mark.parametrize(
    "order",
    [
        {"webhook": "ftp://example.com/x"},
        {"webhook": "nowhere"},
        {"webhook": 7},
        {"webhook": "https://example.com", "webhook_events_filter": ["done"]},
    ],
)
async def test_webhooks_that_cannot_be_sent_are_refused(
    sim: Simulated, order: dict[str, Any]
) -> None:
    """A webhook that is no address, or an unknown event, is an input error."""
    answer = await sim.ask(webhook=order)
    assert answer.status_code == 422
    assert answer.json()["invalid_fields"][0]["field"].startswith("webhook")
