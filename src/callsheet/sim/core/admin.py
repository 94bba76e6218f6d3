"""Orders to the simulated provider itself, below ``/_admin``: its book, faults and conditions."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from callsheet.kernel.money import Money
from callsheet.sim.core.conditions import BadOrderError, Conditions
from callsheet.sim.core.door import Door
from callsheet.sim.core.faults import FaultDeck
from callsheet.sim.core.lives import Orders
from callsheet.sim.core.timers import Timers
from callsheet.sim.core.webhooks import Webhooks

_MOST_TWICE = 100


class Admin:
    """What tests and demos ask and change; it needs no token and meets no fault."""

    def __init__(
        self,
        conditions: Conditions,
        deck: FaultDeck,
        door: Door,
        orders: Orders,
        webhooks: Webhooks,
        timers: Timers,
        clear: Sequence[Callable[[], None]],
    ) -> None:
        self._conditions, self._deck, self._door = conditions, deck, door
        self._predictions, self._webhooks, self._timers = orders, webhooks, timers
        self._clear = clear

    async def ledger(self, request: Request) -> Response:
        """Tell every accepted order in order, from `after` on, at most `limit`; and the totals."""
        asked = request.query_params
        try:
            after, limit = int(asked.get("after", -1)), int(asked.get("limit", -1))
        except ValueError:
            return _bad("after and limit must be whole numbers")
        found = [
            order.booked()
            for order in self._predictions
            if order.seq > after and asked.get("take") in {None, order.asked.take}
        ]
        chosen = found if limit < 0 else found[:limit]
        return JSONResponse({"orders": chosen, "totals": totals(self._predictions)})

    async def state(self, _: Request) -> Response:
        """Tell how it stands."""
        return JSONResponse(
            {
                "requests": dict(self._door.requests),
                "orders": Counter(order.status for order in self._predictions),
                "appointments": len(self._timers),
                "webhooks": dict(self._webhooks.sent),
                "faults_left": self._deck.told(),
                "faults_met": dict(self._deck.met),
                "conditions": self._conditions.told(),
            }
        )

    async def faults(self, request: Request) -> Response:
        """Arrange faults: `next`, `chances`, `seed`, `clear`."""
        return await _ordered(request, self._deck.arrange)

    async def conditions(self, request: Request) -> Response:
        """Change conditions."""
        return await _ordered(request, self._conditions.change)

    async def reset(self, _: Request) -> Response:
        """Forget all orders, faults, files and counts; conditions stay."""
        for clear in self._clear:
            clear()
        return JSONResponse({})


def totals(orders: Orders) -> dict[str, Any]:
    """Sum the book up; `twice` names the takes that were charged for more than once."""
    charged = sum(order.charged.micros for order in orders)
    takes = Counter(
        order.asked.take for order in orders if order.asked.take and order.charged > Money(0)
    )
    return {
        "accepted": len(orders),
        "by_status": Counter(order.status for order in orders),
        "by_model": Counter(order.asked.model.id for order in orders),
        "quoted_micros": sum(order.quote.micros for order in orders),
        "charged_micros": charged,
        "charged_usd": str(Money(charged)),
        "twice": [take for take, count in takes.items() if count > 1][:_MOST_TWICE],
    }


async def _ordered(request: Request, carry_out: Callable[[Mapping[str, Any]], None]) -> Response:
    try:
        order = json.loads(await request.body())
        carry_out(order)
    except BadOrderError as error:
        return _bad(str(error))
    except (ValueError, TypeError, AttributeError) as error:
        return _bad(f"the order cannot be read: {error}")
    return JSONResponse({})


def _bad(detail: str) -> Response:
    return JSONResponse({"detail": detail}, 400)
