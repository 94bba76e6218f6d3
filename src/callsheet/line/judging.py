"""Putting takes to the judge: its questions, its pictures and the takes that ask, written down.

Asking is an order like any other. Judging and askings of one take are one transaction, and an
asking's inputs are what it is recognised by: pictures, questions, model and number. So after a
crash nothing is asked twice; what was answered once is taken from the store, of whichever job it
was. Nothing goes out before all of it is in the books, and in the store's copy of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import asset_key
from callsheet.jobs.model import Entry, Job, Shot
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.kernel.ids import TakeId
from callsheet.line.context import LineContext
from callsheet.line.estimates import correction_in
from callsheet.line.judge_pictures import JudgePictures, NothingToSeeError, Pictured
from callsheet.line.progress import locked
from callsheet.orders.progress import Moves
from callsheet.orders.terms import require_keys
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.hosted import ProviderBlockedError
from callsheet.ports.measuring import FileChangedError, UnreadableMediaError
from callsheet.ports.models import (
    ModelCard,
    ModelDisabledError,
    UnknownModelError,
    UnusableCardError,
)
from callsheet.ports.pictures import ReferenceMode, UnreadablePictureError
from callsheet.quality.judge.asking import (
    MOST_PICTURES,
    MOST_REFERENCES,
    asking_inputs,
    filled,
    may_be_repaired,
)
from callsheet.quality.judge.questions import Brief, questions_for
from callsheet.quality.judge.store import Judging, JudgingStore
from callsheet.quality.judge.wish import InvalidJudgeError, JudgeWish, insist_it_sees
from callsheet.quality.model import Decision
from callsheet.takes.model import NO_ROW, WAITING, Take, TakeStatus, quoted_take

LIKENESSES = frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT})
_NOT_SHOWN = (
    NothingToSeeError,
    UnreadablePictureError,
    UnreadableMediaError,
    FileChangedError,
    BlobNotFoundError,
)


@dataclass(frozen=True, slots=True)
class Judges:
    """Puts takes to the judge; every verb is safe to repeat."""

    ctx: LineContext
    pictures: JudgePictures
    store: JudgingStore

    async def hindrance(self, job: Job, wish: JudgeWish) -> str | None:
        """Say why the judge of a job cannot be asked at all; None if it can."""
        ctx = self.ctx
        try:
            card = ctx.providers.catalog.card(wish.model)
            insist_it_sees(card)
            async with ctx.books.database.read() as connection:
                switches = await ctx.books.switches.all(connection)
            closed = switches.closed(card, ctx.books.clock().date())
            if closed is not None:
                return f"not assessed: {ModelDisabledError(card.id, closed)}"
            await require_keys(ctx, job.workspace, [(card, kind) for kind in card.kinds[-1:]])
        except (
            InvalidJudgeError,
            ProviderBlockedError,
            UnknownModelError,
            UnusableCardError,
        ) as error:
            return f"not assessed: {error}"
        return None

    async def put(self, job: Job, wish: JudgeWish, shot: Shot, take: Take) -> bool:
        """Write down that a take is put to the judge, once; False if the job has moved on.

        What it cannot be shown is written down as a person's.
        """
        async with self.ctx.books.database.read() as connection:
            if await self._is_put(connection, take, wish):
                return True
        hindrance = await self.hindrance(job, wish)
        shown: Pictured | None = None
        references = likenesses_of(shot)
        if hindrance is None:
            try:
                shown = await self._shown(job, take, MOST_PICTURES - len(references))
            except _NOT_SHOWN as error:
                hindrance = f"not assessed: it could not be shown to the judge ({error})"
        async with self.ctx.books.database.begin() as connection:
            now = await self.ctx.jobs.store.lock(connection, job.id)
            if (now.work.stage, now.work.round) != (job.work.stage, job.work.round):
                return False
            if await self._is_put(connection, take, wish):
                return True
            if shown is None:
                await self.store.add(connection, [self._unasked(take, wish, hindrance or "")])
            else:
                await self._ask(connection, now, wish, shot, take, shown, references)
        return True

    async def _is_put(self, connection: AsyncConnection, take: Take, wish: JudgeWish) -> bool:
        known = (await self.store.of_takes(connection, [take.id])).get(take.id, [])
        return any(each.model == wish.model for each in known)

    async def _shown(self, job: Job, take: Take, most: int) -> Pictured:
        asset = _made(take)
        async with self.ctx.books.database.read() as connection:
            found = await self.ctx.books.assets.find(connection, job.workspace, asset)
        return await self.pictures.of(asset, found.media_type, most)

    def _unasked(self, take: Take, wish: JudgeWish, because: str) -> Judging:
        return Judging(
            take=take.id,
            model=wish.model,
            workspace=take.workspace,
            job=take.job,
            asset=_made(take),
            questions=(),
            pictures=(),
            asked=(),
            at=self.ctx.books.clock(),
            decision=Decision.PERSON,
            because=because,
        )

    async def _ask(
        self,
        connection: AsyncConnection,
        job: Job,
        wish: JudgeWish,
        shot: Shot,
        take: Take,
        shown: Pictured,
        references: Sequence[Sha256],
    ) -> None:
        """Write a judging and its askings down; an asking that was answered before is not made."""
        ctx, now = self.ctx, self.ctx.books.clock()
        card = ctx.providers.catalog.card(wish.model)
        brief = brief_of(shot, ctx.providers.catalog.card(shot.model), references)
        questions = questions_for(brief)
        worded = [
            filled(card, asking_inputs(brief, questions, shown.pictures, references, asking))
            for asking in range(1, wish.askings + 1)
        ]
        digests = [digest_of({"model": card.id, "inputs": inputs}) for inputs in worded]
        known = await ctx.books.takes.answered(connection, job.workspace, job.id, digests)
        variant = await ctx.books.takes.last_asked(connection, job.id)
        takes: list[TakeId] = []
        new: list[Take] = []
        for inputs, digest in zip(worded, digests, strict=True):
            if digest in known:
                takes.append(known[digest])
                continue
            variant += 1
            correction = correction_in(job, card)
            new.append(quoted_take(job, NO_ROW, variant, 1, card, inputs, now, correction))
            takes.append(new[-1].id)
        await ctx.books.assets.add(connection, shown.assets(job.workspace, _made(take), now))
        await ctx.books.takes.add(connection, new)
        judging = replace(
            self._unasked(take, wish, ""),
            questions=questions,
            pictures=shown.pictures,
            asked=tuple(takes),
            decision=None,
            because=None,
        )
        await self.store.add(connection, [judging])
        told = {"take": take.id, "row": take.row, "model": card.id, "asked": takes}
        entry = Entry("judging", {**told, "orders": len(new)})
        await ctx.jobs.record(connection, job, [entry])

    async def release(self, connection: AsyncConnection, job: Job) -> bool:
        """Let a locked job's askings that wait be ordered; tells whether any has not ended."""
        ctx = self.ctx
        asked = await ctx.books.takes.asked_of(connection, job.id)
        waiting = [
            each.id for each in asked if each.status in WAITING and each.flight.due_at is None
        ]
        if waiting:
            await ctx.books.in_flight.release(connection, waiting, 1, ctx.books.clock())
            ctx.runtime.wake_submitter.set()
            await ctx.progress.report(connection, locked(ctx.jobs, job), Moves())
        return await ctx.books.takes.any_asked(connection, job.id)

    async def ask_again(self, job: Job, judgings: Iterable[Judging]) -> bool:
        """Order those askings anew whose answer has not its form, at most twice; tells whether any.

        What was answered stays, and stays charged.
        """
        again = False
        for judging in judgings:
            read = await self.answers(judging)
            broken = [
                place
                for place, (take, content) in enumerate(read)
                if may_be_repaired(take, content, judging.questions)
            ]
            if broken and not self._is_gone(judging.model):
                again |= await self._repair(job, judging, broken)
        return again

    def _is_gone(self, model: str) -> bool:
        """Tell whether the catalog has a judge no more: what it said last counts."""
        try:
            self.ctx.providers.catalog.card(model)
        except (UnknownModelError, UnusableCardError):
            return True
        return False

    async def _repair(self, job: Job, judging: Judging, broken: Sequence[int]) -> bool:
        ctx = self.ctx
        async with ctx.books.database.begin() as connection:
            now = await ctx.jobs.store.lock(connection, job.id)
            if (now.work.stage, now.work.round) != (job.work.stage, job.work.round):
                return False
            [current] = [
                each
                for each in (await self.store.of_takes(connection, [judging.take]))[judging.take]
                if each.model == judging.model
            ]
            if current.asked != judging.asked or current.decision:  # somebody else has done it
                return True
            whole = {
                each.id: each for each in await ctx.books.takes.some(connection, judging.asked)
            }
            last = await ctx.books.takes.last_asked(connection, job.id)
            asked, new = list(judging.asked), list[Take]()
            for number, place in enumerate(broken, last + 1):
                new.append(self._once_more(now, whole[asked[place]], number))
                asked[place] = new[-1].id
            await ctx.books.takes.add(connection, new)
            await self.store.asked_again(connection, judging, asked)
            told = {"take": judging.take, "model": judging.model, "asked": asked}
            await ctx.jobs.record(connection, now, [Entry("judging", {**told, "orders": len(new)})])
        return True

    def _once_more(self, job: Job, take: Take, variant: int) -> Take:
        """Word an asking once more, at a place of its own; its attempts are counted on."""
        card: ModelCard = self.ctx.providers.catalog.card(take.model)
        now, correction = self.ctx.books.clock(), correction_in(job, card)
        attempt = take.attempt + 1
        return quoted_take(job, NO_ROW, variant, attempt, card, take.inputs, now, correction)

    async def answers(self, judging: Judging) -> list[tuple[Take | None, bytes | None]]:
        """Read a judging's askings as they stand, each with the text that it was answered.

        One of another job is None if that job is not in the books any more.
        """
        async with self.ctx.books.database.read() as connection:
            found = await self.ctx.books.takes.some(connection, set(judging.asked))
        takes = {each.id: each for each in found}
        asked = [takes.get(each) for each in judging.asked]
        return [(take, await self._text(take)) for take in asked]

    async def _text(self, take: Take | None) -> bytes | None:
        if take is None or take.status is not TakeStatus.SUCCEEDED or take.asset is None:
            return None
        try:
            return await self.ctx.media.blobs.get(asset_key(take.asset))
        except BlobNotFoundError:
            return None


def brief_of(shot: Shot, card: ModelCard, references: Sequence[Sha256]) -> Brief:
    """Say what a shot's takes are to show."""
    return Brief(shot.prompt, moves=card.kind.makes == "video", likenesses=len(references))


def likenesses_of(shot: Shot) -> tuple[Sha256, ...]:
    """Choose the references that show how a shot's subject or product really looks."""
    kept = (each for each in shot.references.kept if each["mode"] in LIKENESSES)
    return tuple(Sha256(each["working"]) for each in kept)[:MOST_REFERENCES]


def _made(take: Take) -> Sha256:
    assert take.asset is not None  # noqa: S101  # only such are judged
    return take.asset
