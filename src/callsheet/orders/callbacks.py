"""Whether a provider will call us about a take, and where."""

import re

from callsheet.kernel.ids import TakeId
from callsheet.orders.context import OrderContext
from callsheet.ports.hosted import HostedProvider


def call_address(ctx: OrderContext, provider: HostedProvider, take: TakeId) -> str | None:
    """Name the address that a provider may call about a take; None if it calls nobody."""
    return ctx.providers.webhook_address(provider.name, take) if provider.webhook_within_s else None


def take_called_about(provider: HostedProvider, address: str | None) -> TakeId | None:
    """Read which take of ours an address is about that a provider says it will call."""
    about = re.search(rf"/webhooks/{re.escape(provider.name)}/(tk_\w+)", address or "")
    return TakeId(about[1]) if about else None
