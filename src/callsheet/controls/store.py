"""Rows of model switches and of answered requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.errors import IdempotencyMismatchError
from callsheet.controls.model import Request, Switches
from callsheet.ports.database import METADATA, UtcTime, bound

KEPT: Final = timedelta(hours=24)  # how long an idempotency key is remembered, at least

SWITCHES = sa.Table(
    "model_switches",
    METADATA,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)
ANSWERS = sa.Table(
    "answered_requests",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index(None, "at"),
)

_ALL: Final = sa.select(SWITCHES)
_LET_GO: Final = sa.delete(ANSWERS).where(
    ANSWERS.c.workspace == bound(ANSWERS.c.workspace), ANSWERS.c.key == bound(ANSWERS.c.key)
)


class SwitchStore:
    """What operators said of models. Without a word, a model is on if its card is verified."""

    async def all(self, connection: AsyncConnection) -> Switches:
        """Read every switch."""
        rows = list(await connection.execute(_ALL))
        return Switches(
            {row.model: row.reason for row in rows if not row.enabled},
            frozenset(row.model for row in rows if row.enabled),
        )

    async def turn(
        self, connection: AsyncConnection, model: str, *, enabled: bool, reason: str, now: datetime
    ) -> None:
        """Switch a model on, which vouches for its card, or off."""
        await connection.execute(sa.delete(SWITCHES).where(SWITCHES.c.model == model))
        row = {"model": model, "enabled": enabled, "reason": reason, "changed_at": now}
        await connection.execute(sa.insert(SWITCHES), row)


class AnswerStore:
    """Answers by idempotency key, written in the transaction of what they answer."""

    async def find(
        self, connection: AsyncConnection, workspace: str, request: Request
    ) -> Mapping[str, Any] | None:
        """Read the answer given before. Raises IdempotencyMismatchError for another body."""
        query = sa.select(ANSWERS.c.fingerprint, ANSWERS.c.answer).where(
            ANSWERS.c.workspace == workspace, ANSWERS.c.key == request.key
        )
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        if row.fingerprint != request.fingerprint:
            raise IdempotencyMismatchError(request.key)
        return dict(row.answer)

    async def answered(
        self, connection: AsyncConnection, workspace: str, request: Request
    ) -> dict[str, Any] | None:
        """Read an answer with its key, as a recovery snapshot keeps it; None if it is forgotten."""
        query = sa.select(ANSWERS).where(
            ANSWERS.c.workspace == workspace, ANSWERS.c.key == request.key
        )
        row = (await connection.execute(query)).mappings().first()
        return None if row is None else {**dict(row), "at": row["at"].isoformat()}

    async def restore(self, connection: AsyncConnection, answer: Mapping[str, Any]) -> None:
        """Write an answer back that `answered` read; one that is there stays."""
        request = Request(answer["key"], answer["fingerprint"])
        at = datetime.fromisoformat(answer["at"])
        await self.add(connection, answer["workspace"], request, answer["answer"], at)

    async def add(
        self,
        connection: AsyncConnection,
        workspace: str,
        request: Request,
        answer: Mapping[str, Any],
        now: datetime,
    ) -> bool:
        """Write an answer down; False if a twin of this request was faster.

        On PostgreSQL this waits for the twin's transaction to end.
        """
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        row = {
            "workspace": workspace,
            "key": request.key,
            "fingerprint": request.fingerprint,
            "answer": dict(answer),
            "at": now,
        }
        # asked for what was written: drivers do not agree on counting rows here
        add = insert(ANSWERS).on_conflict_do_nothing().returning(ANSWERS.c.key)
        return (await connection.execute(add, row)).first() is not None

    async def add_many(
        self,
        connection: AsyncConnection,
        answers: Sequence[tuple[str, Request, Mapping[str, Any]]],
        now: datetime,
    ) -> set[tuple[str, str]]:
        """Write answers down, each (workspace, request, answer) of another key, in order of these.

        Answers which (workspace, key) were free. On PostgreSQL this waits as `add` does.
        """
        if not answers:
            return set()
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        rows = [
            {
                "workspace": workspace,
                "key": request.key,
                "fingerprint": request.fingerprint,
                "answer": dict(answer),
                "at": now,
            }
            for workspace, request, answer in answers
        ]
        add = insert(ANSWERS).on_conflict_do_nothing()
        added = await connection.execute(add.returning(ANSWERS.c.workspace, ANSWERS.c.key), rows)
        return {(row.workspace, row.key) for row in added}

    async def let_go(self, connection: AsyncConnection, keys: Sequence[tuple[str, str]]) -> None:
        """Forget keys (workspace, key) that this transaction wrote down."""
        if keys:
            rows = [{"b_workspace": workspace, "b_key": key} for workspace, key in keys]
            await connection.execute(_LET_GO, rows)

    async def forget(self, connection: AsyncConnection, now: datetime) -> None:
        """Delete answers that were kept long enough."""
        await connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.at < now - KEPT))
