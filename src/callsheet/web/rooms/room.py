"""One room in this process: who is in it, here and elsewhere, and what its job's journal says."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from callsheet.jobs.model import Job, Written
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.web.rooms.messages import told_of, written
from callsheet.web.rooms.participant import Participant
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
_PAGE: Final = 250
_LOOKS_S: Final = 5.0
_AGAIN_S: Final = 0.5
_FAILED: Final = 1011  # internal error (RFC 6455, 7.4.1)

People = Mapping[str, Mapping[str, Any]]  # by participant


class Room:
    """Tells the people in it what is new; each message is written once, however many are there."""

    def __init__(self, cs: Callsheet, job: Job) -> None:
        self._cs, self.job = cs, job
        self.position = job.work.sequence
        self.people: set[Participant] = set()
        self._elsewhere: dict[str, tuple[People, float]] = {}  # by process, and when it was heard
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Follow the journal while anybody is there."""
        try:
            while self.people:
                try:
                    await self._cs.notifier.wait(self.job.id, self.position, _LOOKS_S)
                    await self._pass_on()
                except UnavailableError:
                    await asyncio.sleep(_AGAIN_S)
        except Exception:  # noqa: BLE001  # logged; they come back and find a new room
            _LOG.exception("room.failed", extra=event(job=self.job.id))
            for each in list(self.people):
                each.end(_FAILED)

    async def _pass_on(self) -> None:
        while page := await self._read(self.position):
            for entry in page:
                self.position = entry.sequence
                told = told_of(entry)
                if told is not None:
                    for each in self.people:
                        if each.is_live:
                            each.tell_entry(entry.sequence, *told)
            if len(page) < _PAGE:
                return

    async def _read(self, after: int) -> Sequence[Written]:
        return await self._cs.views.journal.entries(self.job.id, after, _PAGE)

    async def bring_up(self, who: Participant, after: int) -> None:
        """Tell somebody what came after a place in the journal, and from then on what is new."""
        while True:
            page = await self._read(after)
            for entry in page:
                after = entry.sequence
                told = told_of(entry)
                if told is not None:
                    who.tell_entry(entry.sequence, *told)
            if after >= self.position and len(page) < _PAGE:
                who.seen = after
                who.is_live = True  # no other task has run since the place was compared
                return

    def tell_others(self, message: Mapping[str, Any], but: Participant | None = None) -> None:
        """Send everybody here something that is not kept."""
        text = written(message)
        for each in self.people:
            if each is not but and each.is_live:
                each.tell(text)

    def point(self, of: str, message: Mapping[str, Any], but: Participant | None = None) -> None:
        """Show everybody here where somebody points."""
        text = written(message)
        for each in self.people:
            if each is not but and each.is_live:
                each.tell_point(of, text)

    def here(self) -> People:
        """Name the people whom this process holds."""
        return {each.id: each.document() for each in self.people if each.is_live}

    def everybody(self) -> list[Mapping[str, Any]]:
        """Name everybody in the room, here and elsewhere."""
        others = [each for people, _ in self._elsewhere.values() for each in people.values()]
        return [*self.here().values(), *others]

    def hear(self, process: str, people: People, now: float) -> None:
        """Take note of whom another process holds; who came and went is told."""
        known = self._elsewhere.get(process, ({}, 0.0))[0]
        self._elsewhere[process] = (people, now)
        for name in people.keys() - known.keys():
            self.tell_others({"type": "participant_joined", **people[name]})
        for name in known.keys() - people.keys():
            self.tell_others({"type": "participant_left", **known[name]})
        if not people:
            del self._elsewhere[process]

    def forget_silent(self, before: float) -> None:
        """Let the people of processes go that were not heard since a time."""
        silent = [name for name, (_, heard) in self._elsewhere.items() if heard < before]
        for name in silent:
            self.hear(name, {}, before)
