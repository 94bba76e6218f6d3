"""The WebSocket of a job's room: comments, decisions and edits, heard by everybody at once."""

import asyncio
from typing import Any

from fastapi import WebSocket

from callsheet.accounts.errors import UnauthorizedError
from callsheet.accounts.model import Role
from callsheet.jobs.decisions import Choice
from callsheet.jobs.manifest import Edit, Entity
from callsheet.jobs.model import Job
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import new_id
from callsheet.reviews.model import Author
from callsheet.web.comments import author_of
from callsheet.web.entry import Services, Viewer, admit
from callsheet.web.errors import HelloExpectedError, TooFastError
from callsheet.web.rooms.hub import REFUSED, RoomHub
from callsheet.web.rooms.messages import (
    Change,
    Decide,
    Hello,
    Presence,
    Say,
    Settle,
    name_in,
    read_message,
    refusal,
    written,
)
from callsheet.web.rooms.participant import Participant
from callsheet.web.rooms.room import Room
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/ws/api", tags=["reviews"])
_UNSUPPORTED = 1003  # no text (RFC 6455, 7.4.1)


@router.websocket("/collaborate/{job}")
async def collaborate(websocket: WebSocket, job: str, cs: Services, caller: Viewer) -> None:
    """Let somebody into the room of a job, until they leave.

    The first message is `hello`. Messages that are kept are answered with `ack` when they are
    written down, or with `error`, under their own id; sent again under one id they are done once.
    Everything that is kept can be sent over HTTP as well, under the same id.
    """
    found = await cs.views.jobs.find(caller.workspace, job)
    author = await author_of(cs, caller)
    await websocket.accept()
    who = Participant(author.name, author.id, caller, new_id("pt"))
    hub: RoomHub = websocket.app.state.rooms
    room = await hub.join(found, who)
    sending = asyncio.create_task(_send_all(websocket, who))
    hearing = asyncio.create_task(Talk(websocket, cs, hub, room, who, author).hear())
    try:
        await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        is_gone = hearing.done() and hearing.exception() is None and hearing.result()
    finally:
        for task in (sending, hearing):
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)
        await hub.part(room, who)
    if not is_gone:
        await websocket.close(who.close_code or 1011)


async def _send_all(websocket: WebSocket, who: Participant) -> None:
    while (text := await who.next()) is not None:
        await websocket.send_text(text)


class Talk:
    """What one participant says."""

    def __init__(
        self,
        websocket: WebSocket,
        cs: Callsheet,
        hub: RoomHub,
        room: Room,
        who: Participant,
        author: Author,
    ) -> None:
        self._websocket, self._cs, self._hub = websocket, cs, hub
        self._room, self._who, self._author = room, who, author

    @property
    def _job(self) -> Job:
        return self._room.job

    async def hear(self) -> bool:
        """Hear them out, one message after the other; True if they left by themselves."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return True
            text = message.get("text")
            if text is None:
                self._who.end(_UNSUPPORTED)
                return False
            try:
                await self._take(text)
            except UnauthorizedError:
                self._who.end(REFUSED)
                return False
            except CallsheetError as error:
                self._who.tell(refusal(error, name_in(text)))

    async def _take(self, text: str) -> None:
        message = read_message(text)
        if isinstance(message, Hello):
            await self._greet(message)
        elif not self._who.is_live:
            raise HelloExpectedError
        elif isinstance(message, Presence):
            if self._who.may_point():
                told = message.model_dump(mode="json", exclude_none=True)
                self._hub.point(self._room, self._who, told)
        elif not self._who.may_say():
            raise TooFastError
        else:
            await self._keep(message)

    async def _greet(self, hello: Hello) -> None:
        if self._who.is_live:
            return
        room, who = self._room, self._who
        job = await self._cs.views.jobs.find(self._job.workspace, self._job.id)
        greeting = {
            "type": "hello",
            "seq": job.work.sequence,
            "revision": job.work.manifest_revision,
            **who.document(),
            "participants": room.everybody(),
        }
        who.tell(written(greeting))
        await room.bring_up(who, job.work.sequence if hello.last_seq is None else hello.last_seq)
        await self._hub.show(room, who)

    async def _keep(self, message: Say | Settle | Decide | Change) -> None:
        """Write down what they say, then answer; the others hear of it by the journal."""
        name = message.id or (message.op_id if isinstance(message, Change) else None) or ""
        needed = Role.EDITOR if isinstance(message, Change) else Role.REVIEWER
        await admit(self._websocket, needed)
        self._who.owns(name)
        try:
            told = await self._written(message, name)
        except CallsheetError:
            self._who.disown(name)
            raise
        self._who.tell(written({"type": "ack", "id": name, **told}))

    async def _written(self, message: Say | Settle | Decide | Change, name: str) -> dict[str, Any]:
        cs, workspace, author = self._cs, self._job.workspace, self._author
        if isinstance(message, Say):
            said = await cs.reviews.comment(workspace, self._job.id, message.said(name), author)
            return {"seq": said.sequence, "comment": said.id}
        if isinstance(message, Settle):
            settled = await cs.reviews.resolve(
                workspace, self._job.id, message.comment, author.id, resolved=message.resolved
            )
            return {"seq": settled.sequence, "comment": settled.id}
        if isinstance(message, Decide):
            decision = await cs.decisions.decide(
                workspace,
                message.take,
                Choice.APPROVE if message.type == "approval" else Choice.REJECT,
                asset=Sha256(message.sha256),
                content=Sha256(message.content_digest),
                reason=message.reason,
                by=author.id,
                op_id=name,
            )
            return {"seq": decision.sequence}
        entity = Entity.parse(message.entity)
        edit = Edit(name, entity, message.field, message.base_revision, message.value)
        [done] = await cs.editing.edit(workspace, self._job.id, [edit], author.id)
        return {"seq": done.sequence, "revision": done.revision, "value": done.value}
