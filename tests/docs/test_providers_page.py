"""The page about lost orders says of each provider what its adapter says."""

from pathlib import Path

from callsheet.ports.hosted import Recourse, ReferencesBy
from callsheet.wiring.providers import adapters

PAGE = Path(__file__).parents[2] / "docs" / "why" / "never-pay-twice.md"
FOUND = {
    Recourse.OUR_ID: "our own id",
    Recourse.LISTING: "the provider's list",
    Recourse.WEBHOOK: "the webhook that names our take",
    Recourse.PERSON: "a person",
}
GO = {
    ReferencesBy.UPLOAD: "uploaded",
    ReferencesBy.INLINE: "within the order",
    ReferencesBy.LINK: "as a link of ours",
}


def test_table_of_providers_is_true() -> None:
    """One line for each provider, with its recourse, its time, its references and its variable."""
    wanted = []
    for name, adapter in adapters().items():
        waits = adapter.recourse is Recourse.WEBHOOK
        seconds = adapter.webhook_within_s if waits else adapter.lists_for_s
        time = f"{seconds / 60:.0f} min" if seconds else "-"
        setting = f"`{adapter.key_setting}`" if adapter.key_setting else "-"
        cells = (f"`{name}`", FOUND[adapter.recourse], time, GO[adapter.references], setting)
        wanted.append(f"| {' | '.join(cells)} |")
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert lines == wanted
