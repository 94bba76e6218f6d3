"""An answer that knows whether it arrived: its last byte is kept back until the rest has gone."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from callsheet.controls.claiming import Claims
from callsheet.controls.wishes import Delivery


class WishAnswer(Response):
    """JSON that answers a wish, and writes down whether its client was there to the end."""

    media_type = "application/json"

    def __init__(
        self,
        content: bytes,
        headers: Mapping[str, str],
        *,
        claims: Claims,
        wish: str,
        status: int = 200,
        delivered: Delivery = Delivery.DELIVERED,
    ) -> None:
        super().__init__(content, status, dict(headers))
        self._claims, self._wish = claims, wish
        self._delivered = delivered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a client that left before the last byte has lost its answer."""
        client = Request(scope, receive)  # the route has read its body: what comes is its end
        reached = Delivery.UNDELIVERED
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code,
                 "headers": self.raw_headers}
            )  # fmt: skip
            body = bytes(self.body)
            await send({"type": "http.response.body", "body": body[:-1], "more_body": True})
            await asyncio.sleep(0)  # a line that broke is noticed by now
            if not await client.is_disconnected():
                await send({"type": "http.response.body", "body": body[-1:]})
                reached = self._delivered
        finally:
            await asyncio.shield(self._claims.tell(self._wish, reached))
