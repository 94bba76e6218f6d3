"""A job's state as an answer: its rows read and written page by page."""

import asyncio
import json
from typing import Any, Final

from fastapi import Response

from callsheet.jobs.model import Job
from callsheet.wiring import Callsheet

MAX_PAGE: Final = 10_000  # rows of one answer


async def state_answer(
    cs: Callsheet, job: Job, *, offset: int = 0, most: int | None = MAX_PAGE
) -> Response:
    """Answer a job's state with so many of its rows; with None, without any."""
    content = _json(cs.views.jobs.header(job))
    if most is not None:
        pages = cs.views.jobs.pages(job, offset=offset, most=most)
        rows = [(await asyncio.to_thread(_json, page))[1:-1] async for page in pages]
        content = b"".join([content[:-1], b',"rows":[', b",".join(rows), b"]}"])
    return Response(content, media_type="application/json")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
