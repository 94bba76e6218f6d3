"""The simulated Replicate goes wrong exactly as it is told, and its book stays right."""

import io
import json
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.sim.simulated import KONTEXT, SCHNELL, TOKEN, Simulated, quick, simulating


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("fail_before_accept=500", 500),
        ("fail=503", 503),
        ("throttle=3", 429),
        ("throttle_bare=3", 429),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("no_credit", 402),
        ("withdrawn", 404),
        ("refuse", 422),
        ("refuse_reference", 422),
    ],
)
async def test_refusals_book_nothing(sim: Simulated, fault: str, status: int) -> None:
    """A refusal has its status, and the ledger holds no order."""
    answer = await sim.ask(f"a cat [[sim: {fault}]]")
    assert answer.status_code == status
    assert (await sim.ledger())["orders"] == []


async def test_throttling_says_for_how_long(sim: Simulated) -> None:
    """Both kinds of 429 tell the seconds in words, and one of them in a header too."""
    with_header = await sim.ask("[[sim: throttle=3]]")
    without = await sim.ask("[[sim: throttle_bare=7]]")
    detail = "Request was throttled. Your rate limit resets in ~{}s."
    assert with_header.json() == {"detail": detail.format(3)}
    assert with_header.headers["retry-after"] == "3"
    assert without.json() == {"detail": detail.format(7)}
    assert "retry-after" not in without.headers


@pytest.mark.parametrize("fault", ["reset_before_accept", "reset_after_accept"])
async def test_reset_connections(sim: Simulated, fault: str) -> None:
    """A reset gives no answer at all; whether the order stands depends on when it came."""
    with pytest.raises(httpx2.TransportError):
        await sim.ask(f"[[sim: {fault}]]")
    orders = (await sim.ledger())["orders"]
    assert len(orders) == (1 if fault == "reset_after_accept" else 0)


@pytest.mark.parametrize(
    ("fault", "status"), [("fail_after_accept=500", 500), ("fail_after_accept=502", 502)]
)
async def test_errors_after_accepting(sim: Simulated, fault: str, status: int) -> None:
    """An error after accepting hides an order that is found by its webhook in the ledger."""
    hook = {"webhook": "http://127.0.0.1:9/hooks/tk_0123456789abcdefghjk?x=1"}
    answer = await sim.ask(f"[[sim: {fault}]]", webhook=hook)
    assert answer.status_code == status
    (order,) = (await sim.ledger())["orders"]
    assert order["take"] == "tk_0123456789abcdefghjk"
    assert (await sim.told(order["id"]))["input"]["prompt"] == f"[[sim: {fault}]]"


async def test_answers_that_never_come(sim: Simulated) -> None:
    """A hanging answer outlasts the client's patience, before and after accepting."""
    for fault in ("hang", "hang_after_accept"):
        with pytest.raises(httpx2.ReadTimeout):
            await sim.http.post(
                f"/v1/models/{SCHNELL}/predictions",
                json={"input": {"prompt": f"[[sim: {fault}]]"}},
                timeout=0.3,
            )
    assert len((await sim.ledger())["orders"]) == 1


async def test_answers_that_cannot_be_read(sim: Simulated) -> None:
    """Malformed JSON is a whole HTTP answer with half a document, of an order that stands."""
    answer = await sim.ask("[[sim: malformed]]")
    assert answer.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len((await sim.ledger())["orders"]) == 1


async def test_dripping_answers_are_whole(sim: Simulated) -> None:
    """A dripping body comes in many pieces and is whole in the end."""
    body = {"input": {"prompt": "[[sim: slow=2000]]"}}
    async with sim.http.stream("POST", f"/v1/models/{SCHNELL}/predictions", json=body) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]
    assert len(pieces) > 2
    assert json.loads(b"".join(pieces))["status"] == "starting"


async def test_later_requests_fail_as_often_as_asked(sim: Simulated) -> None:
    """Reading and cancelling meet their own faults, once or a number of times."""
    made = (await sim.ask("[[sim: get_fail=503, get_times=2, cancel_throttle=1]]")).json()
    url = f"/v1/predictions/{made['id']}"
    assert [(await sim.http.get(url)).status_code for _ in range(3)] == [503, 503, 200]
    stops = [(await sim.http.post(f"{url}/cancel")).status_code for _ in range(2)]
    assert stops == [429, 200]
    broken = (await sim.ask("[[sim: get_malformed]]")).json()["id"]
    with pytest.raises(json.JSONDecodeError):
        (await sim.http.get(f"/v1/predictions/{broken}")).json()
    cut = (await sim.ask("[[sim: get_reset]]")).json()["id"]
    with pytest.raises(httpx2.TransportError):
        await sim.http.get(f"/v1/predictions/{cut}")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("nsfw", "NSFW content detected"),
        ("sensitive", "(E005)"),
        ("busy", "(E004)"),
        ("memory", "CUDA out of memory"),
        ("the model tripped", "the model tripped"),
    ],
)
async def test_failures_of_the_model_cost_nothing(sim: Simulated, fault: str, said: str) -> None:
    """A failed prediction says why in its error, has no output and is not charged."""
    made = await sim.made(f"[[sim: error={fault}]]")
    assert (made["status"], made["output"]) == ("failed", None)
    assert said in made["error"]
    assert (await sim.ledger())["totals"]["charged_micros"] == 0


async def test_jobs_that_never_end_stay(sim: Simulated) -> None:
    """A job that never ends is being processed, one that never starts is starting."""
    begun = (await sim.ask("[[sim: never_ends]]")).json()
    idle = (await sim.ask("[[sim: never_starts]]")).json()
    await sim.becomes(begun["id"], "processing")
    assert (await sim.told(idle["id"]))["status"] == "starting"


async def test_prices_other_than_quoted(sim: Simulated) -> None:
    """A charge may differ from the quote, and so may what the metrics count."""
    await sim.made("[[sim: price=0.25]]")
    counted = await sim.made("[[sim: metered=3, predict_time=99.5]]")
    assert (counted["metrics"]["image_count"], counted["metrics"]["predict_time"]) == (3, 99.5)
    orders = (await sim.ledger())["orders"]
    assert [order["quote_micros"] for order in orders] == [3_000, 3_000]
    assert [order["charged_micros"] for order in orders] == [250_000, 9_000]


@pytest.mark.parametrize(
    ("shape", "kind"), [("string", str), ("object", dict), ("null", type(None))]
)
async def test_shapes_of_outputs(sim: Simulated, shape: str, kind: type) -> None:
    """An output may have any shape, whatever the model's usual one is."""
    assert type((await sim.made(f"[[sim: shape={shape}]]"))["output"]) is kind


async def test_waiting_may_answer_processing_with_an_output(sim: Simulated) -> None:
    """A blocking create may tell an output beside a status that has not caught up."""
    made = await sim.made("[[sim: wait_processing]]")
    assert (made["status"], len(made["output"])) == ("processing", 1)
    assert (await sim.told(made["id"]))["status"] == "succeeded"


async def output_of(sim: Simulated, fault: str) -> httpx2.Response:
    """Make a picture and fetch its spoilt output."""
    made = await sim.made(f"[[sim: {fault}]]", seed=1, output_format="png")
    return await sim.http.get(made["output"][0])


async def test_outputs_of_the_wrong_kind(sim: Simulated) -> None:
    """An output may be a web page, another kind of picture, or nothing."""
    page, other = await output_of(sim, "output=html"), await output_of(sim, "output=other")
    assert page.headers["content-type"].startswith("text/html")
    assert Image.open(io.BytesIO(other.content)).format == "GIF"
    assert (await output_of(sim, "output=empty")).content == b""


async def test_outputs_that_end_too_soon(sim: Simulated) -> None:
    """A truncated output is an honest answer with half a file; a cut one breaks off."""
    whole = (await output_of(sim, "queue=0")).content
    half = await output_of(sim, "output=truncated")
    assert 0 < len(half.content) < len(whole)
    with pytest.raises(OSError, match=r"truncated|incomplete|broken"):
        Image.open(io.BytesIO(half.content)).load()
    with pytest.raises(httpx2.RemoteProtocolError):
        await output_of(sim, "output=cut")


async def test_outputs_without_end(sim: Simulated) -> None:
    """A huge output goes on long after any picture would have ended."""
    made = await sim.made("[[sim: output=huge]]")
    size = 0
    async with sim.http.stream("GET", made["output"][0]) as answer:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > 32 << 20:
                break
    assert size > 32 << 20


@pytest.mark.parametrize(("fault", "status"), [("gone", 404), ("forbidden", 403)])
async def test_expired_outputs_stay_expired(sim: Simulated, fault: str, status: int) -> None:
    """An output that is gone answers so each time, though the prediction still tells its URL."""
    made = await sim.made(f"[[sim: output={fault}]]")
    for url in (made["output"][0], (await sim.told(made["id"]))["output"][0]):
        assert (await sim.http.get(url)).status_code == status


async def test_outputs_may_fail_once(sim: Simulated) -> None:
    """A transport fault hits the first fetch of an output, and the next one is good."""
    made = await sim.made("[[sim: output_fail=500]]")
    fetched = [(await sim.http.get(made["output"][0])).status_code for _ in range(2)]
    assert fetched == [500, 200]


async def test_faults_for_the_next_requests(sim: Simulated) -> None:
    """The next n requests to a route meet a fault that their prompts do not ask for."""
    await sim.arrange(next=[{"faults": {"fail": 500}, "count": 2}])
    await sim.arrange(next=[{"route": "list", "faults": {"throttle": 1}}])
    assert [(await sim.ask()).status_code for _ in range(3)] == [500, 500, 201]
    listed = [(await sim.http.get("/v1/predictions")).status_code for _ in range(2)]
    assert listed == [429, 200]
    state = (await sim.http.get("/_admin/state")).json()
    assert state["faults_met"] == {"fail": 2, "throttle": 1}
    assert state["faults_left"] == []


async def test_chances_repeat_with_their_seed(sim: Simulated) -> None:
    """The same seed lets the same requests fail, and about as many as the chance says."""
    runs = []
    for _ in range(2):
        order: dict[str, Any] = {"faults": {"fail": 500}, "chance": 0.3}
        await sim.arrange(clear=True, seed=11, chances=[order])
        runs.append([(await sim.ask()).status_code for _ in range(60)])
    assert runs[0] == runs[1]
    assert 5 < runs[0].count(500) < 35


@pytest.mark.parametrize(
    "prompt", ["[[sim: explode]]", "[[sim: latency=soon]]", "[[sim: webhook=nice]]"]
)
async def test_unknown_faults_are_refused(sim: Simulated, prompt: str) -> None:
    """A misspelt fault is an error, not a test that passes by itself."""
    answer = await sim.ask(prompt)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("simulator: ")


@pytest.mark.parametrize(
    "order",
    [{"next": [{"faults": {"explode": 1}}]}, {"next": [{"route": "x"}]}, {"next": [3]}, []],
)
async def test_unreadable_arrangements_are_refused(sim: Simulated, order: Any) -> None:
    """An arrangement that makes no sense answers 400 and arranges nothing."""
    assert (await sim.http.post("/_admin/faults", json=order)).status_code == 400
    assert (await sim.http.get("/_admin/state")).json()["faults_left"] == []


async def test_keys_may_be_wrong_or_revoked() -> None:
    """Only known keys are let in, and a revoked one is refused from then on."""
    async with simulating(quick(tokens=[TOKEN])) as sim:
        headers = {"authorization": "Bearer r8_other"}
        assert (await sim.ask(headers=headers)).status_code == 401
        begun = await sim.ask("[[sim: revoke_key]]")
        assert begun.status_code == 201
        assert (await sim.http.get(f"/v1/predictions/{begun.json()['id']}")).status_code == 401
        await sim.change(revoked=[])
        assert (await sim.told(begun.json()["id"]))["status"] == "succeeded"


async def test_credit_runs_out(sim: Simulated) -> None:
    """Charges use the credit up, and then orders answer 402."""
    await sim.change(credit="0.005")
    asked = [await sim.ask(headers={"prefer": "wait"}) for _ in range(3)]
    assert [answer.status_code for answer in asked] == [201, 201, 402]
    assert (await sim.http.post("/_admin/conditions", json={"credit": "much"})).status_code == 400


async def test_models_are_withdrawn(sim: Simulated) -> None:
    """A withdrawn model answers 404 while the others go on."""
    await sim.change(withdrawn=[SCHNELL])
    assert (await sim.ask()).status_code == 404
    assert (await sim.ask(model=KONTEXT)).status_code == 201


async def test_limits_per_minute() -> None:
    """Creates and other requests have their own limits, and a 429 tells when the minute ends."""
    async with simulating(quick(creates_per_minute=2, others_per_minute=3)) as sim:
        assert [(await sim.ask()).status_code for _ in range(3)] == [201, 201, 429]
        listed = [await sim.http.get("/v1/predictions") for _ in range(4)]
        assert [answer.status_code for answer in listed] == [200, 200, 200, 429]
        assert listed[-1].json()["detail"].startswith("Request was throttled. Your rate limit")
        assert "retry-after" not in listed[-1].headers
        assert len((await sim.ledger())["orders"]) == 2


async def test_reset_forgets_everything_but_conditions(sim: Simulated) -> None:
    """After a reset there are no orders and no faults, and the conditions stay."""
    await sim.change(clock_offset_s=600)
    made = await sim.made()
    await sim.arrange(next=[{"faults": {"fail": 500}, "count": 9}])
    await sim.http.post("/_admin/reset")
    assert (await sim.ledger())["orders"] == []
    assert (await sim.http.get(f"/v1/predictions/{made['id']}")).status_code == 404
    assert (await sim.ask()).status_code == 201
    state = (await sim.http.get("/_admin/state")).json()
    assert state["conditions"]["clock_offset_s"] == 600
