"""Members: what a revoked key still sees, and what another workspace's admin may not touch."""

import asyncio
import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from callsheet.accounts.model import Role
from callsheet.cli.session import opened
from callsheet.kernel.ids import WorkspaceId
from callsheet.settings import read_settings
from tests.support.plain import NO_TLS
from tests.support.processes import Place, serving

pytestmark = pytest.mark.on_either_database

SOON_S = 2.0
SPARE_S = 3.0  # for a machine that is busy with other tests


def made_key(place: Place, name: str, role: str) -> tuple[str, dict[str, str]]:
    """Make a key; answers its id and the header that it is sent in."""
    told = json.loads(place.run("keys", "create", name, "--role", role, "--json").stdout)
    return told["id"], {"Authorization": f"Bearer {told['secret']}"}


class Watching(threading.Thread):
    """Reads a stream to its end."""

    def __init__(self, base: str, job: str, headers: Mapping[str, str]) -> None:
        super().__init__()
        self._base, self._path, self._headers = base, f"/progress/{job}", headers
        self.began = threading.Event()
        self.ended_at = 0.0

    def run(self) -> None:
        """Read on."""
        with (
            httpx2.Client(base_url=self._base, timeout=60, trust_env=False, verify=NO_TLS) as http,
            http.stream("GET", self._path, headers=dict(self._headers)) as answer,
        ):
            for _ in answer.iter_lines():
                self.began.set()
        self.ended_at = time.monotonic()


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_streams_end_when_their_key_is_revoked(
    verb: str, tmp_path: Path, database_url: str
) -> None:
    """Within two seconds, whatever process revokes, with much to send or nothing; others go on."""
    place = Place(tmp_path, database_url)
    _, keep = made_key(place, "stays", "admin")
    key, leave = made_key(place, "leaves", "viewer")
    with serving(place, "web") as server:  # nobody works: the job goes on for ever
        items = [{"prompt": "x", "model": "local/dot"}]
        sent = server.http.post("/batch/images", json={"items": items}, headers=keep)
        job = sent.json()["batchId"]
        server.http.post(f"/batch/{job}/{verb}", headers=keep)
        base = str(server.http.base_url)
        leaving, staying = (Watching(base, job, each) for each in (leave, keep))
        for each in (leaving, staying):
            each.start()
            assert each.began.wait(30)
        revoking = place.run("keys", "revoke", key)
        revoked_at = time.monotonic()
        assert revoking.returncode == 0
        leaving.join(30)
        assert not leaving.is_alive()
        assert leaving.ended_at - revoked_at < SOON_S + SPARE_S
        assert server.http.get(f"/progress/{job}", headers=leave).status_code == 401
        assert staying.is_alive()
    staying.join(30)


def test_admin_of_a_workspace_leaves_the_server_alone(tmp_path: Path, database_url: str) -> None:
    """Its own keys are its own; the server's, and the switches of all, are 403 by name."""
    place = Place(tmp_path, database_url)

    async def guest_key() -> str:
        settings = read_settings(data_dir=tmp_path / "data", database_url=database_url)
        async with opened(settings) as cs:
            return (await cs.accounts.create("guest", Role.ADMIN, WorkspaceId("guests")))[1]

    guest = {"Authorization": f"Bearer {asyncio.run(guest_key())}"}
    _, own = made_key(place, "own", "admin")
    at = "/api/admin/keys/runway/any"
    with serving(place, "web") as server:
        http = server.http
        server_key = {"secret": "rw_a_secret_of_the_server", "server": True}
        assert http.put(at, json=server_key, headers=own).status_code == 200
        refused = [
            http.put(at, json=server_key, headers=guest),
            http.delete(at, params={"server": "true"}, headers=guest),
            http.patch("/api/admin/models/local/dot", json={"enabled": False}, headers=guest),
            http.patch("/api/admin/providers/runway", json={"enabled": False}, headers=guest),
        ]
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (403, "server_only")
        seen = http.get(at, headers=guest).json()
        assert (seen["owner"], seen["last4"]) == ("server", "")
        assert http.get("/api/admin/audit", headers=guest).json()["items"] == []
        assert http.put(at, json={"secret": "rw_a_guests_secret"}, headers=guest).json()["last4"]
        assert http.delete(at, headers=guest).status_code == 204
        assert http.get(at, headers=own).json()["last4"] == "rver"
        assert len(http.get("/api/admin/audit", headers=own).json()["items"]) == 1
        switched = http.patch("/api/admin/models/local/dot", json={"enabled": False}, headers=own)
        assert switched.status_code == 200
