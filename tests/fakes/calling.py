"""Webhook: fal's queue, which calls when a request is done, and keeps no list."""

import asyncio
import base64
import hashlib
import json
import time
import uuid
from enum import StrEnum
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.serving import Answer, Fake, Order, Request
from tests.support.plain import NO_TLS


class Calls(StrEnum):
    """What becomes of its webhooks."""

    SENT = "sent"
    TWICE = "twice"
    FORGED_FIRST = "forged first"
    LOST = "lost"


class CallingFake(Fake):
    """A queue: submit, status, result, cancel; the address to call comes with the order."""

    setting = "FAL"
    model = "fal/flux-schnell"
    calls = Calls.SENT

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._key = Ed25519PrivateKey.generate()

    def is_order(self, request: Request) -> bool:
        """Tell by the path of the model."""
        return request.method == "POST" and request.path == "/fal-ai/flux/schnell"

    def worded(self, request: Request) -> Order:
        """Read what was sent."""
        return Order(
            str(uuid.uuid4()),
            request.json["prompt"],
            request.json,
            time.time(),
            request.query.get("fal_webhook", ""),
        )

    def accept(self, order: Order) -> None:
        """Take it into the queue, and call when it is done."""
        super().accept(order)
        if order.calls and self.calls is not Calls.LOST:
            task = self.loop.create_task(self._call(order))
            self.late.add(task)
            task.add_done_callback(self.late.discard)

    def accepted(self, order: Order) -> Answer:
        """Name the request's addresses: owner and app, without what follows."""
        place = f"{self.base}/fal-ai/flux/requests/{order.id}"
        return Answer(
            told={
                "request_id": order.id,
                "response_url": place,
                "status_url": f"{place}/status",
                "cancel_url": f"{place}/cancel",
                "queue_position": 0,
            }
        )

    def answered(self, request: Request) -> Answer:
        """Answer what is asked about requests."""
        if request.path == "/.well-known/jwks.json":
            raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
            return Answer(told={"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]})
        parts = request.path.strip("/").split("/")
        found = [each for each in self.orders if each.id in parts]
        if not found:
            return Answer(404, {"detail": "Request not found"})
        order, what = found[0], parts[-1]
        if what == "cancel":
            return Answer(202, {"status": "CANCELLATION_REQUESTED"})
        if what == "status":
            done = self.done(order)
            return Answer(200 if done else 202, {"status": "COMPLETED" if done else "IN_PROGRESS"})
        return Answer(told=self._result(order))

    def _result(self, order: Order) -> dict[str, Any]:
        image = {"url": f"{self.base}/out/{order.id}.png", "content_type": "image/png"}
        return {"images": [image], "seed": 0, "has_nsfw_concepts": [False]}

    async def _call(self, order: Order) -> None:
        """Call as often as it takes: whoever is called may be away for a while."""
        await asyncio.sleep(self.work_s + 0.1)
        told = {"request_id": order.id, "status": "OK", "payload": self._result(order)}
        body = json.dumps(told).encode()
        async with httpx2.AsyncClient(trust_env=False, timeout=15, verify=NO_TLS) as http:
            if self.calls is Calls.FORGED_FIRST:
                headers = {**self._signed(order, body), "x-fal-webhook-signature": "00" * 64}
                await self._try(http, order, body, headers)
            for _ in range(2 if self.calls is Calls.TWICE else 1):
                for _ in range(40):
                    if await self._try(http, order, body, self._signed(order, body)):
                        break
                    await asyncio.sleep(0.5)

    async def _try(
        self, http: httpx2.AsyncClient, order: Order, body: bytes, headers: dict[str, str]
    ) -> bool:
        try:
            return (await http.post(order.calls, content=body, headers=headers)).is_success
        except httpx2.TransportError:
            return False

    def _signed(self, order: Order, body: bytes) -> dict[str, str]:
        stamp, user = str(int(time.time())), "user-of-the-tests"
        said = "\n".join((order.id, user, stamp, hashlib.sha256(body).hexdigest())).encode()
        return {
            "content-type": "application/json",
            "x-fal-webhook-request-id": order.id,
            "x-fal-webhook-user-id": user,
            "x-fal-webhook-timestamp": stamp,
            "x-fal-webhook-signature": self._key.sign(said).hex(),
        }
