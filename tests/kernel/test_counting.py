"""Numbers of things."""

from callsheet.kernel.counting import how_many


def test_one_is_one_and_all_else_is_many() -> None:
    """A single thing has no plural, thousands have their comma."""
    assert [how_many(count, "row") for count in (0, 1, 2, 12_000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "12,000 rows",
    ]
