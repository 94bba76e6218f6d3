"""Feeds: one reader of a job's journal per process, however many watch it.

A feed turns the journal into frames of Server-Sent Events once and hands the same bytes to all. A
watcher that falls too far behind is let go; it reconnects with Last-Event-ID and misses nothing.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from callsheet.assets.model import AssetFacts
from callsheet.jobs.model import Job, Written
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.views.state import shown_asset
from callsheet.web.watchers import Frame, Rhythm, Watcher
from callsheet.wiring import Callsheet

_LOG = logging.getLogger("callsheet.web")
ROWS_IN_STREAM: Final = 200  # a state with more rows than this is sent without them
_PAGE: Final = 500
_HEARTBEAT: Final = b": heartbeat\n\n"


def encoded(data: Any, *, sequence: int, event: str = "") -> bytes:
    """Write one message in the format of Server-Sent Events (WHATWG HTML, 9.2)."""
    name = f"event: {event}\n" if event else ""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {sequence}\n{name}data: {text}\n\n".encode()


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
            async with self._cs.database.read() as connection:
                jobs = self._cs.line.jobs.store
                page = await jobs.journal(connection, self._job.id, self.position, _PAGE)
                facts = await facts_for(self._cs, connection, self._job, page)
            for written in page:
                self.position = written.sequence
                self._send(entry_frame(self._cs, written, facts))
            if len(page) < _PAGE:
                return

    async def _send_state(self) -> None:
        async with self._cs.database.read() as connection:
            self._job = await self._cs.line.jobs.store.of_any_workspace(connection, self._job.id)
            if self._job.work.sequence > self.position:
                return  # entries come first; the next turn sends both
            wanted = any(watcher.rows for watcher in self.watchers)
            full, bare = await state_frames(self._cs, connection, self._job, rows=wanted)
        for watcher in list(self.watchers):
            self._offer(watcher, full if watcher.rows else bare)

    def _send(self, frame: Frame) -> None:
        for watcher in list(self.watchers):
            self._offer(watcher, frame)

    def _offer(self, watcher: Watcher, frame: Frame) -> None:
        if not watcher.offer(frame):
            self.watchers.discard(watcher)


async def state_frames(
    cs: Callsheet, connection: Any, job: Job, *, rows: bool
) -> tuple[Frame, Frame]:
    """Write a job's state with and without its rows."""
    header = cs.view.header(job)
    last = job.ended
    bare = Frame(
        job.work.sequence, encoded(header, sequence=job.work.sequence), entry=False, last=last
    )
    if not rows:
        return bare, bare
    if job.tally.rows > ROWS_IN_STREAM:
        return bare, bare
    page = await cs.view.rows(connection, job)
    content = encoded({**header, "rows": page}, sequence=job.work.sequence)
    return Frame(job.work.sequence, content, entry=False, last=last), bare


async def facts_for(
    cs: Callsheet, connection: Any, job: Job, page: Sequence[Written]
) -> dict[Sha256, AssetFacts]:
    """Read what is told of the assets that a page of the journal names."""
    names = {
        variant["sha256"]
        for written in page
        if written.kind == "row"
        for variant in written.body["variants"]
        if variant["sha256"]
    }
    return await cs.line.books.assets.facts(connection, job.workspace, names)


def entry_frame(cs: Callsheet, written: Written, facts: Mapping[Sha256, AssetFacts]) -> Frame:
    """Write one journal entry; a row's change carries fresh links."""
    body = dict(written.body)
    if written.kind == "row":
        body["variants"] = [
            {**variant, **shown_asset(cs.links, variant["sha256"], facts)}
            for variant in body["variants"]
        ]
    name = "row" if written.kind == "row" else "journal"
    data = {**body, "kind": written.kind, "sequence": written.sequence}
    return Frame(written.sequence, encoded(data, sequence=written.sequence, event=name))


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

    async def stream(
        self, job: Job, after: int | None, *, rows: bool, key: str
    ) -> AsyncIterator[bytes]:
        """Stream a job from a place in its journal, or from its state now, to its end.

        It ends early, and soon, when its watcher's `key` is no longer good.
        """
        watcher = Watcher(rows=rows, state_apart=self._rhythm.state_apart, key=key)
        feed = self._join(job, watcher)
        self._guard()
        metrics = self._cs.metrics
        metrics.streams.inc()
        try:
            yield b"retry: 2000\n\n"
            sent = job.work.sequence if after is None else min(after, job.work.sequence)
            async for frame in self._missed(job, sent, feed.position):
                if watcher.is_over:
                    return
                sent = frame.sequence
                yield frame.content
            async with self._cs.database.read() as connection:
                job = await self._cs.line.jobs.store.of_any_workspace(connection, job.id)
                full, bare = await state_frames(self._cs, connection, job, rows=rows)
            if job.work.sequence > sent:
                async for frame in self._missed(job, sent, job.work.sequence):
                    sent = frame.sequence
                    yield frame.content
            watcher.told_state()
            yield (full if rows else bare).content
            if job.ended:
                yield _done(job.work.sequence)
                return
            async for frame in self._live(watcher, sent):
                metrics.events.inc()
                yield frame.content
                if frame.last:
                    yield _done(frame.sequence)
        finally:
            metrics.streams.dec()
            self._part(job.id, feed, watcher)

    def _guard(self) -> None:
        if self._guarding is None:
            self._guarding = self._cs.loops.start("feeds-guard", self._turn_out)

    async def _turn_out(self) -> None:
        """End streams whose keys are no longer good."""
        while True:
            watchers = [each for feed in self._feeds.values() for each in feed.watchers]
            with suppress(UnavailableError):  # nothing is sent either while the database is away
                good = await self._cs.accounts.still_good({each.key for each in watchers})
                for watcher in watchers:
                    if watcher.key not in good:
                        watcher.end(at_once=True)
            await asyncio.sleep(self._rhythm.keys_looked_at)

    async def _missed(self, job: Job, after: int, upto: int) -> AsyncIterator[Frame]:
        """Read what was written before this stream joined its feed."""
        while after < upto:
            async with self._cs.database.read() as connection:
                page = await self._cs.line.jobs.store.journal(connection, job.id, after, _PAGE)
                facts = await facts_for(self._cs, connection, job, page)
            for written in page:
                if written.sequence > upto:
                    return
                after = written.sequence
                yield entry_frame(self._cs, written, facts)
            if not page:
                return  # a restored job's journal begins later

    async def _live(self, watcher: Watcher, sent: int) -> AsyncIterator[Frame]:
        while not self._closing:
            try:
                async with asyncio.timeout(self._rhythm.heartbeat):
                    frame = await watcher.next()
            except TimeoutError:
                yield Frame(sent, _HEARTBEAT, entry=False)
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


def _done(sequence: int) -> bytes:
    return encoded({"version": sequence}, sequence=sequence, event="done")
