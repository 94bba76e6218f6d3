"""Feeds: one reader of a job's journal per process, however many watch it.

A feed turns the journal into frames once and hands the same bytes to all. A watcher that falls too
far behind is let go; it reconnects, says where it was, and misses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Final

from callsheet.accounts.model import Caller
from callsheet.jobs.model import Job
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.views.journal import Snapshot
from callsheet.web.frames import HEARTBEAT, Frame, done_frame, event_frame, state_frame
from callsheet.web.watchers import Rhythm, Watcher
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
ROWS_IN_STREAM: Final = 200  # a state with more rows than this is sent without them
_PAGE: Final = 250


class Feed:
    """Reads one job's journal while anybody watches."""

    def __init__(self, cs: Callsheet, job: Job, rhythm: Rhythm) -> None:
        self._cs, self._job, self._rhythm = cs, job, rhythm
        self.position = job.work.sequence
        self.watchers: set[Watcher] = set()
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Follow the job to its end; however this ends, no stream is left open for nothing."""
        try:
            await self._follow()
        except Exception:  # noqa: BLE001  # logged; its watchers reconnect and find a new feed
            _LOG.exception("feed.failed", extra=event(job=self._job.id))
        finally:
            for watcher in self.watchers:
                watcher.end()

    async def _follow(self) -> None:
        """Send entries as they come, and the state at most twice a second."""
        loop, rhythm = asyncio.get_running_loop(), self._rhythm
        stated = 0.0
        while self.watchers:
            try:
                grown = await self._cs.notifier.wait(
                    self._job.id, self.position, rhythm.state_at_least
                )
                if grown:
                    await self._send_entries()
                    await asyncio.sleep(max(0.0, stated + rhythm.state_apart - loop.time()))
                    await self._send_entries()
                await self._send_state()
                stated = loop.time()
            except UnavailableError:
                await asyncio.sleep(rhythm.state_apart)
            if self._job.ended and self._job.work.sequence <= self.position:
                return

    async def _send_entries(self) -> None:
        while True:
            page = await self._cs.views.journal.events(self._job, self.position, _PAGE)
            for each in page:
                self.position = each.sequence
                self._send(event_frame(each))
            if len(page) < _PAGE:
                return

    async def _send_state(self) -> None:
        wanted = any(watcher.rows for watcher in self.watchers)
        snapshot = await self._cs.views.journal.snapshot(
            self._job.id,
            rows_up_to=ROWS_IN_STREAM if wanted else 0,
            not_after=self.position,
        )
        self._job = snapshot.job
        if self._job.work.sequence > self.position:
            return  # entries come first; the next turn sends both
        full, bare = state_frames(snapshot)
        for watcher in list(self.watchers):
            self._offer(watcher, full if watcher.rows else bare)

    def _send(self, frame: Frame) -> None:
        for watcher in list(self.watchers):
            self._offer(watcher, frame)

    def _offer(self, watcher: Watcher, frame: Frame) -> None:
        if not watcher.offer(frame):
            self.watchers.discard(watcher)


def state_frames(snapshot: Snapshot) -> tuple[Frame, Frame]:
    """Write a job's state with its rows, where they were read, and without them."""
    job, header = snapshot.job, snapshot.header
    bare = state_frame(header, sequence=job.work.sequence, last=job.ended)
    if snapshot.rows is None:
        return bare, bare
    whole = {**header, "rows": snapshot.rows}
    return state_frame(whole, sequence=job.work.sequence, last=job.ended), bare


class FeedHub:
    """All feeds of this process."""

    def __init__(self, cs: Callsheet, rhythm: Rhythm | None = None) -> None:
        self._cs, self._rhythm = cs, rhythm or Rhythm()
        self._feeds: dict[JobId, Feed] = {}
        self._closing = False
        self._guarding: asyncio.Task[None] | None = None

    def _join(self, job: Job, watcher: Watcher) -> Feed:
        feed = self._feeds.get(job.id)
        if feed is None or feed.task is None or feed.task.done():
            feed = self._feeds[job.id] = Feed(self._cs, job, self._rhythm)
            feed.watchers.add(watcher)
            feed.task = asyncio.create_task(feed.run(), name=f"feed-{job.id}")
        feed.watchers.add(watcher)
        return feed

    def _part(self, job: JobId, feed: Feed, watcher: Watcher) -> None:
        feed.watchers.discard(watcher)
        if not feed.watchers and self._feeds.get(job) is feed:
            del self._feeds[job]
            if feed.task is not None:
                feed.task.cancel()
            if not self._feeds and self._guarding is not None:
                self._guarding.cancel()
                self._guarding = None

    async def frames(
        self, job: Job, after: int | None, *, rows: bool, caller: Caller
    ) -> AsyncGenerator[Frame]:
        """Follow a job from a place in its journal, or from its state now, to its end.

        The last frame is called "done". It ends early, and soon, when what let the caller in is no
        longer good.
        """
        apart = self._rhythm.state_apart
        watcher = Watcher(rows=rows, state_apart=apart, credential=caller.credential)
        feed = self._join(job, watcher)
        self._guard()
        metrics = self._cs.metrics
        metrics.streams.inc()
        try:
            sent = job.work.sequence if after is None else min(after, job.work.sequence)
            async for frame in self._missed(job, sent, feed.position):
                if watcher.is_over:
                    return
                sent = frame.sequence
                yield frame
            most = ROWS_IN_STREAM if rows else 0
            snapshot = await self._cs.views.journal.snapshot(job.id, rows_up_to=most)
            job = snapshot.job
            if job.work.sequence > sent:
                async for frame in self._missed(job, sent, job.work.sequence):
                    sent = frame.sequence
                    yield frame
            watcher.state_sent()
            yield state_frames(snapshot)[0]
            if job.ended:
                yield done_frame(job.work.sequence)
                return
            async for frame in self._live(watcher, sent):
                metrics.events.inc()
                yield frame
                if frame.last:
                    yield done_frame(frame.sequence)
        finally:
            metrics.streams.dec()
            self._part(job.id, feed, watcher)

    def _guard(self) -> None:
        if self._guarding is None:
            self._guarding = self._cs.loops.start("feeds-guard", self._turn_out)

    async def _turn_out(self) -> None:
        """End streams of callers whose key, session or membership is no longer good."""
        while True:
            watchers = [each for feed in self._feeds.values() for each in feed.watchers]
            with suppress(UnavailableError):  # nothing is sent either while the database is away
                good = await self._cs.accounts.still_good({each.credential for each in watchers})
                for watcher in watchers:
                    if watcher.credential not in good:
                        watcher.end(at_once=True)
            await asyncio.sleep(self._rhythm.callers_looked_at)

    async def _missed(self, job: Job, after: int, upto: int) -> AsyncIterator[Frame]:
        """Read what was written before this stream joined its feed."""
        while after < upto:
            page = await self._cs.views.journal.events(job, after, _PAGE)
            for each in page:
                if each.sequence > upto:
                    return
                after = each.sequence
                yield event_frame(each)
            if not page:
                return  # a restored job's journal begins later

    async def _live(self, watcher: Watcher, sent: int) -> AsyncIterator[Frame]:
        while not self._closing:
            try:
                async with asyncio.timeout(self._rhythm.heartbeat):
                    frame = await watcher.next()
            except TimeoutError:
                yield HEARTBEAT
                continue
            if frame is None:
                return
            if frame.sequence > sent or (not frame.entry and frame.sequence == sent):
                sent = frame.sequence
                yield frame
                if frame.last:
                    return

    def close(self) -> None:
        """End every stream; their clients reconnect elsewhere."""
        self._closing = True
        for feed in self._feeds.values():
            for watcher in feed.watchers:
                watcher.end(at_once=True)
