"""Serving what the simulated provider made: rendered when fetched, gone after an hour, or spoilt.

Nothing is kept but the scenes that pictures are stamped from, so any number of outputs costs no
memory. An output whose time is over is gone for good: reading its order gives no new URL.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from starlette.responses import RedirectResponse, Response, StreamingResponse

from callsheet.sim.core.clips import Clips
from callsheet.sim.core.models import Makes
from callsheet.sim.core.orders import Order, Status, ending_of
from callsheet.sim.core.pictures import MEDIA_TYPES, Pictures
from callsheet.sim.core.sounds import SOUND_TYPES, Sounds
from callsheet.sim.core.spoiling import CutResponse

_NAME = re.compile(r"out-(\d)\.(png|jpg|webp|mp4|mp3|wav|ogg|m4a)")
_HUGE_BYTES = 1 << 30
_BLOCK = bytes(1 << 16)
_OTHER = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00"
_OTHER_TAIL = b"\x01\x00\x00\x02\x02D\x01\x00;"
_INWARD = "http://169.254.169.254/latest/meta-data/"  # where clouds tell machines their secrets
_GONE = "The requested resource could not be found."


class Outputs:
    """Renders and serves."""

    def __init__(self) -> None:
        self._pictures, self._clips, self._sounds = Pictures(), Clips(), Sounds()
        self._rendering = asyncio.Lock()

    async def answer(self, order: Order, name: str) -> Response:
        """Serve one output of a order."""
        asked = _NAME.fullmatch(name)
        kind = order.asked.faults.get("output", "")
        if order.removed or order.status is not Status.SUCCEEDED or asked is None:
            return Response(_GONE, 404, media_type="text/plain")
        if kind in _INSTEAD:
            return _INSTEAD[kind]()
        content = await self._rendered(order, int(asked[1]), asked[2], flat=kind == "flat")
        known = {**MEDIA_TYPES, **SOUND_TYPES}
        answer = Response(content, media_type=known.get(asked[2], "video/mp4"))
        if kind == "truncated":
            return Response(content[: len(content) // 2], media_type=answer.media_type)
        return CutResponse(answer) if kind == "cut" else answer

    async def content(self, order: Order) -> bytes:
        """Give the first output within an answer, spoilt as its order asked."""
        kind = order.asked.faults.get("output", "")
        if kind in _WITHIN:
            return _WITHIN[kind]
        content = await self._rendered(order, 0, ending_of(order), flat=kind == "flat")
        return content[: len(content) // 2] if kind in {"truncated", "cut"} else content

    async def _rendered(self, order: Order, index: int, ending: str, *, flat: bool) -> bytes:
        asked, stamp = order.asked, order.stamp(index)
        width, height = order.size
        if flat and asked.model.makes is Makes.PICTURE:
            return self._pictures.flat(width, height, ending, stamp)
        if asked.model.makes is Makes.PICTURE:
            if self._pictures.knows(asked.model.id, width, height, ending, stamp):
                return self._pictures.picture(asked.model.id, width, height, ending, stamp)
            draw = partial(self._pictures.picture, asked.model.id, width, height, ending, stamp)
        elif asked.model.makes is Makes.AUDIO:
            seconds = asked.model.seconds(asked.inputs)
            draw = partial(self._sounds.sound, seconds, ending, stamp)
        else:
            draw = partial(
                self._clips.clip,
                asked.model.id,
                width,
                height,
                asked.model.seconds(asked.inputs),
                sound=bool(asked.model.given(asked.inputs, asked.model.heard_by)),
                stamp=stamp,
            )
        async with self._rendering:  # whoever waits for the same scene finds it afterwards
            return await asyncio.to_thread(draw)


def _zeros() -> Iterator[bytes]:
    for _ in range(_HUGE_BYTES // len(_BLOCK)):
        yield _BLOCK


_WITHIN: Mapping[str, bytes] = {
    "html": b"<!doctype html><title>Oops</title>",
    "other": _OTHER + _OTHER_TAIL,
    "empty": b"",
}
_INSTEAD: Mapping[str, Callable[[], Response]] = {
    "html": lambda: Response("<!doctype html><title>Oops</title>", media_type="text/html"),
    "other": lambda: Response(_OTHER + _OTHER_TAIL, media_type="image/gif"),
    "empty": lambda: Response(b"", media_type="image/png"),
    "gone": lambda: Response(_GONE, 404, media_type="text/plain"),
    "forbidden": lambda: Response("Forbidden", 403, media_type="text/plain"),
    "inward": lambda: RedirectResponse(_INWARD, 302),
    "huge": lambda: StreamingResponse(_zeros(), media_type="image/png"),
}
