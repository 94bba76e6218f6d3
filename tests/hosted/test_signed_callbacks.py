"""KIE's callbacks at the web door: held against the account's key, where one is set."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from tests.sim.simulated import serving
from tests.support.plain import NO_TLS

from callsheet.accounts.model import SERVER
from callsheet.cli.session import opened
from callsheet.intake.model import RunMode
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.settings import read_settings
from callsheet.takes.inbox import WEBHOOKS
from callsheet.web.app import create_app
from callsheet.wiring import Callsheet

MODEL = "kie/nano-banana-2"


def signed(key: str, task: str, at: float) -> dict[str, str]:
    """Sign as https://docs.kie.ai/common-api/webhook-verification says."""
    stamp = str(int(at))
    digest = hmac.new(key.encode(), f"{task}.{stamp}".encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": signature}


async def kept(cs: Callsheet) -> list[str]:
    """List the tickets that webhooks told of."""
    async with cs.database.read() as connection:
        return [row.ticket for row in await connection.execute(sa.select(WEBHOOKS.c.ticket))]


async def test_forged_callback_leaves_nothing_but_a_count(tmp_path: Path) -> None:
    """With a key: unsigned, forged, old and moved ones are 401. Without one a hint is a hint."""
    folder = {"data_dir": tmp_path / "data", "public_url": "http://127.0.0.1:1"}
    provider = {"kie": {"key": "key-of-the-server"}}
    async with opened(read_settings(**folder, provider=provider)) as cs:
        started = await cs.generations.start(
            LOCAL_WORKSPACE, MODEL, {"prompt": "a red mug"}, RunMode.LIVE
        )
        address = cs.line.providers.webhook_address("kie", started.take) or ""
        path = address.removeprefix("http://127.0.0.1:1")
        set_key = cs.key_control.set
        async with (
            serving(create_app(cs, bound="127.0.0.1")) as url,
            httpx2.AsyncClient(base_url=url, trust_env=False, verify=NO_TLS) as http,
        ):

            async def call(task: str, headers: dict[str, str], **more: str) -> int:
                body = json.dumps({"code": 200, "data": {"taskId": task, **more}})
                sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
                return (await http.post(path, content=body, headers=sent)).status_code

            now = time.time()
            # a workspace's key says nothing of the server's account, which this order goes out from
            await set_key(LOCAL_WORKSPACE, "kie", "webhook", "another account's", by="maya")
            assert await call("k0", {}) == 200
            await set_key(SERVER, "kie", "webhook", "hmac-key", by="maya")
            for headers in (
                {},
                signed("a guess", "k1", now),
                signed("hmac-key", "k1", now - 400),
                signed("hmac-key", "k2", now),
                signed("another account's", "k1", now),
                {"X-Webhook-Timestamp": "now", "X-Webhook-Signature": "ÿ"},
            ):
                assert await call("k1", headers) == 401, headers
            assert await kept(cs) == ["jobs:k0"]
            assert await call("k1", signed("hmac-key", "k1", now)) == 200
            assert await call("k1", signed("hmac-key", "k1", now), state="altered") == 200
            assert await kept(cs) == ["jobs:k0", "jobs:k1"]
            metrics = (await http.get("/metrics")).text
            for result, count in (("forged", 6), ("new", 2), ("seen before", 1)):
                told = f'callsheet_webhooks_total{{provider="kie",result="{result}"}} {count}.0'
                assert told in metrics
        with pytest.raises(InvalidInputError, match="only a webhook shows"):
            await cs.key_control.test(LOCAL_WORKSPACE, "kie", "webhook", by="maya")
        with pytest.raises(InvalidInputError, match="no such use"):
            await set_key(SERVER, "runway", "webhook", "hmac-key", by="maya")
