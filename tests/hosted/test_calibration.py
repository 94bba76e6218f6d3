"""Estimates for a GPU of one's own: charged as measured, and corrected by what that says."""

import json
import os
from pathlib import Path
from typing import Any

import httpx2
from tests.databases import unused_port
from tests.hosted.test_many_models import wait_until_up
from tests.support import warm
from tests.support.plain import NO_TLS
from tests.support.processes import Place, serving

from callsheet.kernel.money import Money

MODEL = "comfyui/text-to-image"
ESTIMATE = Money.usd("0.001741")  # 3.5 seconds of an A100
SECONDS = 4.2
MEASURED = Money.per_hour(SECONDS, 1.79)


def test_measured_time_is_charged_and_corrects_the_next_quotes(tmp_path: Path) -> None:
    """Five takes of 4.2 seconds instead of 3.5: the sixth is quoted at 1.2 times the estimate."""
    port = unused_port()
    base = f"http://127.0.0.1:{port}"
    command = ["sim", "provider", "comfyui", "--port", str(port), "--run-seconds", "0.1"]
    sim = warm.start(command, folder=tmp_path, environment=os.environ, out=tmp_path / "sim.log")
    settings = {"CALLSHEET_PROVIDER_COMFYUI_BASE_URL": base}
    place = Place(tmp_path, f"sqlite:///{tmp_path}/cs.db", settings)
    try:
        with httpx2.Client(base_url=base, trust_env=False, verify=NO_TLS) as admin:
            wait_until_up(admin)
        with serving(place) as server:

            def made(count: int, mark: str) -> Any:
                items = [{"prompt": f"mug {n} {mark}", "model": MODEL} for n in range(count)]
                body = {"items": items, "runMode": "live"}
                answer = server.http.post("/batch/images", json=body)
                assert answer.status_code == 202, answer.text
                state = server.wait_for(answer.json()["batchId"], ["succeeded", "failed"])
                return answer.json()["quote"], state["cost"]

            slow = f"[[sim: predict_time={SECONDS}]]"
            quote, cost = made(5, slow)
            assert (quote["total"], quote["corrections"]) == (str(ESTIMATE * 5), [])
            assert cost == {
                "quoted": str(ESTIMATE * 5),
                "held": "0.000000",
                "charged": str(MEASURED * 5),
            }
            asked = server.http.post(f"/api/models/{MODEL}/quote", json={"inputs": {"prompt": "x"}})
            whole, corrected = asked.json()["breakdown"]
            assert whole["price"] == str(ESTIMATE)
            assert corrected["what"] == "measured correction ×1.20 over 5 takes"  # noqa: RUF001  # the sign is meant
            quote, cost = made(1, f"corrected {slow}")
            (correction,) = quote["corrections"]
            assert (correction["model"], correction["takes"]) == (MODEL, 5)
            assert quote["total"] == cost["quoted"] == asked.json()["price"]
            off = abs(Money.usd(cost["charged"]).micros - Money.usd(cost["quoted"]).micros)
            assert off * 100 <= MEASURED.micros
            (found,) = server.http.get("/api/models/accuracy").json()["items"]
            assert (found["takes"], found["estimated"]) == (6, True)
            assert found["correction"] == correction["factor"]
            entries = server.http.get("/api/money/entries", params={"limit": "500"}).json()
            assert sum(Money.usd(each["amount"]).micros for each in entries["items"]) == 0
        told = json.loads(place.run("models", "price", MODEL, "--json").stdout)
        assert (told["listed"], told["takes"]) == (str(ESTIMATE), 6)
    finally:
        sim.terminate()
        sim.wait(20)
