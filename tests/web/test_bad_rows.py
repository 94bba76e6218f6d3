"""Rows and sheets that cannot be used: a clear, named error, and nothing is created."""

import io
import json
import zipfile
from typing import Any

import httpx2
import openpyxl
import pytest

from tests.support.processes import Server

BOAT = {"prompt": "a red boat", "model": "local/dot"}
CLIP = {"prompt": "a red boat", "model": "replicate/kling-v2-6"}
LONG = {"prompt": "a red boat", "model": "fal/seedance-2-text"}
PLACE = "row 1, column inputs.duration_s"
NEST = json.loads("[" * 30 + "]" * 30)
MANY = [f"input_{number}" for number in range(40)]


def jobs(server: Server) -> set[str]:
    """Name the batches there are."""
    listed = server.http.get("/api/jobs", params={"limit": 500}).json()
    return {job["batchId"] for job in listed["items"]}


def refused(server: Server, answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check a problem document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def send(server: Server, items: list[Any], **more: Any) -> httpx2.Response:
    """Send a batch as JSON."""
    return server.http.post("/batch/images", json={"items": items, **more})


def upload(server: Server, name: str, content: bytes, **fields: str) -> httpx2.Response:
    """Send a sheet."""
    return server.http.post("/batch/upload", files={"file": (name, content)}, data=fields)


BAD_ITEMS: list[tuple[str, list[Any], str, str]] = [
    ("empty", [], "empty_sheet", "rows"),
    ("no prompt", [{"scene_id": "S1"}], "missing_prompt", "items[0].prompt"),
    ("eleven rows", [BOAT] * 11, "too_many_rows", "rows"),
    ("four variants", [{**BOAT, "variants": 4}], "too_many_variants", "items[0].variants"),
    ("spaces", [{"prompt": "  \t "}], "missing_prompt", "items[0].prompt"),
    ("controls", [{"prompt": "\x00\x01\x1b\u200b"}], "unusable_prompt", "items[0].prompt"),
    ("long", [{"prompt": "x" * 100_000}], "prompt_too_long", "items[0].prompt"),
    ("model", [{"prompt": "x", "model": "local/none"}], "unknown_model", "row 1, column model"),
    ("size", [{**BOAT, "size": "9x9"}], "invalid_size", "items[0].size"),
    ("input", [{**BOAT, "inputs": {"steps": 4}}], "model_refuses", "row 1, column inputs.steps"),
    (
        "seed",
        [{"prompt": "x", "inputs": {"seed": 1}}],
        "model_refuses",
        "row 1, column inputs.seed",
    ),
    ("value", [{**CLIP, "inputs": {"duration_s": 7}}], "model_refuses", PLACE),
    ("range", [{**LONG, "inputs": {"duration_s": "99"}}], "model_refuses", PLACE),
    ("deep", [{**CLIP, "inputs": {"audio": NEST}}], "invalid_inputs", "items[0].inputs"),
    ("many", [{**CLIP, "inputs": dict.fromkeys(MANY, 1)}], "invalid_inputs", "items[0].inputs"),
    ("large", [{**CLIP, "inputs": {"a": "x" * 40_000}}], "invalid_inputs", "items[0].inputs"),
    ("twice", [{**CLIP, "inputs": {"a b": 1, "A_B": 1}}], "invalid_inputs", "items[0].inputs"),
    (
        "file",
        [{**BOAT, "references": ["file:///etc/passwd"]}],
        "invalid_reference",
        "items[0].references",
    ),
]


@pytest.mark.parametrize(
    ("items", "code", "field"),
    [case[1:] for case in BAD_ITEMS],
    ids=[case[0] for case in BAD_ITEMS],
)
def test_bad_items_are_refused_by_name(
    server: Server, items: list[Any], code: str, field: str
) -> None:
    """Each names its code, the row and the column; no batch comes of it."""
    before = jobs(server)
    problem = refused(server, send(server, items), 422, code)
    assert field in {error["field"] for error in problem["errors"]}
    assert jobs(server) == before


def test_inputs_that_cannot_be_are_refused_by_column_and_value(server: Server) -> None:
    """In a sheet too, with what would be right; what holds for a batch goes where it fits."""
    sheet = b"""prompt,model,inputs.duration_s,inputs
a,fal/seedance-2-text,99,
b,replicate/kling-v2-6,,"duration_s=7, audio=yes"
c,local/dot,,steps=4
"""
    (loose,) = refused(server, upload(server, "a.csv", sheet), 422, "invalid_inputs")["errors"]
    assert loose["field"] == "row 3, column inputs"
    assert "duration_s=10; style=" in loose["message"]
    parted = sheet.replace(b", audio", b"; audio")
    problem = refused(server, upload(server, "a.csv", parted), 422, "model_refuses")
    told = {error["field"]: error["message"] for error in problem["errors"]}
    assert told["row 2, column inputs.duration_s"].startswith("duration_s=99: ")
    assert told["row 2, column inputs.duration_s"].endswith("it may be 4 to 15")
    assert told["row 3, column inputs"] == "duration_s=7: Input should be 5 or 10"
    assert told["row 4, column inputs"] == (
        "steps=4: local/dot has no input of that name; there are prompt"
    )
    shared = send(server, [CLIP, BOAT], inputs={"duration_s": 10, "seed": 1, "steps": 4})
    fields = {error["field"] for error in refused(server, shared, 422, "model_refuses")["errors"]}
    assert fields == {"inputs.seed", "inputs.steps"}
    taken = send(
        server, [CLIP, {**CLIP, "inputs": {"duration_s": 5}}, BOAT], inputs={"duration_s": 10}
    )
    assert [row["price"] for row in taken.json()["quote"]["perRow"]] == [
        "0.700000",
        "0.350000",
        "0.000000",
    ]


def test_a_size_that_the_model_cannot_make_is_refused_naming_the_nearest(server: Server) -> None:
    """In a sheet by row and column, for one generation by its input; no size at all is fine."""
    before = jobs(server)
    odd = {"prompt": "x", "model": "fal/flux-schnell", "size": "1024x300"}
    nearest = "fal/flux-schnell does not make 1024x300; the nearest that it makes: 736x416 (16:9)"
    sheet = "prompt,model,size\nx,fal/flux-schnell,1366x768\nx,fal/flux-schnell,1024x300\n"
    inputs = {"prompt": "x", "width": 1024, "height": 300}
    one = {"model": "fal/flux-schnell", "inputs": inputs, "run_mode": "dry_run"}
    for answer, code, place in (
        (send(server, [odd]), "model_refuses", "row 1, column size"),
        (upload(server, "a.csv", sheet.encode()), "model_refuses", "row 3, column size"),
        (server.http.post("/api/generations", json=one), "invalid_input", "inputs.width"),
    ):
        problem = refused(server, answer, 422, code)
        (error,) = problem["errors"]
        assert (error["field"], error["value"]) == (place, "1024x300")
        assert error["message"].startswith(nearest)
    stepped = {"prompt": "x", "model": "openai/gpt-image-2", "size": "1000x600"}
    (error,) = refused(server, send(server, [stepped]), 422, "model_refuses")["errors"]
    assert error["message"].endswith(
        "a multiple of 16); the nearest that it makes: 1072x640 (67:40)"
    )
    assert jobs(server) == before
    unsized = send(server, [{"prompt": "x", "model": "fal/minimax-h3-text"}])
    assert unsized.status_code == 202, unsized.text
    state = server.http.get(f"/batch/{unsized.json()['batchId']}").json()
    assert state["rows"][0]["size"] == "1920x1080"


def test_unknown_field_is_refused(server: Server) -> None:
    """A misspelt field of an item is named, not ignored."""
    problem = refused(server, send(server, [{"promt": "x"}]), 422, "invalid_input")
    assert problem["errors"][0]["field"] == "items.0.promt"


def test_long_value_is_shown_short(server: Server) -> None:
    """The error shows the beginning of what was wrong, not a hundred thousand characters."""
    answer = send(server, [{"prompt": "x" * 100_000}])
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("run_mode", ["LIVE!", "wet"])
def test_unknown_run_mode_is_refused(server: Server, run_mode: str) -> None:
    """Only dry_run and live are modes: a slip must not spend."""
    assert send(server, [BOAT], runMode=run_mode).status_code == 422


CSV = "scene_id,prompt\nS1,Straße bei Nacht — café\nS2,second\n"
GOOD_SHEETS = {
    "bom.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "utf16.csv": CSV.encode("utf-16"),
    "cp1252.csv": CSV.encode("cp1252"),
    "semicolons.csv": CSV.replace(",", ";").encode(),
    "newline.csv": CSV.replace("Straße bei Nacht — café", '"Straße\nbei Nacht — café"').encode(),
}


@pytest.mark.parametrize("name", GOOD_SHEETS)
def test_csv_is_read_whatever_it_was_saved_as(server: Server, name: str) -> None:
    """Encodings, marks, separators and quoted newlines that spreadsheets write are read."""
    answer = upload(server, name, GOOD_SHEETS[name], model="local/dot")
    assert answer.status_code == 202, answer.text
    rows = server.wait_for(answer.json()["batchId"], ["succeeded"])["rows"]
    assert len(rows) == 2
    assert " ".join(rows[0]["prompt"].split()) == "Straße bei Nacht — café"


def book(*rows: tuple[object, ...]) -> bytes:
    """Save a workbook of one sheet."""
    content, workbook = io.BytesIO(), openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.save(content)
    return content.getvalue()


def bombed() -> bytes:
    """Save a workbook with a part that grows a thousandfold."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(("prompt",), ("x",)))) as old,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
        new.writestr("xl/worksheets/sheet9.xml", bytes(100_000_000))
    return content.getvalue()


BAD_SHEETS: list[tuple[str, str, bytes, str]] = [
    ("empty", "a.csv", b"", "empty_sheet"),
    ("only a header", "a.csv", b"prompt\n", "empty_sheet"),
    ("unknown columns", "a.csv", b"colour,shape\nred,round\n", "unknown_column"),
    ("10,000 columns", "a.csv", b",".join([b"c"] * 10_000) + b"\n", "too_many_columns"),
    ("cut in a quote", "a.csv", b'prompt\n"a red boat', "damaged_sheet"),
    ("not a book", "a.xlsx", b"PK\x03\x04 not a book", "damaged_sheet"),
    ("a bomb", "a.xlsx", bombed(), "sheet_too_large"),
    ("a picture", "a.png", b"\x89PNG\r\n\x1a\n", "unknown_sheet_type"),
]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [case[1:] for case in BAD_SHEETS],
    ids=[case[0] for case in BAD_SHEETS],
)
def test_bad_sheets_are_refused_by_name(
    server: Server, name: str, content: bytes, code: str
) -> None:
    """Each names what is wrong with the file; no batch comes of it."""
    before = jobs(server)
    refused(server, upload(server, name, content), 422, code)
    assert jobs(server) == before


def test_workbook_is_read_as_people_see_it(server: Server) -> None:
    """Values of formulas that were never computed, merged cells, dates and the second sheet."""
    content, workbook = io.BytesIO(), openpyxl.Workbook()
    workbook.active.append(["colour"])
    second = workbook.create_sheet("Shots")
    second.append(["scene_id", "prompt", "note"])
    second.append(["S1", "a red boat", "merged"])
    second.append(["S2", "a blue boat", None])
    second.merge_cells("C2:C3")
    workbook.save(content)
    answer = upload(server, "book.xlsx", content.getvalue(), sheet="Shots", model="local/dot")
    assert answer.status_code == 202, answer.text
    state = server.wait_for(answer.json()["batchId"], ["succeeded"])
    assert [row["prompt"] for row in state["rows"]] == ["a red boat", "a blue boat"]
    refused(
        server,
        upload(server, "b.xlsx", content.getvalue(), sheet="None"),
        422,
        "unknown_sheet_name",
    )


@pytest.mark.parametrize("mapping", ["{", "[1]", '{"a": 1}', '{"a": "nothing"}'])
def test_bad_mapping_is_refused(server: Server, mapping: str) -> None:
    """A mapping is a JSON object of columns to known columns, and nothing else."""
    answer = upload(server, "a.csv", b"a\nx\n", mapping=mapping)
    assert answer.status_code == 422, answer.text


def test_disabled_model_is_refused(server: Server) -> None:
    """A model that an operator switched off is named with his reason, until it is on again."""
    path = "/api/admin/models/local/dot"
    assert server.http.patch(path, json={"enabled": False, "reason": "test"}).status_code == 200
    try:
        problem = refused(server, send(server, [BOAT]), 422, "model_disabled")
        assert "test" in problem["errors"][0]["message"]
        wanted = {"model": "local/dot", "inputs": {"prompt": "x"}}
        refused(server, server.http.post("/api/generations", json=wanted), 409, "model_disabled")
    finally:
        server.http.patch(path, json={"enabled": True})
    assert send(server, [BOAT]).status_code == 202


def test_bodies_are_bounded(server: Server) -> None:
    """A body over the limit is refused with 413, whether it says its length or not."""
    huge = b'{"items": [{"prompt": "' + b"x" * (65 * 1024 * 1024) + b'"}]}'
    headers = {"Content-Type": "application/json"}
    stated = server.http.post("/batch/images", content=huge, headers=headers)
    refused(server, stated, 413, "body_too_large")
    pieces = (huge[at : at + 1_000_000] for at in range(0, len(huge), 1_000_000))
    unstated = server.http.post("/batch/images", content=pieces, headers=headers)
    refused(server, unstated, 413, "body_too_large")


@pytest.mark.parametrize("body", [b"{", b"", b"[1,2", b'{"items": NaN}', b"\xff\xfe", b"[" * 9_000])
def test_malformed_json_is_refused(server: Server, body: bytes) -> None:
    """What is not JSON is 400 or 422, never a 500."""
    headers = {"Content-Type": "application/json"}
    answer = server.http.post("/batch/images", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("batch", ["../etc", "..%2F..%2Fetc%2Fpasswd", "job_%00", "x" * 90, "%F0"])
def test_hostile_batch_ids_are_unknown(server: Server, batch: str) -> None:
    """An id with a path in it, a NUL or garbage names no batch, at every door."""
    for path in (f"/batch/{batch}", f"/progress/{batch}", f"/batch/{batch}/files/results.csv"):
        answer = server.http.get(path)
        assert answer.status_code in (404, 422), (path, answer.text)


SHOP = "Handle,Title,Image Src,variants\nmug,Harbour mug,,2\nmug,,,\nlamp,#N/A,,1\n"
RECIPE = 'prompt = "{Title}, on oak"\nskip_blank = true\n[map]\n"Handle" = "scene_id"\n'


def test_a_sheet_is_priced_as_a_recipe_reads_it_and_nothing_is_made(server: Server) -> None:
    """Which columns mean what is told; a bad row is named, and left out where that is asked for."""
    before = jobs(server)
    sheet = {"file": ("shop.csv", SHOP.encode())}
    said = {"recipe": RECIPE, "keep_going": "true", "model": "fal/flux-schnell"}
    answer = server.http.post("/batch/quote", files=sheet, data=said)
    assert answer.status_code == 200, answer.text
    quote = answer.json()
    assert [row["row"] for row in quote["perRow"]] == [2, 4]
    assert float(quote["total"]) > 0
    assert "1 row without a prompt left out" in quote["notes"]
    assert any(note.startswith("columns used: Handle, Title") for note in quote["notes"])
    said = {"mapping": '{"Title": "prompt"}', "skip_blank": "true", "keep_going": "1"}
    left_out = server.http.post("/batch/quote", files=sheet, data=said).json()
    assert [(row["row"], "#N/A" in row["message"]) for row in left_out["refused"]] == [(4, True)]
    whole = server.http.post("/batch/quote", files=sheet, data={**said, "keep_going": ""})
    refused(server, whole, 422, "unusable_prompt")
    for field in ({"recipe": "map ="}, {"recipe": "colour = 1"}, {"prompt": "no columns"}):
        refused(
            server, server.http.post("/batch/quote", files=sheet, data=field), 422, "invalid_recipe"
        )
    assert jobs(server) == before


def test_items_may_have_columns_of_their_own(server: Server) -> None:
    """With a recipe that says what they mean; the bad ones come back as failed."""
    items = [
        {"Ware": "mug", "Ort": "oak", "n": 1},
        {"Ware": "lamp", "Ort": None},
        {"Ware": "#REF!"},
    ]
    recipe = {"map": {"Ware": "prompt", "n": "variants"}}
    answer = send(server, items, recipe=recipe, keep_going=True, model="local/dot")
    assert answer.status_code == 202, answer.text
    state = server.wait_for(answer.json()["batchId"], ["partial"])
    assert [row["status"] for row in state["rows"]] == ["succeeded", "succeeded", "failed"]
    assert "#REF!" in state["rows"][2]["error"]["message"]
    assert answer.json()["quote"]["refused"][0]["row"] == 3
    plain = send(server, [BOAT, {"prompt": "TBD"}], keep_going=True)
    assert server.wait_for(plain.json()["batchId"], ["partial"])["rows"][1]["status"] == "failed"
    missing = send(server, [{"prompt": "a red boat"}], runMode="live")
    refused(server, missing, 422, "model_missing")
    nested = send(server, [{"Ware": ["x"]}], recipe=recipe)
    refused(server, nested, 422, "invalid_cells")
