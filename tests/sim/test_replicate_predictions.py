"""Orders of the simulated Replicate live, end and are told as the real ones."""

import asyncio
import base64
import io
import re
from collections.abc import Callable
from typing import Any

import av
import httpx2
import pytest
from PIL import Image

from callsheet.sim.core.ledger import Ledger
from callsheet.sim.core.lives import Orders
from callsheet.sim.core.orders import Asked, Order, Status
from callsheet.sim.core.timers import Timers
from callsheet.sim.replicate_dialect import ReplicateDialect
from callsheet.sim.replicate_offer import OFFERED
from tests.sim.simulated import KONTEXT, PATIENCE_S, SCHNELL, Simulated, picture, quick
from tests.support.plain import NO_TLS

KLING = "kwaivgi/kling-v2.6"
PRO = "black-forest-labs/flux-1.1-pro"


async def opened(sim: Simulated, url: str) -> Image.Image:
    """Fetch and decode a picture."""
    answer = await sim.http.get(url)
    assert answer.status_code == 200
    found = Image.open(io.BytesIO(answer.content))
    found.load()
    return found


async def test_prediction_goes_from_starting_to_succeeded(sim: Simulated) -> None:
    """A prediction answers 201 at once, then has every field of one that succeeded."""
    await sim.change(queue_s=0.05, run_s={"*": 0.05})
    answer = await sim.ask("a lighthouse", seed=7)
    begun = answer.json()
    assert (answer.status_code, begun["status"], begun["output"]) == (201, "starting", None)
    assert re.fullmatch(r"[a-z2-7]{26}", begun["id"])
    assert (begun["model"], begun["version"]) == (SCHNELL, "hidden")
    assert begun["input"] == {"prompt": "a lighthouse", "seed": 7}

    ended = await sim.becomes(begun["id"], "succeeded")
    assert len(ended["output"]) == 1
    assert ended["created_at"] <= ended["started_at"] <= ended["completed_at"]
    assert ended["metrics"]["image_count"] == 1
    assert ended["metrics"]["predict_time"] <= ended["metrics"]["total_time"]
    assert ended["urls"]["get"].endswith(f"/v1/predictions/{begun['id']}")
    assert "Using seed: 7" in ended["logs"]


async def test_waiting_answers_with_the_end_or_with_what_there_is(sim: Simulated) -> None:
    """`Prefer: wait` gives the ended prediction, or 202 and an unended one when time is up."""
    assert (await sim.made())["status"] == "succeeded"
    late = await sim.ask("[[sim: run=30]]", headers={"prefer": "wait=1"})
    assert (late.status_code, late.json()["status"]) == (202, "processing")
    assert (await sim.ask(headers={"prefer": "wait=61"})).status_code == 400


@pytest.mark.parametrize("version", [PRO, None, ":"])
async def test_versions_name_a_model(sim: Simulated, version: str | None) -> None:
    """The older address takes a model's name, its version, or both."""
    model = (await sim.http.get(f"/v1/models/{PRO}")).json()
    found = model["latest_version"]["id"]
    named = {None: found, ":": f"{PRO}:{found}"}.get(version, version)
    answer = await sim.http.post(
        "/v1/predictions", json={"version": named, "input": {"prompt": "x"}}
    )
    assert answer.status_code == 201
    assert answer.json()["version"] == ("hidden" if version == PRO else found)
    schema = model["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]
    assert schema["required"] == ["prompt"]


@pytest.mark.parametrize(
    ("body", "status", "title"),
    [
        ({"input": {"prompt": "x"}}, 422, "Input validation failed"),
        ({"version": "0" * 64, "input": {}}, 422, "Invalid version or not permitted"),
        ({"version": "nobody/nothing", "input": {}}, 422, "Invalid version or not permitted"),
        ([], 400, "Bad request"),
    ],
)
async def test_orders_that_name_no_model(
    sim: Simulated, body: Any, status: int, title: str
) -> None:
    """A missing or unknown version is refused with its own title."""
    answer = await sim.http.post("/v1/predictions", json=body)
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("model", "inputs", "field", "kind"),
    [
        (SCHNELL, {}, "input", "required"),
        (SCHNELL, {"prompt": 7}, "input.prompt", "invalid_type"),
        (SCHNELL, {"prompt": "x", "num_outputs": 5}, "input.num_outputs", "number_lte"),
        (SCHNELL, {"prompt": "x", "num_outputs": True}, "input.num_outputs", "invalid_type"),
        (SCHNELL, {"prompt": "x", "aspect_ratio": "7:1"}, "input.aspect_ratio", "enum"),
        (PRO, {"prompt": "x", "width": 100}, "input.width", "number_gte"),
        (KONTEXT, {"prompt": "x", "input_image": "cat.png"}, "input.input_image", "format"),
        (KLING, {"prompt": "x", "duration": 7}, "input.duration", "enum"),
    ],
)
async def test_inputs_are_checked(
    sim: Simulated, model: str, inputs: dict[str, Any], field: str, kind: str
) -> None:
    """Wrong inputs answer 422 and name the field, and nothing is booked."""
    answer = await sim.http.post(f"/v1/models/{model}/predictions", json={"input": inputs})
    assert answer.status_code == 422
    told = answer.json()
    assert [(found["field"], found["type"]) for found in told["invalid_fields"]] == [(field, kind)]
    assert told["detail"].startswith(f"- {field}: ")
    assert (await sim.ledger())["orders"] == []


async def test_what_is_not_there_answers_404(sim: Simulated) -> None:
    """Unknown models, predictions, files, outputs and addresses answer a problem document."""
    unknown = await sim.ask(model="nobody/nothing")
    assert unknown.status_code == 404
    for path in ("predictions/none", "models/a/b", "files/none", "nothing", "predictions/x/y"):
        answer = await sim.http.get(f"/v1/{path}")
        assert (answer.status_code, answer.json()["status"]) == (404, 404)
    made = await sim.made()
    guessed = made["output"][0].replace("/delivery/", "/delivery/0")
    assert (await sim.http.get(guessed)).status_code == 404


async def test_cancelling(sim: Simulated) -> None:
    """Cancelling stops what has not ended, costs what has begun, and leaves the ended alone."""
    begun = (await sim.ask("[[sim: run=60]]")).json()
    await sim.becomes(begun["id"], "processing")
    stopped = await sim.http.post(f"/v1/predictions/{begun['id']}/cancel")
    assert stopped.json()["status"] == "canceled"
    ended = await sim.made()
    left = await sim.http.post(f"/v1/predictions/{ended['id']}/cancel")
    assert left.json()["status"] == "succeeded"
    orders = (await sim.ledger())["orders"]
    assert [order["charged_micros"] for order in orders] == [3_000, 3_000]


@pytest.mark.parametrize(
    ("fault", "status", "charged"), [("never_starts", "aborted", 0), ("never_ends", "canceled", 3)]
)
async def test_deadlines(sim: Simulated, fault: str, status: str, charged: int) -> None:
    """`Cancel-After` aborts for nothing what has not begun, and cancels what has."""
    answer = await sim.ask(f"[[sim: {fault}]]", headers={"cancel-after": "0.2s"})
    assert answer.json()["deadline"] > answer.json()["created_at"]
    ended = await sim.becomes(answer.json()["id"], status)
    assert ended["output"] is None
    assert (await sim.ledger())["totals"]["charged_micros"] == charged * 1000
    assert (await sim.ask(headers={"cancel-after": "soon"})).status_code == 400


async def test_pages_go_from_the_newest_back(sim: Simulated) -> None:
    """Following `next` tells every prediction once, the newest first, and `previous` goes back."""
    asked = [(await sim.ask(str(number))).json()["id"] for number in range(230)]
    url: str | None = "/v1/predictions"
    pages: list[dict[str, Any]] = []
    while url is not None:
        pages.append((await sim.http.get(url)).json())
        url = pages[-1]["next"]
    told = [prediction["id"] for page in pages for prediction in page["results"]]
    assert told == asked[::-1]
    assert [len(page["results"]) for page in pages] == [100, 100, 30]
    back = (await sim.http.get(pages[1]["previous"])).json()
    assert back["results"] == pages[0]["results"]
    assert pages[0]["previous"] is None

    middle = pages[1]["results"][50]["created_at"]
    params = {"created_after": middle}
    since = (await sim.http.get("/v1/predictions", params=params)).json()["results"]
    assert since == [found for page in pages for found in page["results"]][: len(since)]
    assert all(found["created_at"] >= middle for found in since)
    assert (await sim.http.get("/v1/predictions?cursor=x")).status_code == 400


@pytest.mark.parametrize(
    ("ending", "form", "ratio", "megapixels", "size"),
    [
        ("png", "PNG", "1:1", "1", (1024, 1024)),
        ("jpg", "JPEG", "16:9", "1", (1344, 768)),
        ("webp", "WEBP", "9:16", "0.25", (384, 672)),
    ],
)
async def test_pictures_are_what_was_asked_for(
    sim: Simulated, ending: str, form: str, ratio: str, megapixels: str, size: tuple[int, int]
) -> None:
    """Outputs have the format and the size, the same seed gives the same bytes, others differ."""
    asked = {"output_format": ending, "aspect_ratio": ratio, "megapixels": megapixels}
    made = [await sim.made(seed=seed, num_outputs=2, **asked) for seed in (1, 1, 2)]
    made.append(await sim.made("another", seed=1, **asked))
    urls = [url for prediction in made for url in prediction["output"]]
    contents = [(await sim.http.get(url)).content for url in urls]
    assert contents[:2] == contents[2:4]
    assert len(set(contents)) == 5
    found = await opened(sim, urls[0])
    assert (found.format, found.size) == (form, size)


async def test_predictions_without_a_seed_differ(sim: Simulated) -> None:
    """The same order twice gives two different pictures."""
    urls = [(await sim.made())["output"][0] for _ in range(2)]
    first, second = [(await sim.http.get(url)).content for url in urls]
    assert first != second


async def test_clips_are_films(sim: Simulated) -> None:
    """A video model gives five seconds of H.264 with sound, priced by the second."""
    made = await sim.made(model=KLING, duration=5)
    content = (await sim.http.get(made["output"])).content
    with av.open(io.BytesIO(content), "r") as film:
        assert {stream.codec_context.name for stream in film.streams} == {"h264", "aac"}
        assert len(list(film.decode(video=0))) == 120
        assert (film.streams.video[0].width, film.streams.video[0].height) == (1920, 1080)
    assert (await sim.ledger())["totals"]["charged_usd"] == "0.700000"


async def test_references_are_read(sim: Simulated) -> None:
    """An uploaded file, a data URL and an address give the output their ratio."""
    content = picture(600, 300)
    files = {"content": ("ref.png", content, "image/png")}
    upload = (await sim.http.post("/v1/files", files=files)).json()
    data = "data:image/png;base64," + base64.b64encode(content).decode()
    source = (await sim.made(aspect_ratio="2:3", output_format="png"))["output"][0]
    for reference, size in ((upload["urls"]["get"], (1456, 720)), (data, (1456, 720))):
        made = await sim.made(model=KONTEXT, input_image=reference)
        assert (await opened(sim, made["output"])).size == size
    made = await sim.made(model=KONTEXT, input_image=source)
    assert (await opened(sim, made["output"])).size == (848, 1232)


@pytest.mark.parametrize(
    "reference",
    ["data:image/png;base64,AAAA", "data:nothing", "/v1/files/none", "/v1/nothing"],
)
async def test_references_that_cannot_be_read(sim: Simulated, reference: str) -> None:
    """A picture that is none, or is not there, makes the prediction fail and costs nothing."""
    url = reference if reference.startswith("data:") else f"{sim.http.base_url}{reference}"
    made = await sim.made(model=KONTEXT, input_image=url)
    assert made["status"] == "failed"
    assert made["error"].startswith("Could not read input image")
    assert (await sim.ledger())["totals"]["charged_micros"] == 0


async def test_large_data_urls_are_refused(sim: Simulated) -> None:
    """A data URL of more than 256 kB is an input error."""
    url = "data:image/png;base64," + "A" * 400_000
    answer = await sim.ask(model=KONTEXT, input_image=url)
    assert answer.json()["invalid_fields"][0]["field"] == "input.input_image"


async def test_files_are_kept_until_removed(sim: Simulated) -> None:
    """Files are told with their digest, listed the newest first, and gone once removed or old."""
    sent = [
        {"content": (f"{number}.png", picture(8, 8 + number), "image/png")} for number in range(2)
    ]
    metadata = {"metadata": '{"scene": 7}'}
    made = [(await sim.http.post("/v1/files", files=one, data=metadata)).json() for one in sent]
    assert made[0]["metadata"] == {"scene": 7}
    assert (made[1]["name"], made[1]["content_type"]) == ("1.png", "image/png")
    listed = (await sim.http.get("/v1/files")).json()["results"]
    assert [found["id"] for found in listed] == [made[1]["id"], made[0]["id"]]
    assert (await sim.http.delete(f"/v1/files/{made[0]['id']}")).status_code == 204
    assert (await sim.http.get(f"/v1/files/{made[0]['id']}")).status_code == 404
    await sim.change(clock_offset_s=24 * 3600 + 1)
    assert (await sim.http.get(f"/v1/files/{made[1]['id']}")).status_code == 404


async def test_everything_is_gone_after_an_hour(sim: Simulated) -> None:
    """An hour after its end a prediction has no input, output or logs, nor a new URL."""
    made = await sim.made()
    assert (await sim.http.get(made["output"][0])).status_code == 200
    await sim.change(clock_offset_s=3_601)
    assert (await sim.http.get(made["output"][0])).status_code == 404
    told = await sim.told(made["id"])
    assert (told["data_removed"], told["output"], told["input"]) == (True, None, {})
    assert told["status"] == "succeeded"


async def test_streams_tell_the_output(sim: Simulated) -> None:
    """The stream of a prediction waits for the output and then is done."""
    begun = (await sim.ask("[[sim: run=0.1]]")).json()
    stream = await sim.http.get(begun["urls"]["stream"])
    url = (await sim.told(begun["id"]))["output"][0]
    assert f"data: {url}\n" in stream.text
    assert stream.text.endswith("event: done\ndata: {}\n\n")


async def test_older_clients_send_another_scheme(sim: Simulated) -> None:
    """`Authorization: Token` is as good as Bearer, and none is refused."""
    address = sim.http.base_url
    async with httpx2.AsyncClient(base_url=address, verify=NO_TLS) as plain:
        old = await plain.get("/v1/account", headers={"authorization": "Token r8_x"})
        none = await plain.get("/v1/account")
    assert (old.status_code, none.status_code) == (200, 401)
    assert none.json()["title"] == "Unauthenticated"


async def test_twenty_thousand_predictions_wait_in_one_heap() -> None:
    """Orders under way are appointments of one task, and every one of them ends."""
    conditions = quick(run_s={"*": 1})
    timers, ended = Timers(conditions.wall), 0

    def tell(event: str, _: Order) -> None:
        nonlocal ended
        ended += event == "completed"

    def read(_: Order, go_on: Callable[[], None]) -> None:
        go_on()

    models = {model.id: model for model in OFFERED}
    dialect = ReplicateDialect()
    predictions = Orders(dialect, conditions, timers, Ledger.open(None), b"x", models, tell, read)
    asked = Asked(dialect, models[SCHNELL], {"prompt": "x"}, "http://sim", "key")
    for _ in range(20_000):
        predictions.accept(asked)
    before = len(asyncio.all_tasks())
    keeper = asyncio.create_task(timers.run())
    async with asyncio.timeout(PATIENCE_S):
        while ended < 20_000:
            assert len(asyncio.all_tasks()) == before + 1
            await asyncio.sleep(0.02)
    keeper.cancel()
    assert len(timers) == 0
    assert {prediction.status for prediction in predictions} == {Status.SUCCEEDED}
