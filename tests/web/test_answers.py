"""What every answer carries, and how files are answered."""

import time
from typing import Any

import httpx2
import pytest

from tests.support.processes import Server


def made(server: Server) -> dict[str, Any]:
    """Make one picture; answers its take."""
    body = {"model": "local/storyboard", "inputs": {"prompt": "a mug", "width": 256, "height": 256}}
    answer = server.http.post("/api/generations", json={**body, "wait_s": 30})
    assert answer.status_code == 200, answer.text
    take: dict[str, Any] = answer.json()
    return take


def test_request_id_is_kept_or_made(server: Server) -> None:
    """A plain id comes back; a hostile one is replaced; without one there is a new one each."""
    kept = server.http.get("/healthz", headers={"X-Request-Id": "abc-1.2_Z"})
    assert kept.headers["x-request-id"] == "abc-1.2_Z"
    for hostile in ("a b", "<script>", "x" * 200, "\u00e9"):
        answer = server.http.get("/healthz", headers={b"X-Request-Id": hostile.encode()})
        assert answer.headers["x-request-id"].startswith("req_")
    ids = {server.http.get("/healthz").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_trace_reaches_the_log(server: Server) -> None:
    """The trace id of a W3C traceparent stands in the log line of its request."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    server.http.get("/api/models", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    until = time.monotonic() + 10  # the line is written once the answer is out
    while trace not in server.place.log("up"):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/batch/job_00000000000000000000", 404, "job_not_found"),
        ("GET", "/api/generations/tk_00000000000000000000", 404, "take_not_found"),
        ("GET", f"/assets/{'0' * 64}", 404, "asset_not_found"),
        ("DELETE", "/batch/images", 405, "method_not_allowed"),
        ("PUT", "/api/models", 405, "method_not_allowed"),
        ("GET", "/api/generations?limit=0", 422, "invalid_input"),
        ("GET", "/api/generations?since=yesterday", 422, "invalid_input"),
        ("POST", "/batch/job_00000000000000000000/explode", 422, "invalid_input"),
    ],
)
def test_errors_are_problem_documents(
    server: Server, method: str, path: str, status: int, code: str
) -> None:
    """Type, title, status, detail, instance and code, whatever went wrong."""
    answer = server.http.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["instance"] == path.split("?", maxsplit=1)[0]
    assert {"type", "title", "status", "detail"} <= problem.keys()


def test_wrong_media_type_is_refused(server: Server) -> None:
    """A body of a type that is not read is refused, not guessed at."""
    headers = {"Content-Type": "text/plain"}
    answer = server.http.post("/batch/images", content=b'{"items": []}', headers=headers)
    assert answer.status_code in (415, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_lists_are_paged_without_gap(server: Server) -> None:
    """Page by page, each take comes once, newest first."""
    takes = [made(server)["id"] for _ in range(3)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = server.http.get("/api/generations", params={"limit": "2", **cursor}).json()
        seen += [take["id"] for take in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == len(set(seen))
    assert [take for take in seen if take in takes] == sorted(takes, reverse=True)


def test_asset_is_answered_whole_in_part_and_not_again(server: Server) -> None:
    """The whole, a range from each end, an impossible one, and 304 for who has it."""
    take = made(server)
    link = take["assets"][0]["url"]
    whole = server.http.get(link)
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "image/png"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "filename" in whole.headers["content-disposition"]

    def part(asked: str) -> httpx2.Response:
        return server.http.get(link, headers={"Range": asked})

    first = part("bytes=0-9")
    assert first.status_code == 206
    assert first.content == whole.content[:10]
    assert first.headers["content-range"] == f"bytes 0-9/{len(whole.content)}"
    assert part("bytes=-5").content == whole.content[-5:]
    assert part("bytes=5-").content == whole.content[5:]
    assert part("bytes=9999999-").status_code == 416
    assert part("pages=1-2").content == whole.content
    again = server.http.get(link, headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_link_that_was_changed_is_refused(server: Server) -> None:
    """A signature is good for its path and time alone."""
    link = made(server)["assets"][0]["url"]
    path, _, query = link.partition("?")
    for bad in (
        f"{path}?{query[:-1]}{'0' if query[-1] != '0' else '1'}",
        f"{path}/thumbnail?{query}",
        link.replace("exp=1", "exp=2", 1),
        f"{path}?exp=x&sig=y",
    ):
        assert server.http.get(bad).status_code in (403, 404), bad
