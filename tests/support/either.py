"""Tests of whole processes, which in a short run need one kind of database each.

What differs between SQLite and PostgreSQL is tested where it is, at the stores. A test marked
`on_either_database` asks something else, to which the database might matter: of such tests in a
file the first runs on SQLite, the next on PostgreSQL, and so on. With `--all` each runs on both.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest

MARK = "on_either_database"
_PARAMETER = "database_url"


def superfluous(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Choose the tests of a short run that are left out; never the only one of its kind."""
    files: dict[str, dict[object, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker(MARK):
            given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
            if given.pop(_PARAMETER, None) is not None:
                files[str(item.path)][item.originalname, str(given)].append(item)
    return [
        item
        for twins in files.values()
        for number, both in enumerate(twins.values())
        for item in _but_one(both, number)
    ]


def _but_one(twins: Sequence[pytest.Item], number: int) -> list[pytest.Item]:
    kept = twins[number % len(twins)]
    return [twin for twin in twins if twin is not kept]
