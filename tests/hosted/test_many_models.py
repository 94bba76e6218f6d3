"""One sheet that names thirty models of eleven providers, in one live run."""

import contextlib
import importlib
import json
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.databases import unused_port
from tests.support import warm
from tests.support.plain import NO_TLS
from tests.support.processes import PATIENCE_S, Place, Server, serve, stop

from callsheet.catalog.registry import FolderCatalog

MODELS = (
    *("replicate/flux-schnell", "replicate/flux-1-1-pro", "replicate/flux-kontext-pro"),
    *("runware/flux-dev",),
    *("openai/gpt-image-2", "openai/gpt-image-2-5-flare", "openai/gpt-image-2-5-sunburst"),
    *("gemini/gemini-3-1-flash-image", "gemini/gemini-3-pro-image"),
    *("gemini/gemini-3-1-flash-lite-image", "gemini/gemini-omni-1-2-flash"),
    *("vertex/veo-3-1-lite",),
    *("runway/gen4-image", "runway/muse-image", "runway/gpt-image-2", "runway/gen4-5"),
    *("runway/gemini-image3-pro", "runway/ideogram-4-5"),
    *("fal/flux-schnell", "fal/flux-dev", "fal/nano-banana-2", "fal/ideogram-v3"),
    *("kie/nano-banana-2", "kie/nano-banana-pro", "kie/google-nano-banana"),
    *("luma/photon-1", "luma/photon-flash-1"),
    *("kling/kling-image-v2-1", "kling/kling-v2-6"),
    *("lovable/gemini-3-1-flash-image",),
)


@contextlib.contextmanager
def all_simulated(folder: Path) -> Iterator[dict[str, httpx2.Client]]:
    """Run a simulator for each provider that the models need."""
    catalog = FolderCatalog()
    names = sorted({catalog.card(model).provider for model in MODELS})
    with contextlib.ExitStack() as stack:
        clients = {}
        for name in names:
            port = unused_port()
            which = [name] if name == "replicate" else ["provider", name]
            command = ["sim", *which, "--port", str(port), "--run-seconds", "0.2"]
            log = folder / f"{name}.log"
            process = warm.start(command, folder=folder, environment=os.environ, out=log)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            base = f"http://127.0.0.1:{port}"
            clients[name] = stack.enter_context(
                httpx2.Client(base_url=base, timeout=30, trust_env=False, verify=NO_TLS)
            )
        for client in clients.values():
            wait_until_up(client)
        yield clients


def wait_until_up(client: httpx2.Client) -> None:
    """Wait for a simulator to answer."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            client.get("/_admin/state").raise_for_status()
        except httpx2.TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


def sample_key(provider: str) -> str:
    """Make up a key of the form that a provider takes."""
    simulator = importlib.import_module(f"callsheet.sim.{provider}")
    key: str = getattr(simulator, "SAMPLE_KEY", "key-of-the-tests")
    return key


def settings(clients: dict[str, httpx2.Client], port: int) -> dict[str, str]:
    """Give the settings with which callsheet takes the simulators for the providers."""
    public = f"http://127.0.0.1:{port}"
    found = {"CALLSHEET_MAX_ROWS": "50", "CALLSHEET_PUBLIC_URL": public}
    for name, client in clients.items():
        prefix = f"CALLSHEET_PROVIDER_{name.upper()}"
        found[f"{prefix}_BASE_URL"] = str(client.base_url).rstrip("/")
        found[f"{prefix}_KEY"] = sample_key(name)
    return found


@pytest.mark.timeout(300)
def test_thirty_models_of_eleven_providers(tmp_path: Path) -> None:
    """All are made, and the money is exact to the micro-dollar, provider by provider."""
    port = unused_port()
    with all_simulated(tmp_path) as clients:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/cs.db", settings(clients, port))
        server = serve(place, port=port)
        with contextlib.closing(server.http):
            confirm(server)
            items = [
                {"prompt": f"a lighthouse keeper, as {model} sees it", "model": model}
                for model in MODELS
            ]
            answer = server.http.post(
                "/batch/images", json={"items": items, "runMode": "live", "name": "Thirty models"}
            )
            assert answer.status_code == 202, answer.text
            told = answer.json()
            state = server.wait_for(told["batchId"], ["succeeded"], timeout_s=200)
            rows = server.state(told["batchId"], rows=1)["rows"]
            assert len(rows) == len(MODELS)
            sheet = server.http.get(state["files"]["contact-sheet.png"])
            (tmp_path / "contact-sheet.png").write_bytes(sheet.content)
            assert stop(server.process) == 0
        accuracy = json.loads(place.run("models", "accuracy", "--json").stdout)
        paid = {name: charged(client) for name, client in clients.items()}
    assert {row["model"] for row in accuracy} == set(MODELS)
    assert all(row["mean_error"] <= 0.01 for row in accuracy), accuracy
    spent: dict[str, Decimal] = dict.fromkeys(clients, Decimal(0))
    catalog = FolderCatalog()
    for row in rows:
        variant = row["variants"][0]
        spent[catalog.card(variant["model"]).provider] += Decimal(variant["cost"])
    assert spent == paid
    assert Decimal(state["cost"]["charged"]) == sum(paid.values())
    assert state["cost"]["held"] == "0.000000"


def confirm(server: Server) -> None:
    """Vouch for the cards that nobody verified, as an operator would."""
    items: list[dict[str, Any]] = server.http.get("/api/models").json()["items"]
    for each in items:
        if each["id"] in MODELS and not each["enabled"]:
            assert each["unverified"]
            answer = server.http.patch(f"/api/admin/models/{each['id']}", json={"enabled": True})
            assert answer.status_code == 200, answer.text


def charged(client: httpx2.Client) -> Decimal:
    """Sum up what a simulator charged; no take was charged twice."""
    totals = client.get("/_admin/ledger").json()["totals"]
    assert totals["twice"] == []
    return Decimal(totals["charged_micros"]) / 1_000_000
