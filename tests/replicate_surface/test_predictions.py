"""Replicate's own client against the server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from replicate.client import Client
from replicate.exceptions import ReplicateError

from tests.direct.places import at, check_books, directly
from tests.fakes.at_once import AtOnceFake
from tests.fakes.serving import served
from tests.support.processes import until
from tests.web.test_members import made_key

MODEL = "openai/gpt-image-2"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[AtOnceFake]:
    """Run a provider that answers at once."""
    with served(AtOnceFake(tmp_path / "orders.jsonl")) as running:
        assert isinstance(running, AtOnceFake)
        yield running


def test_the_official_client_predicts(tmp_path: Path, database_url: str, fake: AtOnceFake) -> None:
    """It waits, reads the picture, lists and gets; an equal call is a new picture."""
    place = at(tmp_path / "here", database_url, fake, CALLSHEET_OPENAI_RUN_MODE="live")
    _, headers = made_key(place, "studio", "editor")
    with directly(place) as server:
        url = f"http://127.0.0.1:{server.port}/replicate"
        token = headers["Authorization"].removeprefix("Bearer ")
        here = Client(api_token=token, base_url=url)
        made: Any = here.run(MODEL, input={"prompt": "a mug", "quality": "medium"})
        assert made[0].read().startswith(b"\x89PNG")
        prediction: Any = here.predictions.create(
            version=MODEL, input={"prompt": "a cup", "aspect_ratio": "16:9", "go_fast": True}
        )
        assert prediction.status in ("starting", "succeeded")
        until(lambda: _reloaded(prediction) == "succeeded")
        assert str(prediction.output[0]).startswith("data:image/png;base64,")
        assert here.predictions.get(prediction.id).id == prediction.id
        listed = here.predictions.list().results
        assert [each.status for each in listed] == ["succeeded", "succeeded"]
        again: Any = here.run(MODEL, input={"prompt": "a mug", "quality": "medium"})
        assert again[0].read() != made[0].read()
        check_refusals(here)
        prediction.cancel()
        assert _reloaded(prediction) == "succeeded", "what has ended stays"
        here._client.close()  # it has no way of its own to hang up
    assert (fake.count("a mug"), fake.count("a cup")) == (2, 1)


def _reloaded(prediction: Any) -> str:
    prediction.reload()
    return str(prediction.status)


def check_refusals(here: Client) -> None:
    """Have what cannot be named; a client that sends itself is refused, nothing is kept of it."""
    for model, asked, said in (
        ("no/such", {"prompt": "a"}, "no model 'no/such' here"),
        (MODEL, {"prompt": "a", "num_outputs": 4}, "input.num_outputs"),
        (MODEL, {"prompt": "a", "aspect_ratio": "wide"}, "input.aspect_ratio"),
        (MODEL, {"prompt": "a", "image": {"auth": "secret"}}, "input.image"),
        (MODEL, {}, "prompt"),
    ):
        with pytest.raises(ReplicateError) as refused:
            here.run(model, input=asked)
        assert said in str(refused.value)
        assert "secret" not in str(refused.value)


def test_nothing_is_spent_unless_it_is_said(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """Without the setting it is a preview."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with directly(place) as server:
        answer = server.http.post(
            f"/replicate/v1/models/{MODEL}/predictions",
            json={"input": {"prompt": "a mug"}},
            headers={"Prefer": "wait=20"},
        )
        assert answer.status_code == 201
        assert answer.headers["x-callsheet-run-mode"] == "dry_run"
        assert answer.json()["status"] == "succeeded"
    assert fake.count("a mug") == 0
    check_books(sqlite_url, fake)
