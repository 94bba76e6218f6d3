"""Whether a provider will call us about a take, and where."""

from callsheet.kernel.ids import TakeId
from callsheet.line.house import House
from callsheet.ports.hosted import HostedProvider


def call_address(house: House, provider: HostedProvider, take: TakeId) -> str | None:
    """Name the address that a provider may call about a take; None if it calls nobody."""
    return house.webhook_address(provider.name, take) if provider.webhook_within_s else None
