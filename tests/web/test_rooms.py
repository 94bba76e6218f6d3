"""Rooms: people comment, decide and edit at the same moment; nothing acknowledged is lost."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from httpx2.websockets import WebSocketDisconnect, WebSocketSession

from tests.support.plain import NO_TLS
from tests.support.processes import Place, Server, serving
from tests.web.test_members import made_key

PATIENCE_S = 20
REGION = [0.25, 0.25, 0.5, 0.5]
DRAWING = [{"kind": "arrow", "points": [[0.1, 0.1], [0.4, 0.5]]}]


@dataclass
class Person:
    """Somebody in a room, with what they were told that nobody asked for yet."""

    session: WebSocketSession
    came: list[dict[str, Any]] = field(default_factory=list)

    def send(self, **message: Any) -> None:
        """Say something."""
        self.session.send_text(json.dumps(message))

    def hears(self, kind: str, **more: Any) -> dict[str, Any]:
        """Wait for a message of a kind that says some things."""
        until = time.monotonic() + PATIENCE_S
        while True:
            for each in self.came:
                if each["type"] == kind and all(each.get(k) == v for k, v in more.items()):
                    self.came.remove(each)
                    return each
            assert time.monotonic() < until, (kind, more, self.came)
            self.came.append(json.loads(self.session.receive_text(timeout=PATIENCE_S)))

    def asks(self, **message: Any) -> dict[str, Any]:
        """Say something and wait for its ack."""
        self.send(**message)
        return self.hears("ack", id=message["id"])

    def is_refused(self, code: str, **message: Any) -> dict[str, Any]:
        """Say something that is refused."""
        self.send(**message)
        return self.hears("error", id=message.get("id"), code=code)


@contextmanager
def room(
    server: Server, job: str, headers: dict[str, str] | None = None, **hello: Any
) -> Iterator[Person]:
    """Enter the room of a job."""
    address = f"ws://127.0.0.1:{server.port}/ws/api/collaborate/{job}"
    with (
        httpx2.Client(trust_env=False, verify=NO_TLS) as http,
        http.websocket(address, headers=headers or {}) as session,
    ):
        person = Person(session)
        person.send(type="hello", **hello)
        yield person


def made(server: Server, count: int = 2) -> tuple[str, list[dict[str, Any]]]:
    """Make a job to its end; its takes."""
    job = server.submit(count)
    state = server.wait_for(job, ["succeeded"])
    return job, [row["variants"][0] for row in state["rows"]]


def about(take: dict[str, Any]) -> dict[str, str]:
    """Say which take is decided about, as it was seen."""
    return {name: take[name] for name in ("take", "sha256", "content_digest")}


def test_two_people_in_one_room(tmp_path: Path, database_url: str) -> None:
    """Each hears what the other says, once and in order; both see a conflict with both values."""
    with serving(Place(tmp_path, database_url)) as server:
        job, takes = made(server)
        seen = take_of(server, takes[0]["take"])
        with room(server, job) as anna, room(server, job) as bert:
            anna.hears("hello")
            joined = anna.hears("participant_joined")
            hello = bert.hears("hello")
            assert joined["participant"] == hello["participant"]
            assert joined["name"] == "the local admin"
            said = anna.asks(
                type="comment",
                id="a1",
                take=seen["take"],
                text="Too dark <b>here</b>",
                timecode_s=0.5,
                frame=12,
                region=REGION,
                drawing=DRAWING,
            )
            heard = bert.hears("comment", id="a1")
            assert (heard["seq"], heard["asset"]) == (said["seq"], seen["sha256"])
            assert (heard["text"], heard["region"]) == ("Too dark <b>here</b>", REGION)
            assert heard["first"] == {"frame": 12, "pts": "1/2"}
            assert heard["drawing"][0]["points"] == DRAWING[0]["points"]
            assert anna.asks(
                type="comment",
                id="a1",
                take=seen["take"],
                text="Too dark <b>here</b>",
                timecode_s=0.5,
                frame=12,
                region=REGION,
                drawing=DRAWING,
            ) == {"type": "ack", "id": "a1", "seq": said["seq"], "comment": heard["comment"]}
            anna.is_refused("operation_reused", type="comment", id="a1", text="another")
            bert.asks(type="comment", id="b1", text="Better?", parent=heard["comment"])
            answer = anna.hears("comment", id="b1")
            assert (answer["parent"], answer["asset"]) == (heard["comment"], seen["sha256"])
            anna.send(type="presence", cursor=[0.5, 0.25], playing_at=1.5)
            assert bert.hears("presence")["cursor"] == [0.5, 0.25]

            before = bert.asks(type="approval", id="b2", **about(seen))
            assert anna.hears("approval", id="b2")["seq"] == before["seq"]
            again = bert.asks(type="approval", id="b2", **about(seen))
            assert again["seq"] == before["seq"], "a decision that is sent again is the same"
            where = {"type": "manifest_edit", "entity": "shot:1", "field": "prompt"}
            first = anna.asks(**where, id="a2", base_revision=0, value="a red mug in the rain")
            assert (first["revision"], first["value"]) == (1, "a red mug in the rain")
            assert bert.hears("manifest_edit", id="a2")["value"] == "a red mug in the rain"
            conflict = bert.is_refused(
                "manifest_conflict", **where, id="b3", base_revision=0, value="a green mug"
            )
            [current] = conflict["current"]
            assert (current["current"], current["asked"]) == (
                "a red mug in the rain",
                "a green mug",
            )
            outdated = bert.is_refused(
                "decision_outdated", type="rejection", id="b4", reason="x", **about(seen)
            )
            assert outdated["current"]["content_digest"] != seen["content_digest"]
            bert.asks(type="comment_resolved", id="b5", comment=heard["comment"])
            assert anna.hears("comment_resolved")["resolved_at"]
        check_over_http(server, job, seen)
        with room(server, job, last_seq=said["seq"]) as late:
            kinds = [late.hears(kind)["type"] for kind in ("approval", "manifest_edit")]
            assert kinds == ["approval", "manifest_edit"]
            assert "a1" not in {each.get("id") for each in late.came}


def take_of(server: Server, take: str) -> dict[str, Any]:
    """Read how a take stands."""
    found: dict[str, Any] = server.http.get(f"/api/takes/{take}/quality").json()
    return found


def check_over_http(server: Server, job: str, seen: dict[str, Any]) -> None:
    """Find over HTTP what was said, and the same operations to be the same there."""
    base = f"/api/jobs/{job}"
    listed = server.http.get(f"{base}/comments").json()["items"]
    assert [each["op_id"] for each in listed] == ["a1", "b1"]
    asked = {"asset": seen["sha256"], "open": "true"}
    unresolved = server.http.get(f"{base}/comments", params=asked).json()["items"]
    assert [each["op_id"] for each in unresolved] == ["b1"]
    body = {"op_id": "b1", "text": "Better?", "parent": listed[0]["comment"]}
    assert server.http.post(f"{base}/comments", json=body).json() == listed[1]
    table = server.http.get(f"{base}/comments/export")
    assert table.headers["content-disposition"] == 'attachment; filename="comments.csv"'
    assert table.content.decode("utf-8-sig").splitlines()[1].count("00:00:00:12") == 1
    markers = server.http.get(f"{base}/comments/export", params={"format": "edl"}).text
    assert "01:00:00:12 01:00:00:13" in markers
    assert "|C:ResolveColorGreen |M:the local admin: Too dark <b>here</b> |D:1" in markers
    manifest = server.http.get(f"{base}/manifest").json()
    assert manifest["shots"]["1"]["prompt"] == "a red mug in the rain"
    operation = {
        "op_id": "a2",
        "entity": "shot:1",
        "field": "prompt",
        "base_revision": 0,
        "value": "a red mug in the rain",
    }
    url = f"{base}/manifest/operations"
    [done] = server.http.post(url, json={"operations": [operation]}).json()["items"]
    assert done["revision"] == 1
    late = {**operation, "op_id": "h1", "value": "nothing alike"}
    refused = server.http.post(url, json={"operations": [late]})
    assert (refused.status_code, refused.json()["code"]) == (409, "manifest_conflict")
    assert refused.json()["current"][0]["asked"] == "nothing alike"
    [change] = server.http.get(f"{base}/manifest/versions/0/changes").json()
    assert (change["entity"], change["after"]) == ("shot:1", "a red mug in the rain")
    [back] = server.http.post(f"{base}/manifest/versions/0/restore").json()["items"]
    assert (back["revision"], back["value"]) == (2, change["before"])
    [first, second] = server.http.get(f"{base}/manifest/versions").json()["items"]
    assert (first["op_id"], second["before"]) == ("a2", "a red mug in the rain")


def test_what_each_role_may_say(tmp_path: Path) -> None:
    """A viewer listens, a reviewer comments, an editor edits; a key that is revoked leaves."""
    place = Place(tmp_path)
    _, admin = made_key(place, "boss", "admin")
    viewer_key, viewer = made_key(place, "vera", "viewer")
    _, reviewer = made_key(place, "rolf", "reviewer")
    with serving(place, "web") as server:
        items = [{"prompt": "x", "model": "local/dot"}]
        job = server.http.post("/batch/images", json={"items": items}, headers=admin).json()[
            "batchId"
        ]
        edit = {"entity": "shot:1", "field": "prompt", "base_revision": 0, "value": "y"}
        with room(server, job, viewer) as vera, room(server, job, reviewer) as rolf:
            assert vera.hears("hello")["role"] == "viewer"
            rolf.hears("hello")
            vera.is_refused("forbidden", type="comment", id="v1", text="nice")
            rolf.is_refused("forbidden", type="manifest_edit", id="r1", **edit)
            rolf.asks(type="comment", id="r2", text="nice")
            assert vera.hears("comment", id="r2")["author"] == "rolf"
            assert place.run("keys", "revoke", viewer_key).returncode == 0
            with pytest.raises(WebSocketDisconnect) as ended:
                vera.hears("nothing")
            assert ended.value.code == 1008
            rolf.hears("participant_left")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "malformed_json"),
        ("[" * 500, "body_too_rich"),
        ('{"type":"shout","id":"x"}', "invalid_input"),
        ('{"type":"comment","id":"x","text":""}', "invalid_input"),
        ('{"type":"comment","id":"x","text":"a","region":[0,0,2,1]}', "invalid_input"),
        ('{"type":"comment","id":"x","text":"a","take":"tk_00000000000000000000"}', "not_found"),
        ('{"type":"comment","id":"x","text":"a","parent":"cm_x"}', "comment_not_found"),
        (
            '{"type":"comment","id":"x","text":"a","last":{"frame":2,"pts":"1/12"}}',
            "invalid_input",
        ),
        (
            '{"type":"manifest_edit","id":"x","entity":"shot:9","field":"model","value":"a"}',
            "invalid_input",
        ),
    ],
)
def test_bad_messages_are_refused_by_name(server: Server, text: str, code: str) -> None:
    """The room goes on."""
    with room(server, made(server, 1)[0]) as anna:
        anna.hears("hello")
        anna.session.send_text(text)
        refused = anna.hears("error")
        assert refused["code"].endswith(code)
        assert refused["message"]
        assert anna.asks(type="comment", id="after", text="still here")["seq"]


def test_hello_comes_first_and_bytes_never(server: Server) -> None:
    """Who talks before hello is told so; who sends bytes is let go."""
    job, _ = made(server, 1)
    address = f"ws://127.0.0.1:{server.port}/ws/api/collaborate/{job}"
    with server.http.websocket(address) as session:
        Person(session).is_refused("hello_expected", type="comment", id="x", text="a")
        session.send_bytes(b"{}")
        with pytest.raises(WebSocketDisconnect) as ended:
            session.receive_text(timeout=PATIENCE_S)
    assert ended.value.code == 1003


def test_a_server_dies_under_a_room(tmp_path: Path, postgres_url: str) -> None:
    """What was acknowledged is there for people at another server; what was not is sent again."""
    place = Place(tmp_path, postgres_url)
    with serving(place, "web") as one, serving(place, "web") as two:
        job = one.submit(1)
        with room(two, job) as bert:
            bert.hears("hello")
            with room(one, job) as anna:
                greeted = anna.hears("hello")
                assert bert.hears("participant_joined")["participant"] == greeted["participant"]
                anna.send(type="presence", cursor=[0.1, 0.2])
                assert bert.hears("presence")["cursor"] == [0.1, 0.2]
                for number in range(40):
                    anna.send(type="comment", id=f"op{number}", text=f"remark {number}")
                acks = {anna.hears("ack", id=f"op{number}")["id"] for number in range(10)}
                one.process.kill()
                one.process.wait(PATIENCE_S)
            acks |= {each["id"] for each in anna.came if each["type"] == "ack"}
            with room(two, job, last_seq=greeted["seq"]) as back:
                back.hears("hello")
                for number in range(40):
                    name = f"op{number}"
                    if name not in acks:
                        back.asks(type="comment", id=name, text=f"remark {number}")
                heard = [bert.hears("comment")["id"] for _ in range(40)]
                assert heard == [f"op{number}" for number in range(40)], "each once, in order"
        listed = two.http.get(f"/api/jobs/{job}/comments").json()["items"]
        assert len(listed) == 40
