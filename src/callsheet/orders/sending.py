"""Sending an order, once, and what its answer says of all others to the same provider."""

import contextlib
import logging
from collections.abc import Collection
from dataclasses import replace

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.orders.availability import miss, shut
from callsheet.orders.context import OrderContext
from callsheet.orders.inline_outputs import kept
from callsheet.orders.payloads import PreparedOrder
from callsheet.ports.hosted import (
    HostedProvider,
    Made,
    NotReachedError,
    ProviderBlockedError,
    SubmissionUnknownError,
    Submitted,
)
from callsheet.ports.models import ProviderError, RefusedError

_LOG = logging.getLogger("callsheet.orders")


class Sender:
    """Sends orders that are written down; knows with which key each provider took one of ours."""

    def __init__(self, ctx: OrderContext) -> None:
        self._ctx = ctx
        self._trusted: dict[str, str] = {}  # the last key that passed, by provider

    @property
    def trusted(self) -> Collection[str]:
        """The providers that took an order with the key that we have."""
        return self._trusted.keys()

    async def send(
        self, provider: HostedProvider, each: PreparedOrder
    ) -> Submitted | ProviderError:
        """Send an order; answers what came of it, whatever that is."""
        result: Submitted | ProviderError
        try:
            result = await provider.submit(each.order)
        except ProviderError as error:
            result = error
        except Exception as error:  # noqa: BLE001  # it may have been sent, and somebody must look
            said = event(take=each.take.id, job=each.take.job)
            _LOG.error("take.sending_failed", exc_info=error, extra=said)
            result = SubmissionUnknownError(provider.name, f"sending met {type(error).__name__}")
        await self._learn(provider.name, each.order.key.print, result)
        return result

    async def _learn(
        self, provider: str, key_print: str, result: Submitted | ProviderError
    ) -> None:
        if isinstance(result, NotReachedError):
            miss(self._ctx, provider)
        if isinstance(result, Submitted | RefusedError):
            self._trusted[provider] = key_print
        elif isinstance(result, ProviderBlockedError):
            if self._trusted.get(provider) == key_print:
                del self._trusted[provider]
            with contextlib.suppress(UnavailableError):  # before another order takes its turn
                await shut(self._ctx, result, key_print)


async def with_outputs_kept(
    ctx: OrderContext, each: PreparedOrder, result: Submitted | ProviderError
) -> Submitted | ProviderError:
    """Store what came within an answer, so that it may be written down without it."""
    if not isinstance(result, Submitted) or not isinstance(result.standing, Made):
        return result
    flight = replace(each.take.flight, order_digest=each.digest)
    ordered = replace(each.take, flight=flight)
    made = await kept(ctx, ordered, result.ticket, result.standing)
    return replace(result, standing=made)
