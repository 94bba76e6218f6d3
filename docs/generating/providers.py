"""reference/providers.md: every hosted provider, as its adapter says."""

from collections import Counter
from typing import Final

from callsheet.ports.hosted import Recourse, ReferencesBy
from callsheet.providers.defaults import HostedDefaults
from callsheet.wiring.providers import adapters
from generating.marking import code, table
from generating.models import own_cards

_FOUND: Final = {
    Recourse.OUR_ID: "our own id",
    Recourse.LISTING: "the provider's list",
    Recourse.WEBHOOK: "the webhook that names our take",
    Recourse.PERSON: "a person",
}
_GO: Final = {
    ReferencesBy.UPLOAD: "uploaded",
    ReferencesBy.INLINE: "within the order",
    ReferencesBy.LINK: "as a link of ours",
}
_HEADER: Final = (
    *("provider", "models", "an order is found by", "for how long", "references go"),
    *("webhooks", "a key is read from", "address"),
)


def page() -> str:
    """List every provider."""
    intro = (
        "# Providers\n\n"
        "Whom callsheet orders from, what a lost answer can be found by"
        " ([why](../why/never-pay-twice.md)), and where"
        " [a key](../how-to/keep-providers-keys.md) is looked for when callsheet has none of its"
        " own. `CALLSHEET_PROVIDER_<NAME>_*` are [settings](settings.md#hosted-providers);"
        " `callsheet providers list` says how they stand.\n\n"
    )
    models = Counter(card.provider for card in own_cards())
    rows = [_row(name, adapter, models[name]) for name, adapter in adapters().items()]
    return intro + table(_HEADER, rows)


def recourses() -> str:
    """Tell by what a lost order is found, provider by provider."""
    rows = [
        (code(name), _FOUND[adapter.recourse], _found_within(adapter))
        for name, adapter in adapters().items()
    ]
    return table(("provider", "a lost order is found by", "for how long"), rows)


def _found_within(adapter: type[HostedDefaults]) -> str:
    waits = adapter.recourse is Recourse.WEBHOOK
    seconds = adapter.webhook_within_s if waits else adapter.lists_for_s
    return f"{seconds / 60:.0f} min" if seconds else "-"


def _row(name: str, adapter: type[HostedDefaults], models: int) -> tuple[str, ...]:
    return (
        code(name),
        str(models),
        _FOUND[adapter.recourse],
        _found_within(adapter),
        _GO[adapter.references],
        _webhooks(adapter),
        code(adapter.key_setting) or "-",
        code(adapter.base_url),
    )


def _webhooks(adapter: type[HostedDefaults]) -> str:
    if not adapter.webhook_within_s:
        return "-"
    if adapter.signs_by_key:
        return "signed with a key of yours"
    return "signed" if adapter.signs_webhooks else "not signed"
