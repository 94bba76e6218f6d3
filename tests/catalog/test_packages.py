"""Cards of other packages: in the catalog once installed, and harmless to it when broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.catalog import registry
from callsheet.catalog.registry import FolderCatalog
from callsheet.ports.models import UnusableCardError

CARDS = """
from dataclasses import replace
from callsheet.catalog.models.local.storyboard import CARD

POSTER = replace(CARD, id="acme/poster")
OTHER = replace(CARD, id="acme/another")
"""
POINTS = """
[callsheet.models]
acme/poster = acme_cards:POSTER
acme/misnamed = acme_cards:OTHER
acme/missing = acme_cards.nowhere:CARD
local/storyboard = acme_cards:OTHER
"""


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderCatalog]:
    """Install a package with a good card, a misnamed and a missing one, and one that takes ours."""
    (tmp_path / "acme_cards.py").write_text(CARDS)
    folder = tmp_path / "acme_cards-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-cards\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._joined.cache_clear()
    yield FolderCatalog()
    registry._joined.cache_clear()


def test_cards_of_a_package_join(catalog: FolderCatalog) -> None:
    """The good one is listed; those that cannot be used are left out and say whose they are."""
    listed = {card.id: card for card in catalog.cards()}
    assert listed["acme/poster"] is catalog.card("acme/poster")
    assert listed["local/storyboard"].inputs is listed["acme/poster"].inputs
    assert not {"acme/misnamed", "acme/missing", "acme/another"} & listed.keys()
    for model, said in (("acme/misnamed", "id is 'acme/another'"), ("acme/missing", "nowhere")):
        with pytest.raises(UnusableCardError, match=said) as caught:
            catalog.card(model)
        assert caught.value.package == "acme-cards"
