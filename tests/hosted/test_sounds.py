"""Speech and music bought one at a time: paid as quoted, told by what they are, named as files."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.hosted.test_crash_matrix import start_worker
from tests.hosted.test_recourses import orders, served
from tests.support.processes import stop

WORDS = "Six mugs stand on oak, and one of them is red."


def test_speech_and_music_are_bought_and_kept(tmp_path: Path) -> None:
    """Each is charged what it was quoted, and its file has the right type, length and name."""
    wished = {"kie/elevenlabs-turbo-2-5": WORDS, "kie/suno-v5-5": "a slow waltz on a harmonica"}
    with served(tmp_path, "kie") as (server, sim):
        worker = start_worker(server.place, "sounds")
        for model, words in wished.items():
            quote = server.http.post(
                f"/api/models/{model}/quote", json={"inputs": {"prompt": words}}
            )
            body = {"model": model, "inputs": {"prompt": words}, "run_mode": "live", "wait_s": 30}
            told: dict[str, Any] = server.http.post("/api/generations", json=body).json()
            assert told["status"] == "succeeded", told
            assert Decimal(told["charged"]) == Decimal(quote.json()["price"])
            asset = told["assets"][0]
            assert asset["media_type"] == "audio/mpeg"
            assert (asset["sample_rate"], asset["channels"]) == (24_000, 1)
            assert asset["duration"] > 1
            assert (asset["width"], asset["thumbnail"]) == (None, None)
            file = server.http.get(asset["url"])
            assert file.headers["content-type"] == "audio/mpeg"
            named = file.headers["content-disposition"]
            assert named.startswith('inline; filename="')
            assert named.endswith('_v1.mp3"')
            variant = server.state(told["job"], rows=1)["rows"][0]["variants"][0]
            told_there = [variant[name] for name in ("duration", "sampleRate", "channels")]
            assert told_there == [asset[name] for name in ("duration", "sample_rate", "channels")]
        assert [order["charged_micros"] for order in orders(sim)] == [1_380, 60_000]
        assert stop(worker) == 0
