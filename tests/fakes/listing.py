"""Poll: Replicate, whose list shows what was sent. From shared notes on its HTTP API."""

import base64
import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

from tests.fakes.serving import Answer, Fake, Order, Request

PREDICTIONS = "/v1/predictions"


class Lists(StrEnum):
    """How its list behaves."""

    TRUE = "true"
    REWRITTEN = "rewritten"  # numbers, key order, defaults and dropped fields
    DELAYED = "delayed"  # an order is in it after half of the time in which orders settle
    SHIFTING = "shifting"  # one entry a page, and what comes meanwhile moves the pages
    STRANGERS = "strangers"  # full of what others ordered
    DATED = "dated"  # times in another form
    ENHANCED = "enhanced"  # its words are within those that it shows
    EMPTIED = "emptied"  # inputs are deleted early
    EMPTY = "empty"
    CUT = "cut"  # the second page never comes
    # what follows breaks what takes.md says that a provider keeps to
    LATE = "late"  # an order is in it long after it should have settled
    REPHRASED = "rephrased"  # it shows other words than were sent
    FORGETFUL = "forgetful"  # an order is never in it; what others sent is
    MISDATED = "misdated"  # its clock is an hour behind


class ListingFake(Fake):
    """Predictions, polled; listed newest first, in pages that a cursor leads through."""

    setting = "REPLICATE"
    model = "replicate/flux-schnell"
    lists = Lists.TRUE
    late_s = 9.0
    page = 100
    number = ""  # if set, the one id of all orders: that breaks a promise, too

    def is_order(self, request: Request) -> bool:
        """Tell by the path: predictions of a model."""
        return request.method == "POST" and request.path.endswith("/predictions")

    def worded(self, request: Request) -> Order:
        """Read what was sent."""
        model = re.sub(r"^/v1/models/|/predictions$", "", request.path)
        asked = {"model": model, **request.json}
        return Order(
            self.number or secrets.token_hex(13),
            asked["input"]["prompt"],
            asked,
            time.time(),
            asked.get("webhook", ""),
        )

    def accepted(self, order: Order) -> Answer:
        """Answer the prediction as it stands."""
        return Answer(201, self.told(order))

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a prediction."""
        status = "succeeded" if self.done(order) else "starting"
        return {
            "id": order.id,
            "model": order.asked["model"],
            "version": "hidden",
            "status": "canceled" if order.cancelled else status,
            "input": order.asked["input"],
            "output": f"{self.base}/out/{order.id}.png" if status == "succeeded" else None,
            "error": None,
            "logs": "",
            "metrics": {},
            "created_at": datetime.fromtimestamp(order.at, UTC).isoformat(),
            "urls": {},
        }

    def answered(self, request: Request) -> Answer:
        """Answer what is asked about predictions."""
        if request.path == PREDICTIONS:
            return self._listed(int(request.query.get("cursor", "0")))
        if request.path == "/v1/account":
            return Answer(told={"type": "user"})
        if request.path == "/v1/webhooks/default/secret":
            return Answer(told={"key": f"whsec_{base64.b64encode(b'secret').decode()}"})
        number = request.path.removeprefix(f"{PREDICTIONS}/").removesuffix("/cancel")
        for order in self.orders:
            if order.id == number:
                order.cancelled |= request.path.endswith("/cancel") and not self.done(order)
                return Answer(told=self.told(order))
        return Answer(404, {"detail": "Not found."})

    def _listed(self, start: int) -> Answer:
        hidden_s = {Lists.DELAYED: 1.5, Lists.LATE: self.late_s}.get(self.lists, 0.0)
        there = [each for each in self.orders if time.time() >= each.at + hidden_s]
        shown = [self.shown(each) for each in there]
        entries = shown[::-1]
        size = self.page
        match self.lists:
            case Lists.EMPTY:
                entries = []
            case Lists.STRANGERS:
                entries = [*_strangers(), *entries]
            case Lists.FORGETFUL:
                entries = _strangers()
            case Lists.SHIFTING:
                size = 1
            case Lists.CUT:
                size = 1
                if start:
                    return Answer(500, {"detail": "Internal error."})
                entries = [*_strangers(), *entries]
        more = len(entries) > start + size
        following = f"{self.base}{PREDICTIONS}?cursor={start + size}" if more else None
        return Answer(told={"results": entries[start : start + size], "next": following})

    def shown(self, order: Order) -> dict[str, Any]:
        """Describe a prediction as the list does, which may rewrite it."""
        told = self.told(order)
        match self.lists:
            case Lists.REWRITTEN:
                told["input"] = rewritten(told["input"])
            case Lists.DATED:
                told["created_at"] = format_datetime(datetime.fromtimestamp(order.at, UTC))
            case Lists.MISDATED:
                then = datetime.fromtimestamp(order.at - 3_600, UTC)
                told["created_at"] = then.isoformat()
            case Lists.ENHANCED:
                told["input"] = {**told["input"], "prompt": f"Photo: {order.wish}, highly detailed"}
            case Lists.EMPTIED:
                told |= {"input": {}, "data_removed": True}
            case Lists.REPHRASED:
                told["input"] = {**told["input"], "prompt": "something that nobody wrote"}
        return told


def rewritten(told: Mapping[str, Any]) -> dict[str, Any]:
    """Write inputs anew as a service that keeps them in columns does."""
    kept = {name: value for name, value in told.items() if name != "output_format"}
    turned = {name: kept[name] for name in sorted(kept, reverse=True)}
    numbers = {name: float(value) for name, value in turned.items() if isinstance(value, int)}
    return {**turned, **numbers, "prompt": f" {told['prompt']}\r\n", "go_fast": True, "lora": None}


def _strangers() -> list[dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    return [
        {
            "id": f"stranger{number}",
            "model": "black-forest-labs/flux-schnell",
            "status": "succeeded",
            "input": {"prompt": f"what another customer wanted, number {number}", "seed": 0},
            "created_at": now,
        }
        for number in range(5)
    ]
