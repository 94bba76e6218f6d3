"""Numbers of things, as people write them."""


def how_many(count: int, thing: str) -> str:
    """Write a number with its noun: ``1 row``, ``2,000 rows``."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
