"""Answers of the simulated provider that go wrong: in its place, after its work, on the way."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from callsheet.sim.core.connections import cut, until_gone
from callsheet.sim.core.faults import NUMBERS, Faults
from callsheet.sim.core.orders import Dialect

_DRIP_BYTES_PER_S = 64.0
_DRIPS_PER_S = 10
_PAGE = "<!doctype html><title>Oops</title>"


async def early_answer(dialect: Dialect, faults: Faults) -> Response | None:
    """Answer in place of the service, before it has done anything, if a fault says so."""
    if not faults:
        return None
    if "latency" in faults:
        await asyncio.sleep(_number(faults, "latency", 1.0))
    for name, answer in _EARLY.items():
        if name in faults:
            return answer(dialect, int(_number(faults, name, 0)) if name in NUMBERS else 0)
    return None


def late_answer(dialect: Dialect, faults: Faults, answer: Response) -> Response:
    """Spoil the answer of a service that has done its work, if a fault says so."""
    if not faults:
        return answer
    if "reset_after_accept" in faults:
        return CutResponse()
    if "hang_after_accept" in faults:
        return SilentResponse()
    if "fail_after_accept" in faults:
        return dialect.server_error(int(_number(faults, "fail_after_accept", 500)))
    return _spoiled(faults, answer)


def _spoiled(faults: Faults, answer: Response) -> Response:
    if "malformed" in faults:
        half = bytes(answer.body)[: len(answer.body) // 2]
        return Response(half, answer.status_code, media_type="application/json")
    if "html" in faults:
        return Response(_PAGE, answer.status_code, media_type="text/html")
    if "slow" in faults:
        return DripResponse(answer, _number(faults, "slow", _DRIP_BYTES_PER_S))
    return answer


def _number(faults: Faults, name: str, default: float) -> float:
    return float(faults[name]) if faults.get(name) else default


class CutResponse(Response):
    """No answer: the connection is cut, after `beginning` of an answer if there is one."""

    def __init__(self, beginning: Response | None = None) -> None:
        super().__init__()
        self._beginning = beginning

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut."""
        if (begun := self._beginning) is not None:
            await send(_start(begun))
            half = bytes(begun.body)[: len(begun.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
        await cut(receive)


class SilentResponse(Response):
    """No answer, for as long as the client has patience."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the client goes."""
        await until_gone(receive)
        await cut(receive)


class DripResponse(Response):
    """An answer whose body comes a few bytes at a time."""

    def __init__(self, answer: Response, bytes_per_s: float) -> None:
        super().__init__()
        self._answer, self._step = answer, max(1, int(bytes_per_s / _DRIPS_PER_S))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drip."""
        body = bytes(self._answer.body)
        await send(_start(self._answer))
        for start in range(0, len(body), self._step):
            drop = body[start : start + self._step]
            await send({"type": "http.response.body", "body": drop, "more_body": True})
            await asyncio.sleep(1 / _DRIPS_PER_S)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _start(answer: Response) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": answer.status_code,
        "headers": answer.raw_headers,
    }


def _bad_reference(dialect: Dialect, _: int) -> Response:
    text = "Does not match format 'uri'"
    return dialect.invalid([{"type": "format", "field": "input.image", "description": text}])


_EARLY: Mapping[str, Callable[[Dialect, int], Response]] = {
    "reset": lambda _, __: CutResponse(),
    "reset_before_accept": lambda _, __: CutResponse(),
    "hang": lambda _, __: SilentResponse(),
    "fail": lambda dialect, status: dialect.server_error(status or 500),
    "fail_before_accept": lambda dialect, status: dialect.server_error(status or 500),
    "throttle": lambda dialect, seconds: dialect.throttled(seconds or 1, retry_after=True),
    "throttle_bare": lambda dialect, seconds: dialect.throttled(seconds or 1, retry_after=False),
    "unauthorized": lambda dialect, _: dialect.unauthenticated(),
    "forbidden": lambda dialect, _: dialect.forbidden(),
    "no_credit": lambda dialect, _: dialect.out_of_credit(),
    "withdrawn": lambda dialect, _: dialect.retired("this model"),
    "refuse": lambda dialect, _: dialect.moderated(),
    "refuse_reference": _bad_reference,
}
