"""What changes a price is listed, with what it changes it to."""

import pytest

from callsheet.views.prices import price_table
from tests.support.rooms import CATALOG

PRICED = [card.id for card in CATALOG.cards() if card.provider != "local"]


@pytest.mark.parametrize("model", PRICED)
def test_rows_tell_what_an_order_costs(model: str) -> None:
    """Each row's price is what the smallest order costs with the row's inputs put in."""
    card = CATALOG.card(model)
    usual, *rows = price_table(card, CATALOG.form(model))
    assert (usual.field, usual.price) == ("", card.price(card.smallest()))
    for row in rows:
        asked = {**card.smallest().model_dump(mode="json"), **row.inputs}
        assert card.price(card.inputs.model_validate(asked)) == row.price
    for field in {row.field for row in rows}:
        assert any(row.price != usual.price for row in rows if row.field == field)


def test_something_changes_some_price() -> None:
    """The table is no list of one row for every model."""
    assert sum(len(price_table(CATALOG.card(model), CATALOG.form(model))) for model in PRICED) > 100
