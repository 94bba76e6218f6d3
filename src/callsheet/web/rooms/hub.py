"""All rooms of this process, and what it tells other processes of who is there.

Who is there and where they point goes to other processes by PostgreSQL's notifications; behind a
pooler, and on SQLite, people of other processes are not seen. What they write is, everywhere.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any, Final

from callsheet.jobs.model import Job
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId, new_id
from callsheet.web.rooms.messages import written
from callsheet.web.rooms.participant import Participant
from callsheet.web.rooms.room import Room
from callsheet.wiring import Callsheet

GONE: Final = 1012  # the service restarts (IANA, WebSocket Close Code Number Registry)
REFUSED: Final = 1008  # policy violation (RFC 6455, 7.4.1)
_CALLERS_LOOKED_AT_S: Final = 0.8
_POINTS_APART_S: Final = 0.1
_TOLD_AGAIN_S: Final = 10.0  # who is here, to other processes
_SILENT_S: Final = 25.0  # after which a process is taken for dead
_MOST_WHISPER: Final = 7_000  # PostgreSQL takes 8,000 bytes


class RoomHub:
    """Finds a job's room, and ends all of them with the process."""

    def __init__(self, cs: Callsheet) -> None:
        self._cs = cs
        self._process = new_id("pr")
        self._rooms: dict[JobId, Room] = {}
        self._points: dict[str, dict[str, Any]] = {}  # by participant, for other processes
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        cs.notifier.on_whisper(self._hear)

    async def join(self, job: Job, who: Participant) -> Room:
        """Let somebody into a job's room; they are told nothing before they are brought up."""
        if self._closing:
            who.end(GONE)
        room = self._rooms.get(job.id)
        is_new = room is None or room.task is None or room.task.done()
        if room is None or is_new:
            room = self._rooms[job.id] = Room(self._cs, job)
        room.people.add(who)
        if is_new:
            room.task = asyncio.create_task(room.run(), name=f"room-{job.id}")
            await self._whisper({"t": "who", "job": job.id})
        self._look_after()
        return room

    async def show(self, room: Room, who: Participant) -> None:
        """Tell the others that somebody is there."""
        room.tell_others({"type": "participant_joined", **who.document()}, but=who)
        await self._whisper_here(room)

    async def part(self, room: Room, who: Participant) -> None:
        """Let somebody go."""
        room.people.discard(who)
        self._points.pop(who.id, None)
        if who.is_live:
            room.tell_others({"type": "participant_left", **who.document()})
        if not room.people and self._rooms.get(room.job.id) is room:
            del self._rooms[room.job.id]
            if room.task is not None:
                room.task.cancel()
        if not self._rooms:
            for task in self._tasks:
                task.cancel()
            self._tasks.clear()
        with suppress(UnavailableError):
            await self._whisper_here(room)

    def point(self, room: Room, who: Participant, message: dict[str, Any]) -> None:
        """Show the others where somebody points."""
        told = {**message, "from": who.id, "name": who.name}
        room.point(who.id, told, but=who)
        self._points[who.id] = {"t": "point", "job": room.job.id, "of": who.id, "m": told}

    def _look_after(self) -> None:
        if not self._tasks:
            self._tasks = [
                self._cs.loops.start("rooms-guard", self._turn_out),
                self._cs.loops.start("rooms-points", self._send_points),
                self._cs.loops.start("rooms-people", self._tell_again),
            ]

    async def _turn_out(self) -> None:
        """End for those whose key, session or membership is no longer good."""
        while True:
            people = [each for room in self._rooms.values() for each in room.people]
            with suppress(UnavailableError):
                good = await self._cs.accounts.still_good({e.caller.credential for e in people})
                for each in people:
                    if each.caller.credential not in good:
                        each.end(REFUSED)
            await asyncio.sleep(_CALLERS_LOOKED_AT_S)

    async def _send_points(self) -> None:
        while True:
            points, self._points = list(self._points.values()), {}
            with suppress(UnavailableError):
                for each in points:
                    await self._whisper(each)
            await asyncio.sleep(_POINTS_APART_S)

    async def _tell_again(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(_TOLD_AGAIN_S)
            for room in list(self._rooms.values()):
                room.forget_silent(clock() - _SILENT_S)
                with suppress(UnavailableError):
                    await self._whisper_here(room)

    async def _whisper_here(self, room: Room) -> None:
        await self._whisper({"t": "here", "job": room.job.id, "people": room.here()})

    async def _whisper(self, message: dict[str, Any]) -> None:
        text = written({"p": self._process, **message})
        if len(text.encode()) <= _MOST_WHISPER:  # of a fuller room, others see whom they hold
            await self._cs.notifier.whisper(text)

    def _hear(self, text: str) -> None:
        """Take what another process says."""
        message = json.loads(text)
        room = self._rooms.get(JobId(message["job"]))
        if room is None or message["p"] == self._process:
            return
        if message["t"] == "point":
            room.point(message["of"], message["m"])
        elif message["t"] == "here":
            room.hear(message["p"], message["people"], asyncio.get_running_loop().time())
        else:
            task = self._cs.loops.start("rooms-answer", lambda: self._whisper_here(room))
            self._tasks.append(task)

    def close(self) -> None:
        """End for everybody; they connect again elsewhere."""
        self._closing = True
        for room in self._rooms.values():
            for each in list(room.people):
                each.end(GONE)
