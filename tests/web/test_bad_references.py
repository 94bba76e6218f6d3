"""References that cannot be had: the row says which and why, and nothing else is harmed."""

from typing import Any

import pytest

from tests.support.processes import Server
from tests.web.references import Gallery


def accepted(server: Server, references: list[Any], **more: Any) -> dict[str, Any]:
    """Send one row with references; gives the answer."""
    plain = {"prompt": "x", "model": "local/storyboard", "size": "256x256"}
    item = {**plain, "ref_pack_public_urls": references}
    answer = server.http.post("/batch/images", json={"items": [item], **more})
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def batch_of(server: Server, references: list[Any], **more: Any) -> str:
    """Send one row with references; answers the batch's id."""
    return str(accepted(server, references, **more)["batchId"])


BAD = {
    "missing.png": "fetch_refused",
    "to-loopback": "forbidden_address",
    "to-metadata": "forbidden_address",
    "to-v6": "forbidden_address",
    "to-file": "forbidden_address",
    "endless.png": "fetch_too_large",
    "html.png": "unreadable_picture",
    "svg.png": "unreadable_picture",
    "bomb.png": "unreadable_picture",
    "cut.jpg": "unreadable_picture",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_reference_fails_its_row_by_name(server: Server, gallery: Gallery, name: str) -> None:
    """The row fails with the error's code and the address; the rest of the job goes on."""
    job = batch_of(server, [gallery.url(name), gallery.url("red.png")])
    state = server.wait_for(job, ["failed", "partial", "succeeded"])
    row = state["rows"][0]
    assert row["status"] == "failed", row
    assert row["error"]["code"] == BAD[name]
    assert gallery.url(name) in row["error"]["message"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/a.png", "http://169.254.169.254/a.png", "http://[::1]/a.png"]
)
def test_private_address_is_never_contacted(server: Server, url: str) -> None:
    """An address inside is refused before anything is sent there."""
    state = server.wait_for(batch_of(server, [url]), ["failed"])
    assert state["rows"][0]["error"]["code"] == "forbidden_address"


def test_name_of_a_private_address_is_refused(server: Server) -> None:
    """So is a public-looking name that resolves to this machine."""
    state = server.wait_for(batch_of(server, ["http://localhost:9/a.png"]), ["failed"])
    assert state["rows"][0]["error"]["code"] == "forbidden_address"


def test_seven_references_of_which_two_are_equal(server: Server, gallery: Gallery) -> None:
    """Six different pictures are left, and all are used."""
    names = ["red", "green", "blue", "black", "white", "gold"]
    urls = [gallery.url(f"{name}.png") for name in names]
    again = gallery.url("red.png") + "?utm_source=mail"
    state = server.wait_for(batch_of(server, [*urls, again]), ["succeeded"])
    assert len(state["rows"][0]["references"]) == 6
    assert state["references"]["uses"] == 7
    assert state["references"]["unique"] == 6


def test_seventh_different_reference_is_dropped_and_reported(
    server: Server, gallery: Gallery
) -> None:
    """The first six stay; the seventh is listed as dropped, with the reason, and told at once."""
    names = ["red", "green", "blue", "black", "white", "gold", "navy"]
    answer = accepted(server, [gallery.url(f"{name}.png") for name in names])
    [note] = answer["quote"]["notes"]
    assert "names 7 references, and local/storyboard takes at most 6" in note
    state = server.wait_for(answer["batchId"], ["succeeded"])
    row = state["rows"][0]
    assert len(row["references"]) == 6
    assert [each["source"] for each in row["dropped"]] == [gallery.url("navy.png")]
    assert row["dropped"][0]["reason"]
    assert state["references"]["uses"] == 7


def test_one_picture_under_many_names_is_fetched_once(server: Server, gallery: Gallery) -> None:
    """The same bytes under another path are one picture, whoever names it."""
    url = gallery.url("teal.png")
    shared = [{"url": f"{url}?utm_campaign=1"}]
    state = server.wait_for(batch_of(server, [url, url], global_refs=shared), ["succeeded"])
    assert state["references"]["uses"] == 3
    assert state["references"]["uniqueUrls"] == 1
    assert state["references"]["unique"] == 1
