"""Texts of language models, from a sheet and over HTTP: ordered, charged, adopted, shown."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image
from tests.sim.simulated import quick, serving
from tests.support.plain import NO_TLS

from callsheet.assets.model import Asset
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.ports.pictures import ReferenceMode
from callsheet.settings import ProviderSettings, read_settings
from callsheet.sim.gemini import create_app as simulator
from callsheet.web.app import create_app
from callsheet.wiring import Callsheet, build

MODEL = "gemini/gemini-3-8-flash"
SCHEMA = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["pass", "fail"]},
        "scores": {"type": "array", "items": {"type": "integer", "minimum": 3}, "minItems": 2},
    },
    "required": ["verdict"],
}


@asynccontextmanager
async def at_work(
    folder: Path, database: str = "callsheet"
) -> AsyncIterator[tuple[Callsheet, httpx2.AsyncClient]]:
    """Serve the simulator and callsheet in this process; gives callsheet and a client for it."""
    async with serving(simulator(quick())) as base:
        provider = ProviderSettings.model_validate({"base_url": base, "key": "key-of-the-tests"})
        cs = await build(
            read_settings(
                data_dir=folder / "data",
                database_url=f"sqlite:///{folder}/{database}.db",
                provider={"gemini": provider},
            )
        )
        try:
            await cs.ready()
            async with (
                cs.working(),
                serving(create_app(cs, bound="127.0.0.1")) as ours,
                httpx2.AsyncClient(
                    base_url=ours, timeout=60, trust_env=False, verify=NO_TLS
                ) as http,
            ):
                yield cs, http
        finally:
            await cs.close()


async def asked(http: httpx2.AsyncClient, mode: str = "live", **inputs: Any) -> dict[str, Any]:
    """Ask for one text and wait for what becomes of it."""
    wish = {"model": MODEL, "inputs": inputs, "run_mode": mode, "wait_s": 30}
    answer = await http.post("/api/generations", json=wish)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def a_picture() -> bytes:
    """Make a picture to be looked at."""
    into = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(into, "PNG")
    return into.getvalue()


async def owned(cs: Callsheet, picture: bytes) -> Sha256:
    """Let the workspace own a picture, as if a sheet had named it."""
    sha256 = await cs.line.media.adopter.adopt(picture, "image/png")
    asset = Asset(sha256, LOCAL_WORKSPACE, "image/png", len(picture), cs.clock())
    async with cs.database.begin() as connection:
        await cs.line.books.assets.add(connection, [asset])
    return sha256


async def delivered(http: httpx2.AsyncClient, mode: str, items: list[dict[str, Any]]) -> Any:
    """Send a batch and wait until it is delivered; its state."""
    wish = {"items": items, "runMode": mode, "name": "Texts"}
    answer = await http.post("/batch/images", json=wish)
    assert answer.status_code == 202, answer.text
    job = answer.json()["batchId"]
    events = (await http.get(f"/progress/{job}")).text  # ends with the job
    assert ("A simulated answer" in events) is (mode == "live")
    return (await http.get(f"/batch/{job}")).json()


async def test_texts_are_ordered_adopted_and_shown_like_pictures(tmp_path: Path) -> None:
    """A sheet of texts, a text that is seen, one in JSON, and a dry run that says what it is."""
    async with at_work(tmp_path) as (cs, http):
        rows: list[dict[str, Any]] = [
            {"prompt": "Write a caption: a red mug on oak", "model": MODEL, "variants": 2},
            {"prompt": "[[sim: error=sensitive]] not this", "model": MODEL},
        ]
        dry = await delivered(http, "dry_run", rows)
        [first, _] = dry["rows"][0]["variants"]
        assert first["text"].startswith("PREVIEW: nothing was asked. Gemini 3.8 Flash would be")
        assert rows[0]["prompt"] in first["text"]
        assert (first["mediaType"], first["thumbnail"]) == ("text/plain", None)

        live = await delivered(http, "live", rows)
        assert live["status"] == "partial"
        [made, _] = live["rows"][0]["variants"]
        assert made["text"] == "A simulated answer, to: Write a caption: a red mug on oak"
        assert 0 < float(made["cost"]) < float(live["rows"][0]["quoted"]) / 2
        assert live["rows"][1]["error"]["code"] == "moderated"
        assert live["cost"]["held"] == "0.000000"
        await check_files(http, live, made)

        sha256 = await owned(cs, a_picture())
        reference = {"sha256": sha256, "working": sha256, "mode": ReferenceMode.PRODUCT}
        seen = await asked(http, prompt="What is it?", references=[reference] * 2)
        [asset] = seen["assets"]
        assert asset["text"] == "A simulated answer, having looked at 2 pictures, to: What is it?"
        judged = await asked(http, prompt="Is it good?", answer_schema=SCHEMA)
        [asset] = judged["assets"]
        answer = await http.get(asset["url"])
        assert answer.headers["content-type"] == asset["media_type"] == "application/json"
        assert answer.json() == {"verdict": "pass", "scores": [3, 3]}
    async with at_work(tmp_path, "another") as (cs, http):  # the database is lost
        assert not [each.problem async for each in cs.restorer.restore() if each.problem]
        again = (await http.get(f"/batch/{live['batchId']}")).json()
        assert again["rows"][0]["variants"][0]["text"] == made["text"]


async def check_files(http: httpx2.AsyncClient, state: Any, made: Any) -> None:
    """Check that the text's own file is inert, and that page and tables show how it begins."""
    answer = await http.get(made["url"])
    assert answer.text == made["text"]
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].endswith('.txt"')
    page = (await http.get(state["files"]["contact-sheet.html"])).text
    assert page.count(f'<div class="text" dir="auto">{made["text"]}</div>') == 2
    table = (await http.get(state["files"]["results.csv"])).content.decode("utf-8-sig")
    row = next(iter(csv.DictReader(io.StringIO(table))))
    assert row["text_1"] == row["text_2"] == made["text"]


async def test_texts_that_are_not_whole_are_refused_and_paid(tmp_path: Path) -> None:
    """Cut off, no JSON, or empty: no asset, charged what was counted, with a reason to act on."""
    async with at_work(tmp_path) as (_, http):
        cut = await asked(http, prompt="long " * 200, max_output_tokens=64)
        assert (cut["error"]["code"], cut["assets"]) == ("answer_cut_off", [])
        assert "64 tokens" in cut["error"]["message"]
        # 250 tokens in at 0.75 dollars for a million, 64 out at 3.75
        assert cut["charged"] == "0.000428"
        broken = await asked(
            http, prompt="[[sim: output=truncated]] judge", answer_schema=SCHEMA, thinking="high"
        )
        assert broken["error"]["code"] == "not_json"
        assert "JSON" in broken["error"]["message"]
        empty = await asked(http, prompt="[[sim: output=empty, cached=4]] x")
        assert "no text" in empty["error"]["message"]
        for each in (broken, empty):
            assert 0 < float(each["charged"]) < float(each["price"])
        deep: dict[str, Any] = {}
        for _ in range(20):
            deep = {"properties": deep}
        wish = {"model": MODEL, "inputs": {"prompt": "x", "answer_schema": deep}}
        refused = await http.post("/api/generations", json=wish)
        assert refused.json()["errors"][0]["field"] == "inputs.answer_schema"
