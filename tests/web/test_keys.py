"""Who is let in: keys, roles, workspaces, and this machine alone while there are no keys."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.databases import unused_port
from tests.support.processes import Place, Server, serving

BOAT = {"items": [{"prompt": "x", "model": "local/dot"}]}
WRITES = (
    ("editor", "POST", "/batch/images", BOAT),
    ("editor", "POST", "/api/generations", {"model": "local/dot", "inputs": {"prompt": "x"}}),
    ("editor", "POST", "/batch/job_00000000000000000000/cancel", None),
    ("editor", "POST", "/api/generations/tk_00000000000000000000/cancel", None),
    ("admin", "PATCH", "/api/admin/models/local/dot", {"enabled": True}),
)
RANKS = ("viewer", "reviewer", "editor", "admin")


class Guarded:
    """A server with a key of each role."""

    def __init__(self, server: Server, secrets: dict[str, str]) -> None:
        self.server, self.secrets = server, secrets

    def ask(self, role: str, method: str, path: str, body: object = None) -> httpx2.Response:
        """Ask with the key of a role; "" sends none."""
        headers = {"Authorization": f"Bearer {self.secrets[role]}"} if role else {}
        return self.server.http.request(method, path, json=body, headers=headers)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Serve on all addresses, as only a place with keys may."""
    place = Place(tmp_path_factory.mktemp("keys"), settings={"CALLSHEET_HOST": "0.0.0.0"})  # noqa: S104  # what is tested
    secrets = {
        role: place.run("keys", "create", f"a {role}", "--role", role).stdout.strip()
        for role in RANKS
    }
    with serving(place) as server:
        yield Guarded(server, secrets)


def test_open_door_is_refused(tmp_path: Path) -> None:
    """Without a key in force nobody may listen where others reach: a named error, exit 1."""
    place = Place(tmp_path)
    done = place.run("up", "--host", "0.0.0.0", "--port", str(unused_port()))  # noqa: S104  # see above
    assert done.returncode == 1
    assert "callsheet keys create" in done.stderr
    assert "Traceback" not in done.stderr


def test_taken_port_is_named(tmp_path: Path, server: Server) -> None:
    """A port that another server has is named, with what to do."""
    done = Place(tmp_path).run("up", "--port", str(server.port))
    assert done.returncode == 1
    assert f"port {server.port}" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize("wrong", ["cs_wrong", "", "Basic x", "\u00ff" * 20, "x" * 400])
def test_wrong_key_is_refused(guarded: Guarded, wrong: str) -> None:
    """No key and a wrong key are 401, and say how keys are sent."""
    headers = {b"Authorization": f"Bearer {wrong}".encode()} if wrong else {}
    answer = guarded.server.http.get("/api/jobs", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize("role", RANKS)
def test_roles_bound_what_may_be_done(guarded: Guarded, role: str) -> None:
    """Each write is 403 below its role and something else from there on; reading is for all."""
    for least, method, path, body in WRITES:
        status = guarded.ask(role, method, path, body).status_code
        allowed = RANKS.index(role) >= RANKS.index(least)
        assert (status != 403) == allowed, (role, method, path, status)
        assert status != 401
    assert guarded.ask(role, "GET", "/api/jobs").status_code == 200


def test_health_needs_no_key(guarded: Guarded) -> None:
    """Whoever watches the process needs no key for it."""
    for path in ("/healthz", "/ready", "/health", "/metrics"):
        assert guarded.ask("", "GET", path).status_code == 200, path


def test_revoked_key_is_refused_at_once(guarded: Guarded) -> None:
    """A key that is revoked while the server runs is good for nothing any more."""
    place = guarded.server.place
    secret = place.run("keys", "create", "leaver", "--role", "admin").stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    assert guarded.server.http.get("/api/jobs", headers=headers).status_code == 200
    assert secret not in place.run("keys", "list").stdout
    listed = json.loads(place.run("keys", "list", "--json").stdout)
    key = next(each["id"] for each in listed["api_keys"] if each["name"] == "leaver")
    assert place.run("keys", "revoke", key).returncode == 0
    assert guarded.server.http.get("/api/jobs", headers=headers).status_code == 401


def test_secrets_stay_out_of_the_log(guarded: Guarded) -> None:
    """Neither good keys nor wrong ones are written into the log."""
    guarded.server.http.get("/api/jobs", headers={"Authorization": "Bearer cs_wrong_and_secret"})
    log = guarded.server.place.log("up")
    assert "http.answered" in log
    for secret in (*guarded.secrets.values(), "cs_wrong_and_secret"):
        assert secret not in log


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_page_elsewhere_cannot_use_an_open_server(server: Server, headers: dict[str, str]) -> None:
    """Without keys a foreign Host, Origin or cross-site request is refused."""
    answer = server.http.post("/batch/images", json=BOAT, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden_host"


def test_provider_keys_are_write_only(guarded: Guarded) -> None:
    """An admin sets, sees that it is there, and removes; nobody else may, and nobody reads it."""
    place = "/api/admin/keys/runway/text_to_video"
    body = {"secret": "rw_a_secret_of_runway"}
    assert guarded.ask("editor", "PUT", place, body).status_code == 403
    assert guarded.ask("admin", "GET", place).json()["present"] is False
    told = guarded.ask("admin", "PUT", place, body)
    assert told.status_code == 200, told.text
    assert told.json()["last4"] == "nway"
    seen = guarded.ask("admin", "GET", place)
    assert seen.json()["present"] is True
    assert "secret_of" not in told.text + seen.text
    deeds = guarded.ask("admin", "GET", "/api/admin/audit").json()["items"]
    assert deeds[0]["action"] == "provider_key.set"
    assert deeds[0]["actor"].startswith("key_")
    assert guarded.ask("admin", "DELETE", place).status_code == 204
    assert guarded.ask("admin", "DELETE", place).status_code == 404
    assert "rw_a_secret" not in guarded.server.place.log("up")


def test_bad_provider_keys_are_named(guarded: Guarded) -> None:
    """An unknown provider, an unknown use and a key of two lines are told apart."""
    body = {"secret": "some_secret_of_ours"}
    assert guarded.ask("admin", "PUT", "/api/admin/keys/nobody/any", body).status_code == 404
    use = guarded.ask("admin", "PUT", "/api/admin/keys/runway/dancing", body)
    assert use.status_code == 422
    assert "text_to_video" in use.json()["errors"][0]["message"]
    torn = guarded.ask("admin", "PUT", "/api/admin/keys/runway/any", {"secret": "two\nlines"})
    assert torn.status_code == 422
    assert torn.json()["code"] == "secret_unusable"
    assert "two" not in torn.text
    assert guarded.ask("admin", "GET", "/api/admin/keys/runway/dancing").status_code == 422
    missing = guarded.ask("admin", "POST", "/api/admin/keys/runway/any/test")
    assert missing.status_code == 409
    assert "callsheet keys set runway any" in missing.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"secert": "SECRET"},
        {"secret": "fine", "extra": "SECRET"},
        {"secret": {"value": "SECRET"}},
        {"secret": ["SECRET"]},
        {"secret": "SECRET" * 2_000},
        {"secret": "SECRET\r\nX-Evil: 1"},
        {"secret": "SECRET\u2028SECRET"},
        {"secret": "SECR\u00c9T SECRET"},
        {"secret": "fine", "server": "SECRET"},
        ["SECRET"],
        "SECRET",
    ],
)
def test_refused_provider_key_is_not_repeated(guarded: Guarded, body: object) -> None:
    """Whatever is wrong with a key or with what stands around it, no answer and no log tells it."""
    answer = guarded.ask("admin", "PUT", "/api/admin/keys/runway/any", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]
    assert "SECRET" not in answer.text
    assert "SECRET" not in guarded.server.place.log("up")


def test_white_space_around_a_key_is_not_part_of_it(guarded: Guarded) -> None:
    """A line end that was copied along is left away."""
    place = "/api/admin/keys/luma/any"
    body = {"secret": "\ufeff \tluma-key-of-the-tests-wxyz\r\n"}
    told = guarded.ask("admin", "PUT", place, body)
    assert told.status_code == 200, told.text
    assert told.json()["last4"] == "wxyz"
    assert guarded.ask("admin", "DELETE", place).status_code == 204
