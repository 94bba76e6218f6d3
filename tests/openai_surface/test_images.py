"""OpenAI's own client against the server: pictures, errors, and no order twice."""

import base64
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.direct.places import at, check_books, directly, with_a_worker
from tests.fakes.at_once import AtOnceFake
from tests.fakes.serving import served
from tests.support.processes import Place, serving, until
from tests.web.test_members import made_key

LIVE = {"callsheet": {"run_mode": "live"}}
MODEL = "gpt-image-2"
_CLIENTS: list[OpenAI] = []


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[AtOnceFake]:
    """Run a provider that answers at once."""
    with served(AtOnceFake(tmp_path / "orders.jsonl")) as running:
        assert isinstance(running, AtOnceFake)
        yield running


def with_key(folder: Path, url: str, fake: AtOnceFake) -> tuple[Place, str]:
    """Make a place whose callsheet takes the fake for OpenAI, and a key for it."""
    place = at(folder / "here", url, fake)
    _, headers = made_key(place, "studio", "editor")
    return place, headers["Authorization"].removeprefix("Bearer ")


def client(port: int, key: str, retries: int = 2) -> OpenAI:
    """Make an official client, as its users do."""
    url = f"http://127.0.0.1:{port}/v1"
    made = OpenAI(api_key=key, base_url=url, max_retries=retries, timeout=60)
    _CLIENTS.append(made)
    return made


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close the clients of a test after it."""
    yield
    while _CLIENTS:
        _CLIENTS.pop().close()


def ask(of: OpenAI, prompt: str, **more: Any) -> Any:
    """Ask for a live picture."""
    extra = {**LIVE, **more.pop("extra_body", {})}
    return of.images.with_raw_response.generate(
        model=MODEL, prompt=prompt, extra_body=extra, **more
    )


def test_a_picture_by_the_official_client(
    tmp_path: Path, database_url: str, fake: AtOnceFake
) -> None:
    """By a bare name, with what is ignored told; `n` takes; a link if one is asked for."""
    place, key = with_key(tmp_path, database_url, fake)
    with directly(place) as server:
        here = client(server.port, key)
        raw = ask(here, "a mug", quality="medium", user="u-1", background="opaque")
        [made] = raw.parse().data
        assert base64.b64decode(made.b64_json).startswith(b"\x89PNG")
        assert raw.headers["x-callsheet-model"] == "openai/gpt-image-2"
        assert raw.headers["x-callsheet-ignored"] == "background,user"
        assert raw.headers["x-callsheet-run-mode"] == "live"
        assert float(raw.headers["x-callsheet-cost"]) > 0
        assert len(ask(here, "two cups", n=2).parse().data) == 2
        [linked] = ask(here, "a link", response_format="url").parse().data
        assert server.http.get(linked.url).content.startswith(b"\x89PNG")
        names = [each.id for each in here.models.list()]
        assert "openai/gpt-image-2" in names
        assert here.models.retrieve(MODEL).id == "openai/gpt-image-2"
    assert [fake.count(each) for each in ("a mug", "two cups", "a link")] == [1, 2, 1]


def test_nothing_is_spent_unless_it_is_said(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """A request that does not say `live` is a preview, and tells so."""
    place, key = with_key(tmp_path, sqlite_url, fake)
    with directly(place) as server:
        raw = client(server.port, key).images.with_raw_response.generate(
            model=MODEL, prompt="a mug"
        )
        assert raw.headers["x-callsheet-run-mode"] == "dry_run"
        assert raw.headers["x-callsheet-cost"] == "0.000000"
    assert fake.count("a mug") == 0


@pytest.mark.parametrize(
    ("asked", "kind", "status", "code", "param"),
    [
        ({"model": "no/such"}, openai.NotFoundError, 404, "model_not_found", "model"),
        ({"size": "large"}, openai.BadRequestError, 400, "invalid_parameter", "size"),
        ({"prompt": ""}, openai.BadRequestError, 400, "invalid_input", "prompt"),
        ({"n": 11}, openai.BadRequestError, 400, "invalid_input", "n"),
        ({"stream": True}, openai.BadRequestError, 400, "invalid_parameter", "stream"),
        (
            {"extra_body": {"callsheet": {"run_mode": "live", "max_price": 0.001}}},
            openai.BadRequestError, 400, "invalid_parameter", "callsheet.max_price",
        ),
    ],
)  # fmt: skip
def test_errors_have_their_shape(
    shared: OpenAI, asked: dict[str, Any], kind: type[openai.APIStatusError], status: int,
    code: str, param: str,
) -> None:  # fmt: skip
    """The official client raises its own classes, with code and parameter."""
    with pytest.raises(kind) as refused:
        shared.images.generate(**{"model": MODEL, "prompt": "a mug", **asked})
    assert (refused.value.status_code, refused.value.code, refused.value.param) == (
        status, code, param,
    )  # fmt: skip


def test_a_cap_is_no_reason_to_try_again(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """402 and `insufficient_quota`; forty at once stay within it."""
    place, key = with_key(tmp_path, sqlite_url, fake)
    assert place.run("money", "budget", "set", "all", "0.12").returncode == 0
    with directly(place) as server, ThreadPoolExecutor(10) as many:
        here = client(server.port, key)

        def one(number: int) -> str:
            try:
                ask(here, f"mug {number}", quality="medium")
            except openai.APIStatusError as error:
                return f"{error.status_code} {error.code}"
            return "made"

        answers = sorted(many.map(one, range(40)))
    assert answers.count("made") == 2
    assert set(answers) == {"made", "402 insufficient_quota"}
    assert len(fake.logged()) == 2
    check_books(sqlite_url, fake)


class Cutter:
    """Stands between client and server, and cuts the first answer after so many bytes of it."""

    def __init__(self, port: int, after: int) -> None:
        self._port, self._after, self._cut = port, after, False
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.listening = socket.create_server(("127.0.0.1", 0))

    def run(self) -> None:
        """Take one connection after the other."""
        with suppress(OSError):
            while True:
                near, _ = self.listening.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                most, self._cut = (None, True) if self._cut else (self._after, True)
                self.begin(_pump, near, far, None)
                self.begin(_pump, far, near, most)

    def begin(self, work: Any, *arguments: Any) -> None:
        """Do something beside everything else."""
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Hang up on everybody."""
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for each in self._open:
            each.close()


def _pump(source: socket.socket, to: socket.socket, most: int | None) -> None:
    """Pass on what comes, at most so many bytes; then hang up on both."""
    sent = 0
    with suppress(OSError):
        while data := source.recv(65_536):
            part = data if most is None else data[: max(0, most - sent)]
            to.sendall(part)
            sent += len(part)
            if len(part) < len(data):
                break
    for each in (source, to):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(port: int, after: int) -> Iterator[int]:
    """Cut the first answer after so many bytes; gives where to ask."""
    cutter = Cutter(port, after)
    cutter.begin(cutter.run)
    try:
        yield cutter.listening.getsockname()[1]
    finally:
        cutter.end()


@pytest.mark.parametrize("after", [0, 400])
def test_a_lost_answer_never_buys_twice(
    tmp_path: Path, database_url: str, fake: AtOnceFake, after: int
) -> None:
    """Cut before and within the answer: the client asks again, and gets what was ordered once."""
    place, key = with_key(tmp_path, database_url, fake)
    with directly(place) as server, cutting(server.port, after) as port:
        raw = ask(client(port, key), "a mug", quality="medium")
        assert base64.b64decode(raw.parse().data[0].b64_json).startswith(b"\x89PNG")
        assert raw.headers["Idempotent-Replay"] == "true"
    assert fake.count("a mug") == 1
    check_books(database_url, fake)


def test_equal_calls_are_new_pictures(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """Who has their answer and asks the same again wants another; at once or in turn."""
    place, key = with_key(tmp_path, sqlite_url, fake)
    with directly(place) as server, ThreadPoolExecutor(3) as many:
        here = client(server.port, key)
        first = [ask(here, "a mug").parse().data[0].b64_json for _ in range(2)]
        second = [
            each.parse().data[0].b64_json for each in many.map(ask, [here] * 3, ["a cup"] * 3)
        ]
        same = [
            ask(here, "a key", extra_headers={"Idempotency-Key": "k"}).parse() for _ in range(2)
        ]
    assert len({*first}) == 2
    assert len({*second}) == 3
    assert same[0].data[0].b64_json == same[1].data[0].b64_json
    assert [fake.count(each) for each in ("a mug", "a cup", "a key")] == [2, 3, 1]


def test_a_killed_server_is_asked_again(tmp_path: Path, postgres_url: str) -> None:
    """Clients repeat at another server: nothing is ordered twice.

    What was on its way and cannot be found again is told as in doubt, which clients do not repeat.
    """
    with served(AtOnceFake(tmp_path / "orders.jsonl", waits_s=5.0)) as fake:
        assert isinstance(fake, AtOnceFake)
        place, key = with_key(tmp_path, postgres_url, fake)
        with (
            serving(place, "web") as one,
            serving(place, "web") as two,
            with_a_worker(place),
            ThreadPoolExecutor(4) as many,
        ):
            prompts = [f"mug {number}" for number in range(4)]

            def lost(prompt: str) -> None:
                with pytest.raises(openai.APIConnectionError):
                    ask(client(one.port, key, retries=0), prompt)

            waiting = [many.submit(lost, prompt) for prompt in prompts]
            until(lambda: len(fake.logged()) > 0)
            one.process.kill()
            for each in waiting:
                each.result()

            def again(prompt: str) -> str:
                marked = {"x-stainless-retry-count": "1"}
                try:
                    made = ask(client(two.port, key), prompt, extra_headers=marked)
                except openai.APIStatusError as error:
                    return f"{error.status_code} {error.code}"
                return "made" if made.parse().data[0].b64_json else ""

            answers = set(many.map(again, prompts))
            assert answers <= {"made", "424 order_in_doubt"}
            assert answers
    assert max(fake.count(prompt) for prompt in prompts) == 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    """Serve for requests that are refused."""
    folder = tmp_path_factory.mktemp("refused")
    with served(AtOnceFake(folder / "orders.jsonl")) as fake:
        assert isinstance(fake, AtOnceFake)
        place, key = with_key(folder, f"sqlite:///{folder}/cs.db", fake)
        with directly(place) as server:
            here = client(server.port, key)
            _CLIENTS.remove(here)
            yield here
            here.close()
