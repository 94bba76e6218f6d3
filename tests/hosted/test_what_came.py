"""What came is kept and told: any picture that was paid for, with its own pixels and a note."""

import base64
import csv
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.media.samples import as_file, painted
from tests.media.test_made_pictures import LARGE, heic, large
from tests.sim.simulated import serving
from tests.support.plain import NO_TLS

from callsheet.settings import ProviderSettings, read_settings
from callsheet.web.app import create_app
from callsheet.wiring import Callsheet, build

MODEL = "openai/gpt-image-2"
ORDERED = "1024x1024"


def fake(contents: Mapping[str, bytes]) -> Starlette:
    """Answer orders as OpenAI documents it, each with the content that its prompt names."""
    number = iter(range(1_000))

    async def generate(request: Request) -> JSONResponse:
        asked = await request.json()
        data = [{"b64_json": base64.b64encode(contents[asked["prompt"]]).decode()}]
        told = {"created": 1, "data": data, "output_format": "png"}
        return JSONResponse(told, headers={"x-request-id": f"req_{next(number)}"})

    return Starlette(routes=[Route("/v1/images/generations", generate, methods=["POST"])])


@asynccontextmanager
async def at_work(
    folder: Path, contents: Mapping[str, bytes], database: str = "callsheet"
) -> AsyncIterator[tuple[Callsheet, httpx2.AsyncClient]]:
    """Serve the fake and callsheet in this process; gives callsheet and a client for it."""
    async with serving(fake(contents)) as base:
        provider = ProviderSettings.model_validate({"base_url": base, "key": "of-the-tests"})
        cs = await build(
            read_settings(
                data_dir=folder / "data",
                database_url=f"sqlite:///{folder}/{database}.db",
                provider={"openai": provider},
                qa_technical="off",
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


async def delivered(http: httpx2.AsyncClient, contents: Mapping[str, bytes]) -> Any:
    """Order a row for each content and wait until all is delivered; the state."""
    items = [{"prompt": name, "model": MODEL, "size": ORDERED} for name in contents]
    answer = await http.post("/batch/images", json={"items": items, "runMode": "live"})
    assert answer.status_code == 202, answer.text
    job = answer.json()["batchId"]
    events = (await http.get(f"/progress/{job}")).text  # ends with the job
    state = (await http.get(f"/batch/{job}")).json()
    for variant in (row["variants"][0] for row in state["rows"]):
        assert not variant["note"] or f'"note":"{variant["note"]}"' in events
    return state


async def test_pictures_that_nobody_may_send_are_kept_when_they_were_made(tmp_path: Path) -> None:
    """Over 50 megapixels, AVIF, HEIC, TIFF, BMP: each with its own type, name and bytes."""
    picture = painted(1, (1_024, 1_024))
    contents = {form: as_file(picture, form) for form in ("AVIF", "TIFF", "BMP")}
    contents |= {"HEIC": heic(1_024, 1_024), "PNG": large("PNG"), "JPEG": large("JPEG")}
    endings = {"JPEG": "jpg"}
    unseen = {"HEIC", "PNG"}
    shown_by_browsers = {"AVIF", "BMP", "PNG", "JPEG"}
    async with at_work(tmp_path, contents) as (_, http):
        state = await delivered(http, contents)
        assert state["status"] == "succeeded", state
        for row in state["rows"]:
            form, variant = row["prompt"], row["variants"][0]
            assert variant["mediaType"] == f"image/{form.lower()}"
            sides = LARGE if form in {"PNG", "JPEG"} else (1_024, 1_024)
            assert (variant["width"], variant["height"]) == sides
            assert (variant["thumbnail"] is None) is (form in unseen)
            assert ("no thumbnail" in (variant["note"] or "")) is (form in unseen)
            answer = await http.get(variant["url"])
            assert answer.content == contents[form]
            assert answer.headers["content-type"] == variant["mediaType"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            shown, _, name = answer.headers["content-disposition"].partition(";")
            assert (shown == "inline") is (form in shown_by_browsers)
            assert name.endswith(f'.{endings.get(form, form.lower())}"')
            if variant["thumbnail"]:
                thumbnail = await http.get(variant["thumbnail"])
                assert thumbnail.headers["content-type"] == "image/jpeg"
        page = (await http.get(state["files"]["contact-sheet.html"])).text
        assert page.count("A file without a thumbnail") == len(unseen)
        assert page.count("<img ") == len(contents) - len(unseen)
    async with at_work(tmp_path, contents, "another") as (cs, http):  # the database is lost
        assert not [each.problem async for each in cs.restorer.restore() if each.problem]
        again = (await http.get(f"/batch/{state['batchId']}")).json()
        for before, after in zip(state["rows"], again["rows"], strict=True):
            for told in ("mediaType", "width", "height", "note"):
                assert after["variants"][0][told] == before["variants"][0][told]


async def test_other_pixels_than_were_ordered_are_told(tmp_path: Path) -> None:
    """The picture is kept as it came; state, take and table say what was ordered and what came."""
    contents = {
        "as ordered": as_file(painted(2, (1_024, 1_024)), "PNG"),
        "another": as_file(painted(3, (1_000, 1_500)), "WEBP"),
    }
    async with at_work(tmp_path, contents) as (_, http):
        state = await delivered(http, contents)
        right, other = (row["variants"][0] for row in state["rows"])
        assert right["note"] is None
        assert other["note"] == "ordered 1024x1024, came 1000x1500"
        assert (other["width"], other["height"]) == (1_000, 1_500)
        table = (await http.get(state["files"]["results.csv"])).content.decode("utf-8-sig")
        assert [row["note_1"] for row in csv.DictReader(io.StringIO(table))] == ["", other["note"]]
        take = (await http.get(f"/api/generations/{other['take']}")).json()
        assert take["note"] == other["note"]
        assert (take["assets"][0]["width"], take["assets"][0]["height"]) == (1_000, 1_500)


@pytest.mark.parametrize(
    "content", [b"<!doctype html><title>Oops", b"RIFF\xff\xff\x00\x00WEBPVP8 "]
)
async def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    """A page, or a file that is cut off: charged, and told as what it is."""
    async with at_work(tmp_path, {"x": content}) as (_, http):
        state = await delivered(http, {"x": content})
        assert state["status"] == "failed"
        assert state["rows"][0]["error"]["code"] == "unreadable_picture"
        assert state["cost"]["charged"] == state["cost"]["quoted"]
