"""Doing several things side by side, with errors as they were raised."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(works: Iterable[Awaitable[T]]) -> list[T]:
    """Await all, then answer their results in order, or raise the first error as it is.

    Unlike a task group it wraps no error, so that whoever waits for a service can tell it by its
    class; and it lets the others end first, so that nothing goes on behind the caller's back.
    """
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
