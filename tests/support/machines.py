"""State machines that write to a real database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.database.connections import SqlDatabase
from tests.support.rooms import opened

T = TypeVar("T")


class DatabaseMachine(RuleBasedStateMachine):
    """A machine whose rules do something in a transaction of its database."""

    def __init__(self, runner: asyncio.Runner, database: SqlDatabase) -> None:
        super().__init__()
        self.runner, self.database = runner, database

    def do(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something in a transaction."""

        async def go() -> T:
            async with self.database.begin() as connection:
                return await work(connection)

        return self.runner.run(go())


def run_machine(
    machine: type[DatabaseMachine], url: str, sizes: Mapping[str, tuple[int, int]]
) -> None:
    """Run a machine on a fresh database; `sizes` are examples and steps by kind of database."""
    examples, steps = sizes[url.partition(":")[0]]
    with asyncio.Runner() as runner:
        holder = opened(url)
        database = runner.run(holder.__aenter__())
        try:
            made: Any = partial(machine, runner, database)
            run_state_machine_as_test(
                made,
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(holder.__aexit__(None, None, None))
