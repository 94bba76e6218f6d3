"""A last look at the clock before a request that must not be late leaves this process."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

_ABOUT_TO_WRITE: Final = "send_request_headers.started"


class TooLateToSendError(Exception):
    """The request was not sent: its time has passed, because this process stood still."""


def only_before(until: float) -> Mapping[str, Any]:
    """Make the `extensions` of an httpx2 request that is not sent after `until`.

    `until` is a time of the running event loop. The look is taken when the connection stands and
    the first byte is about to be written, by httpcore's trace hook
    (https://www.encode.io/httpcore/extensions/#trace). Raises TooLateToSendError from the request.
    """
    loop = asyncio.get_running_loop()

    async def look(name: str, _info: Mapping[str, Any]) -> None:
        if name.endswith(_ABOUT_TO_WRITE) and loop.time() > until:
            raise TooLateToSendError

    return {"trace": look}
