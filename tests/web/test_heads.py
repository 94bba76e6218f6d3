"""What every answer says of itself; HEAD; and the links behind a proxy's path."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.plain import NO_TLS
from tests.support.processes import Place, Server, serving

PREFIX = "/studio/callsheet"


@pytest.fixture(scope="module")
def job(server: Server) -> str:
    """Make a finished batch."""
    made = server.submit(1)
    server.wait_for(made, ["succeeded"])
    return made


def paths(server: Server, job: str) -> list[str]:
    """Name what can be got here: of every route one address."""
    state = server.state(job)
    row = state["rows"][0]["variants"][0]
    take = server.http.get("/api/generations").json()["items"][0]["id"]
    described = server.http.get("/openapi.json").json()["paths"]
    known = {"batch": job, "job": job, "take": take, "what": "day", "sha256": row["sha256"]}
    known |= {"model": "local/dot", "revision": "0"}
    known |= {"name": "results.csv", "provider": "runway", "scope": "any"}
    got = [
        re.sub(r"{(\w+)}", lambda found: known[found[1]], path)
        for path, operations in described.items()
        if "get" in operations
    ]
    return [*got, "/openapi.json", "/no/such", *state["files"].values(), row["url"]]


def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(server: Server, job: str) -> None:
    """Nothing is sniffed, framed, or kept where links stand, whatever the address and status."""
    for path in paths(server, job):
        with server.http.stream("GET", path) as answer:
            told = answer.headers
        assert told["x-content-type-options"] == "nosniff", path
        assert told["x-frame-options"] == "DENY", path
        assert "frame-ancestors 'none'" in told["content-security-policy"], path
        assert "script" not in told["content-security-policy"], path
        assert told["referrer-policy"] == "no-referrer", path
        if "/assets/" not in path:
            assert told["cache-control"] == "no-store", path


def test_head_works_where_get_does(server: Server, job: str) -> None:
    """Each GET has a HEAD: the same status and headers, no body, and no stream is begun."""
    varying = {"date", "x-request-id", "transfer-encoding", "content-length"}
    for path in paths(server, job):
        with server.http.stream("GET", path) as got:
            pass
        head = server.http.head(path, timeout=10)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        same = {name: value for name, value in got.headers.items() if name not in varying}
        assert same.items() <= dict(head.headers).items(), path
    assert server.http.head("/batch/images").status_code in (404, 405)
    allowed = server.http.put("/healthz").headers["allow"]
    assert allowed == "GET, HEAD"


class Proxied(httpx2.BaseTransport):
    """A client that sees a server through a proxy which takes a prefix off."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on."""
        path = request.url.raw_path.decode()
        assert path.startswith(f"{PREFIX}/"), path
        url = request.url.copy_with(raw_path=path.removeprefix(PREFIX).encode())
        return self._inner.handle_request(
            httpx2.Request(request.method, url, headers=request.headers, content=request.read())
        )

    def close(self) -> None:
        """Let the connections go."""
        self._inner.close()


@pytest.fixture(
    params=[{"CALLSHEET_ROOT_PATH": PREFIX}, {"CALLSHEET_PUBLIC_URL": f"http://x.test{PREFIX}/"}],
    ids=["root_path", "public_url"],
)
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Serve a place that a proxy shows under a path."""
    with serving(Place(tmp_path, settings=request.param)) as server:
        yield server


def test_links_hold_behind_a_path(behind: Server) -> None:
    """Every link in answers and on the page leads back through the proxy, stripped or not."""
    job = behind.submit(1)
    behind.wait_for(job, ["succeeded"])
    local = f"http://localhost:{behind.port}"
    inner = httpx2.HTTPTransport()
    with (
        httpx2.Client(transport=Proxied(inner), base_url=local) as through,
        httpx2.Client(base_url=local, trust_env=False, verify=NO_TLS) as unstripped,
    ):
        for http in (through, unstripped):
            state = http.get(f"{PREFIX}/batch/{job}").json()
            picture = state["rows"][0]["variants"][0]
            page = http.get(f"{PREFIX}/").text
            links = [*state["files"].values(), picture["url"], picture["thumbnail"]]
            links += [
                each.replace("&amp;", "&") for each in re.findall(r'(?:href|src)="([^"]+)"', page)
            ]
            for link in links:
                if not link.startswith("data:"):
                    path = link.removeprefix("http://x.test")
                    assert http.get(path).status_code == 200, link
            items = [{"prompt": "x", "model": "local/dot"}]
            told = http.post(f"{PREFIX}/batch/images", json={"items": items}).json()
            for name in ("statusUrl", "progressUrl"):
                assert f"{PREFIX}/" in told[name]
            described = http.get(f"{PREFIX}/openapi.json").json()
            assert described["servers"] == [{"url": PREFIX}]
            assert http.get(f"{PREFIX}/no/such").json()["instance"] == f"{PREFIX}/no/such"
