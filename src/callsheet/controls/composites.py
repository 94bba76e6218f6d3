"""When composites are hosted: as the environment says, unless an operator has said otherwise."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.model import SERVER
from callsheet.accounts.provider_keys import AuditStore, Deed
from callsheet.kernel.environment import nearest
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import METADATA, Database, UtcTime

COMPOSITE_SETTINGS = sa.Table(
    "composite_settings",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
)
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class CompositeRules(BaseModel, frozen=True, extra="forbid", strict=True):
    """When composites are hosted; each field is the setting of that name in lower case."""

    use_kontext_composite: bool
    composite_method: Literal["auto", "kontext", "pil"]
    kontext_model_id: Annotated[str, Field(min_length=1, max_length=200)]
    kontext_percent: Annotated[float, Field(ge=0, le=100)]
    kontext_timeout_seconds: Annotated[float, Field(ge=1, le=86_400)]
    max_concurrent_kontext: Count
    max_kontext_per_hour: Count
    kontext_daily_generation_limit: Count


_COUNTED_SINCE: Final = "counted_since:"  # no setting: when the figures of a workspace begin
_NAMES: Final = {name.upper(): name for name in CompositeRules.model_fields}


def takes_part(pictures: str, percent: float) -> bool:
    """Tell whether a composite of these pictures is among so many percent that are hosted.

    The same pictures are always in or always out, and nobody who is in falls out as it grows.
    """
    first = int.from_bytes(hashlib.sha256(pictures.encode()).digest()[:8])
    return first / 2**64 * 100 < percent


async def counted_since(connection: AsyncConnection, workspace: WorkspaceId) -> datetime | None:
    """Read when the figures of a workspace's composites were last begun anew; None for never."""
    query = sa.select(COMPOSITE_SETTINGS.c.changed_at).where(
        COMPOSITE_SETTINGS.c.name == f"{_COUNTED_SINCE}{workspace}"
    )
    found: datetime | None = (await connection.execute(query)).scalar_one_or_none()
    return found


@dataclass(frozen=True, slots=True)
class CompositeSetting:
    """A setting in force: its value, and who said so and when, if that was over the API."""

    name: str
    value: Any
    changed_at: datetime | None = None
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class CompositeSettings:
    """The settings of composites; what an operator changes holds at once in every process.

    `given` is what the environment says. Nothing is kept in memory: whoever decides reads them in
    the transaction in which it acts. Verbs raise DatabaseUnavailableError.
    """

    database: Database
    audit: AuditStore
    clock: Callable[[], datetime]
    given: CompositeRules

    async def current(self, connection: AsyncConnection) -> CompositeRules:
        """Read what holds now, in the caller's transaction."""
        rows = await connection.execute(sa.select(COMPOSITE_SETTINGS))
        said = {row.name: row.value for row in rows if row.name in CompositeRules.model_fields}
        return CompositeRules.model_validate({**self.given.model_dump(), **said})

    async def count_anew(self, workspace: WorkspaceId, *, by: str) -> datetime:
        """Have the figures of a workspace's composites begin now; noted in the audit."""
        now = self.clock()
        async with self.database.begin() as connection:
            name = f"{_COUNTED_SINCE}{workspace}"
            where = COMPOSITE_SETTINGS.c.name == name
            await connection.execute(sa.delete(COMPOSITE_SETTINGS).where(where))
            row = {"name": name, "value": True, "changed_at": now, "changed_by": by}
            await connection.execute(sa.insert(COMPOSITE_SETTINGS), row)
            deed = Deed(SERVER, now, by, "composites.count_anew", workspace, "figures begin anew")
            await self.audit.note(connection, deed)
        return now

    async def listed(self) -> list[CompositeSetting]:
        """List every setting with its value in force."""
        async with self.database.read() as connection:
            rows = list(await connection.execute(sa.select(COMPOSITE_SETTINGS)))
        said = {row.name: row for row in rows}
        return [
            CompositeSetting(name.upper(), row.value, row.changed_at, row.changed_by)
            if (row := said.get(name))
            else CompositeSetting(name.upper(), value)
            for name, value in self.given.model_dump().items()
        ]

    async def change(self, wanted: Mapping[str, Any], *, by: str) -> None:
        """Set some by their names, all or none; None gives one back to the environment.

        Raises InvalidInputError, which names each that is wrong and its value.
        """
        changes = _checked(wanted, self.given)
        now = self.clock()
        async with self.database.begin() as connection:
            for name, value in changes.items():
                await connection.execute(
                    sa.delete(COMPOSITE_SETTINGS).where(COMPOSITE_SETTINGS.c.name == name)
                )
                if value is not None:
                    row = {"name": name, "value": value, "changed_at": now, "changed_by": by}
                    await connection.execute(sa.insert(COMPOSITE_SETTINGS), row)
                said = "given back to the environment" if value is None else f"set to {value}"
                deed = Deed(SERVER, now, by, "composites.set", name.upper(), shown(said))
                await self.audit.note(connection, deed)


def _checked(wanted: Mapping[str, Any], given: CompositeRules) -> dict[str, Any]:
    """Read changes by the fields' names. Raises InvalidInputError."""
    unknown = [name for name in wanted if name not in _NAMES]
    faults = [
        FieldError(name, f"no such setting{nearest(name.upper(), _NAMES)}", shown(wanted[name]))
        for name in unknown
    ]
    changes = {_NAMES[name]: value for name, value in wanted.items() if name in _NAMES}
    set_ones = {name: value for name, value in changes.items() if value is not None}
    try:
        CompositeRules.model_validate({**given.model_dump(), **set_ones})
    except ValidationError as error:
        faults += [
            FieldError(str(each["loc"][0]).upper(), each["msg"], shown(each["input"]))
            for each in error.errors()
        ]
    if faults:
        told = "; ".join(f"{each.field}: {each.message} ({each.value})" for each in faults)
        raise InvalidInputError(told, faults)
    return changes
