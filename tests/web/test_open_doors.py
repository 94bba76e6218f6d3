"""Who is let in without a key: this machine itself, told by what no client can write."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hosts import neighbour
from tests.support.processes import Place, Server, serving
from tests.support.raw import ask

PROXY_HEADERS = (
    *("Forwarded: for=10.1.1.1", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost"),
    *("X-Forwarded-Proto: https", "X-Real-IP: 127.0.0.1", "Via: 1.1 proxy", "X-Client-IP: ::1"),
    *("x-forwarded-for:", "CF-Connecting-IP: 127.0.0.1", "X-Original-Forwarded-For: 127.0.0.1"),
)
FOREIGN_HOSTS = (
    *("evil.example", "a`b.evil.com", "evil.com@localhost", "localhost@evil.com", ""),
    *("localhost.", "localhost:", "localhost:x", "localhost:99999", "localhost evil.com"),
    *("localhost/evil", "localhost#evil", "[::1", "::1", "[127.0.0.1]", "[::1]x"),
    *(
        "127.0.0.1.evil.com",
        "127.1",
        "0x7f000001",
        "2130706433",
        "localhost,evil.com",
        "lo calhost",
    ),
    *("http://localhost", "\x80localhost", "localhost\\@evil.com", "[::ffff:10.0.0.1]"),
)
OWN_HOSTS = ("localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:9090", "[::1]")
PATHS = ("/", "/ready", "/health", "/metrics", "/openapi.json", "/api/jobs", "/no/such/path")


def made_key(place: Place, name: str = "first") -> tuple[str, str]:
    """Make an admin's key; answers its id and its secret."""
    told = place.run("keys", "create", name, "--role", "admin", "--json").stdout
    found = json.loads(told)
    return found["id"], found["secret"]


@pytest.fixture
def closed_again(tmp_path: Path) -> Iterator[Server]:
    """Serve on loopback, with one key that has come and gone."""
    place = Place(tmp_path)
    with serving(place) as server:
        key, _ = made_key(place)
        assert place.run("keys", "revoke", key, "--open").returncode == 0
        yield server


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2")
def test_server_for_all_stays_shut_when_its_last_key_is_revoked(tmp_path: Path) -> None:
    """From another host `Host: localhost` opens nothing, said openly or not; nor from this one."""
    place = Place(tmp_path, settings={"CALLSHEET_HOST": "0.0.0.0"})  # noqa: S104  # what is tested
    key, secret = made_key(place)
    with serving(place) as server, neighbour("callsheet-door", "csdoor", "10.253.7") as other:

        def from_elsewhere(*headers: str) -> str:
            program = (
                "import http.client, sys\n"
                "line = http.client.HTTPConnection('10.253.7.1', int(sys.argv[1]), timeout=20)\n"
                "line.putrequest('GET', '/api/jobs', skip_host=True)\n"
                "for each in sys.argv[2:]: line.putheader(*each.split(': ', 1))\n"
                "line.endheaders(); print(line.getresponse().status)\n"
            )
            command = ["ip", "netns", "exec", other, sys.executable, "-c", program]
            told = [*command, str(server.port), *headers]
            return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()

        assert from_elsewhere("Host: x", f"Authorization: Bearer {secret}") == "200"
        refused = place.run("keys", "revoke", key)
        assert refused.returncode == 1
        assert "--open" in refused.stderr
        assert from_elsewhere("Host: x", f"Authorization: Bearer {secret}") == "200"
        assert place.run("keys", "revoke", key, "--open").returncode == 0
        for host in ("localhost", f"127.0.0.1:{server.port}", "[::1]"):
            assert from_elsewhere(f"Host: {host}") == "401"
            forwarded = from_elsewhere(f"Host: {host}", "X-Forwarded-For: 127.0.0.1")
            assert forwarded == "401"
            assert ask(server.port, f"GET /api/jobs HTTP/1.1\nHost: {host}").status == 401


def test_last_key_is_revoked_only_by_saying_so(tmp_path: Path) -> None:
    """Refused by name; with `--open` this machine is let in again, until there is a key again."""
    place = Place(tmp_path)
    first, _ = made_key(place)
    second, _ = made_key(place, "second")
    with serving(place) as server:
        assert place.run("keys", "revoke", second).returncode == 0
        refused = place.run("keys", "revoke", first)
        assert (refused.returncode, "last_key" in refused.stderr) == (1, True)
        assert server.http.get("/api/jobs").status_code == 401
        assert place.run("keys", "revoke", first, "--open").returncode == 0
        assert server.http.get("/api/jobs").status_code == 200
        third, _ = made_key(place, "third")
        assert server.http.get("/api/jobs").status_code == 401
        assert place.run("keys", "revoke", third).returncode == 1
        listed = json.loads(place.run("keys", "list", "--json").stdout)["api_keys"]
        assert [each["name"] for each in listed] == ["first", "second", "third"]


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_proxy_on_this_machine_is_not_this_machine(server: Server, header: str) -> None:
    """Whoever comes through a proxy needs a key, whatever address the proxy tells of."""
    head = f"GET /api/jobs HTTP/1.1\nHost: localhost\n{header}"
    assert ask(server.port, head).status == 401


def test_proxy_that_says_nothing_is_told_by_its_version(server: Server) -> None:
    """HTTP/1.0 is what nginx speaks to what is behind it, and no browser."""
    assert ask(server.port, "GET /api/jobs HTTP/1.0\nHost: localhost").status == 401


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_host_is_judged_raw_on_every_path(server: Server, path: str, host: str) -> None:
    """Without keys a Host that is not this machine's own name is refused, however it is put."""
    assert ask(server.port, f"GET {path} HTTP/1.1\nHost: {host}").status == 403


@pytest.mark.parametrize("path", PATHS)
def test_host_must_come_once(server: Server, path: str) -> None:
    """None and two are as bad as a foreign one."""
    assert ask(server.port, f"GET {path} HTTP/1.1").status in (400, 403)
    twice = f"GET {path} HTTP/1.1\nHost: localhost\nHost: localhost"
    assert ask(server.port, twice).status in (400, 403)


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_own_names_are_let_in(server: Server, host: str) -> None:
    """This machine may be called by any name and address that only it has."""
    assert ask(server.port, f"GET /api/jobs HTTP/1.1\nHost: {host}").status == 200


def test_life_and_links_are_told_to_all(server: Server) -> None:
    """Whether we live, and what we signed, may be asked for under any name."""
    job = server.submit(1)
    server.wait_for(job, ["succeeded"])
    files = server.state(job)["files"]
    assert ask(server.port, "GET /healthz HTTP/1.1\nHost: a`b.evil.com").status == 200
    for link in files.values():
        assert ask(server.port, f"GET {link} HTTP/1.1\nHost: evil.example").status == 200
        forged = link[:-1] + ("0" if link[-1] != "0" else "1")
        assert ask(server.port, f"GET {forged} HTTP/1.1\nHost: evil.example").status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "header",
    [
        *("Origin: null", "Origin: https://evil.example", "Origin: http://localhost:1"),
        *("Origin: http://127.0.0.1", "Origin: https://localhost", "Origin: http://localhost.evil"),
        *("Origin: ", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"),
    ],
)
def test_pages_elsewhere_change_nothing(server: Server, method: str, header: str) -> None:
    """Without keys a change is taken from our own pages and from no browser's page else."""
    head = f"{method} /api/money/budgets HTTP/1.1\nHost: localhost\n{header}\nContent-Length: 0"
    assert ask(server.port, head).status == 403


def test_own_page_may_change_things(server: Server) -> None:
    """The same origin, to the port, is let through to the work."""
    host = f"localhost:{server.port}"
    head = f"POST /batch/images HTTP/1.1\nHost: {host}\nOrigin: http://{host}\nContent-Length: 2\n"
    more = "Sec-Fetch-Site: same-origin\nContent-Type: application/json"
    assert ask(server.port, head + more, b"{}").status == 422


def test_key_is_good_under_any_name(tmp_path: Path) -> None:
    """With a key in force neither Host nor proxy matter, and no answer differs by them."""
    place = Place(tmp_path)
    _, secret = made_key(place)
    with serving(place) as server:
        key = f"Authorization: Bearer {secret}"
        for more in ("Host: evil.example", "Host: a`b\nX-Forwarded-For: 1.2.3.4"):
            assert ask(server.port, f"GET /api/jobs HTTP/1.1\n{more}\n{key}").status == 200
            assert ask(server.port, f"GET /api/jobs HTTP/1.1\n{more}").status == 401
            assert ask(server.port, f"GET /health HTTP/1.1\n{more}").status == 200
        twice = f"GET /api/jobs HTTP/1.1\nHost: x\n{key}\n{key}"
        assert ask(server.port, twice).status == 401


def test_opened_server_is_still_careful(closed_again: Server) -> None:
    """What is opened on purpose is opened to this machine alone."""
    port = closed_again.port
    assert ask(port, "GET /api/jobs HTTP/1.1\nHost: localhost").status == 200
    assert ask(port, "GET /api/jobs HTTP/1.1\nHost: evil.example").status == 403
    proxied = "GET /api/jobs HTTP/1.1\nHost: localhost\nX-Forwarded-For: 127.0.0.1"
    assert ask(port, proxied).status == 401
