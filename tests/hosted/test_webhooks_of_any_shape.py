"""Webhooks with a good signature and any body: taken, or refused by name, never a failure here."""

import base64
import hashlib
import hmac
import importlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import pytest
from tests.sim.simulated import serving
from tests.support.plain import NO_TLS

from callsheet.accounts.model import SERVER
from callsheet.cli.session import opened
from callsheet.intake.model import RunMode
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.settings import read_settings
from callsheet.sim.fal import signer
from callsheet.sim.replicate_dialect import signature
from callsheet.web.app import create_app

REPLICATE_SECRET = "whsec_" + base64.b64encode(b"of the tests, 24 bytes..").decode()
Sign = Callable[[bytes], Mapping[str, str]]
ODD_TICKETS: tuple[object, ...] = (
    "t1",
    "",
    "\x00",
    "\ud800",
    "x" * 100_000,
    "\n",
    7,
    None,
    [],
    {},
    True,
    1e308,
)
ODD_BODIES = (
    *(b"", b"null", b"[]", b"{}", b"7", b'"x"', b"true", b"[[]]", b"[null]", b"NaN", b"{", b"\x00"),
    *(
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b'{"id":"\\ud800"}',
        b'{"id":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
    ),
    *(b"9" * 10_000, b'{"id":' + b"9" * 10_000 + b"}", b"1e999", b"[" * 50_000, b'{"a":' * 50_000),
    *(b"[" + b"0," * 200_000 + b"0]", b'{"data":[]}', b'{"data":null}', b'{"data":[null]}'),
    b'{"data":' + b'[{"taskUUID":' * 60 + b"1" + b"}]" * 60 + b"}",
)


def bodies() -> list[bytes]:
    """Word bodies of every odd shape, and those with an odd ticket where it should be."""
    odd = [
        json.dumps(told).encode()
        for each in ODD_TICKETS
        for told in (
            *({"id": each}, {"request_id": each}, {"taskUUID": each}, {"task_id": each}),
            *({"data": {"taskId": each, "id": each}}, {"data": [{"taskUUID": each}]}),
        )
    ]
    return [*ODD_BODIES, *odd]


def by_replicate(body: bytes) -> Mapping[str, str]:
    """Sign as Replicate does."""
    stamp, secret = str(int(time.time())), base64.b64decode(REPLICATE_SECRET[6:])
    signed = signature(secret, "msg_1", stamp, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signed}


def by_fal(body: bytes) -> Mapping[str, str]:
    """Sign as fal does."""
    stamp = str(int(time.time()))
    lines = ("r1", "u1", stamp, hashlib.sha256(body).hexdigest())
    signed = signer(b"callsheet simulated fal").sign("\n".join(lines).encode()).hex()
    told = {"request-id": "r1", "user-id": "u1", "timestamp": stamp, "signature": signed}
    return {f"x-fal-webhook-{name}": value for name, value in told.items()}


def by_kie(body: bytes) -> Mapping[str, str]:
    """Sign the task that the body names, as KIE does; one that has no bytes is not signed."""
    stamp = str(int(time.time()))
    try:
        task = json.loads(body)["data"]["taskId"]
        signed = f"{task}.{stamp}".encode()
    except (ValueError, RecursionError, LookupError, TypeError):
        signed = f".{stamp}".encode()
    digest = hmac.digest(b"hmac-key", signed, "sha256")
    return {
        "x-webhook-timestamp": stamp,
        "x-webhook-signature": base64.b64encode(digest).decode(),
    }


@pytest.mark.parametrize(
    ("model", "sign"),
    [
        ("replicate/flux-schnell", by_replicate),
        ("fal/nano-banana", by_fal),
        ("kie/nano-banana-2", by_kie),
        ("runware/flux-schnell", lambda _: {}),
        ("luma/photon-1", lambda _: {}),
        ("kling/kling-image-v2-1", lambda _: {}),
        ("gemini_interactions/omni", lambda _: {}),
    ],
)
async def test_signed_webhook_of_any_shape_is_no_failure(
    model: str, sign: Sign, tmp_path: Path
) -> None:
    """Every answer is one that a provider can read: 200, 401 or 422."""
    name = model.split("/", 1)[0]
    model = model.replace("gemini_interactions/omni", "gemini/gemini-omni-1-1-flash")
    more = {"webhook_secret": REPLICATE_SECRET} if name == "replicate" else {}
    module = importlib.import_module(f"callsheet.sim.{name}")
    async with serving(module.create_app(**more)) as base:
        settings = read_settings(
            data_dir=tmp_path / "data",
            public_url="http://127.0.0.1:1",
            provider={name: {"key": getattr(module, "SAMPLE_KEY", "key"), "base_url": base}},
        )
        async with opened(settings) as cs:
            if name == "kie":
                await cs.key_control.set(SERVER, "kie", "webhook", "hmac-key", by="maya")
            await cs.switches.turn(model, enabled=True, reason="vouched for")
            prompt = {"prompt": "a red mug on oak"}
            started = await cs.generations.start(LOCAL_WORKSPACE, model, prompt, RunMode.LIVE)
            take = await cs.generations.take(LOCAL_WORKSPACE, started.take)
            address = cs.line.providers.webhook_address(take.provider, started.take) or ""
            path = address.removeprefix("http://127.0.0.1:1")
            async with (
                serving(create_app(cs, bound="127.0.0.1")) as url,
                httpx2.AsyncClient(
                    base_url=url, trust_env=False, timeout=60, verify=NO_TLS
                ) as http,
            ):
                taken = 0
                for body in bodies():
                    answer = await http.post(path, content=body, headers=dict(sign(body)))
                    assert answer.status_code in (200, 401, 422), (body[:80], answer.text)
                    taken += answer.status_code == 200
                assert taken, "none was signed well enough to be read"
