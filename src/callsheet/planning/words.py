"""Sets of words, written as text."""


def words(text: str) -> frozenset[str]:
    """Split a text at its spaces."""
    return frozenset(text.split())
