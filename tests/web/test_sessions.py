"""Sessions over HTTP: signed in with a key, bound to our own pages, ended everywhere at once."""

import json
import time
from pathlib import Path

import httpx2
import pytest

from callsheet.accounts.access import SESSION_COOKIE
from tests.support.processes import Place, Server, serving
from tests.web.test_members import SOON_S, SPARE_S, Watching, made_key


def signed_in(server: Server, secret: str) -> httpx2.Response:
    """Sign in as a program does, which says nothing of pages."""
    with httpx2.Client(base_url=server.http.base_url, trust_env=False, timeout=30) as http:
        return http.post("/api/session", json={"key": secret})


def cookie_of(answer: httpx2.Response) -> dict[str, str]:
    """Word the header in which a browser sends back a session."""
    value = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    return {"Cookie": f"{SESSION_COOKIE}={value}"}


def test_signing_in_and_out(tmp_path: Path) -> None:
    """A key begins a session; who asks is told by either; signed out, the cookie opens nothing."""
    place = Place(tmp_path)
    member = json.loads(place.run("members", "add", "Maya", "maya@example.com", "--json").stdout)
    made = place.run(
        "keys", "create", "hers", "--role", "admin", "--member", member["id"], "--json"
    )
    key = json.loads(made.stdout)
    with serving(place) as server:
        answer = signed_in(server, key["secret"])
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["workspace"], told["role"], told["via"]) == ("local", "editor", "session")
        assert told["may"] == ["viewer", "reviewer", "editor"]
        assert told["member"] == {
            "id": member["id"],
            "name": "Maya",
            "email": "maya@example.com",
            "role": "editor",
        }
        attributes = answer.headers["set-cookie"].lower().split("; ")[1:]
        assert set(attributes) == {"httponly", "samesite=lax", "path=/", "max-age=604800"}
        assert key["secret"] not in answer.text + answer.headers["set-cookie"]
        cookie = cookie_of(answer)
        host = f"http://127.0.0.1:{server.port}"
        assert server.http.get("/api/session", headers=cookie).json() == told
        own = server.http.get("/api/session", headers={"Authorization": key["secret"]}).json()
        assert (own["via"], own["role"], own["session"]) == ("key", "editor", None)
        assert server.http.get("/api/jobs", headers=cookie).status_code == 200
        refused = server.http.put("/api/money/budgets", headers={**cookie, "Origin": host}, json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        gone = server.http.delete("/api/session", headers={**cookie, "Origin": host})
        assert gone.status_code == 204
        assert "max-age=0" in gone.headers["set-cookie"].lower()
        ended = server.http.get("/api/session", headers=cookie)
        assert (ended.status_code, ended.json()["code"]) == (401, "unauthorized")
        bad = signed_in(server, key["secret"] + "x")
        assert bad.status_code == 401
        assert key["secret"] not in bad.text
        assert "set-cookie" not in bad.headers


def test_nobody_needs_a_session_without_keys(server: Server) -> None:
    """The local admin is told so; a stale cookie takes nothing away; a key there is not."""
    told = server.http.get("/api/session", headers={"Cookie": f"{SESSION_COOKIE}=old"}).json()
    assert (told["via"], told["role"], told["key"], told["manages_server"]) == (
        *("local", "admin", None, True),
    )
    assert signed_in(server, "cs_no_such_key").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://sheets.example.com"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, 422),
        ({"Origin": "https://sheets.example.com"}, 422),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_elsewhere_change_nothing_by_a_session(
    headed: tuple[Server, dict[str, str]], headers: dict[str, str], status: int, method: str
) -> None:
    """What the browser's cookie would allow, its Origin and Sec-Fetch-Site must allow as well."""
    server, cookie = headed
    paths = {"POST": "/batch/images", "PUT": "/api/money/budgets"}
    paths |= {"PATCH": "/api/admin/models/local/dot", "DELETE": "/api/money/budgets"}
    answer = server.http.request(method, paths[method], headers={**cookie, **headers}, json={})
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["code"] == "cross_site"
    login = server.http.post("/api/session", headers=headers, json={"key": "cs_x"})
    assert login.status_code == (403 if status == 403 and headers else 401)


@pytest.fixture(scope="module")
def headed(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Serve a place that is reached by https, and a session of an admin."""
    settings = {"CALLSHEET_PUBLIC_URL": "https://sheets.example.com"}
    place = Place(tmp_path_factory.mktemp("sessions"), settings=settings)
    _, key = made_key(place, "first", "admin")
    with serving(place) as server:
        answer = signed_in(server, key["Authorization"].removeprefix("Bearer "))
        yield server, cookie_of(answer)


def test_cookie_is_secure_where_we_are_reached_by_https(
    headed: tuple[Server, dict[str, str]],
) -> None:
    """It is never sent in the clear then."""
    server, cookie = headed
    origin = {"Origin": "https://sheets.example.com"}
    out = server.http.delete("/api/session", headers={"Authorization": "x", **origin})
    assert out.status_code == 401
    place = server.place
    _, key = made_key(place, "second", "viewer")
    answer = signed_in(server, key["Authorization"].removeprefix("Bearer "))
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")
    assert server.http.get("/api/session", headers=cookie).status_code == 200


@pytest.mark.parametrize("ending", ["sign_out", "revoke", "disable"])
def test_streams_end_with_their_session(ending: str, tmp_path: Path, database_url: str) -> None:
    """Within two seconds, whatever ends it, in whatever process; others go on."""
    place = Place(tmp_path, database_url)
    _, keep = made_key(place, "stays", "admin")
    place.run("members", "add", "Maya", "maya@example.com")
    made = place.run("keys", "create", "hers", "--member", "maya@example.com", "--json")
    key = json.loads(made.stdout)
    with serving(place, "web") as server:  # nobody works: the job goes on for ever
        items = [{"prompt": "x", "model": "local/dot"}]
        sent = server.http.post("/batch/images", json={"items": items}, headers=keep)
        job = sent.json()["batchId"]
        cookie = cookie_of(signed_in(server, key["secret"]))
        base = str(server.http.base_url)
        leaving, staying = (Watching(base, job, each) for each in (cookie, keep))
        for each in (leaving, staying):
            each.start()
            assert each.began.wait(30)
        if ending == "sign_out":
            own = {**cookie, "Sec-Fetch-Site": "same-origin"}
            assert server.http.delete("/api/session", headers=own).status_code == 204
        elif ending == "revoke":
            assert place.run("keys", "revoke", key["id"]).returncode == 0
        else:
            assert place.run("members", "disable", "maya@example.com").returncode == 0
        ended_at = time.monotonic()
        leaving.join(30)
        assert not leaving.is_alive()
        assert leaving.ended_at - ended_at < SOON_S + SPARE_S
        assert server.http.get(f"/progress/{job}", headers=cookie).status_code == 401
        assert staying.is_alive()
    staying.join(30)
