"""PostgreSQL's addresses and connections: several hosts, dead lines, and poolers between."""

import math
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from psycopg.pq import Conninfo
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError

# A process that is frozen or cut off within a transaction holds locks that everybody needs: the
# server ends such a session, and both ends notice a dead line. What the address sets, stands.
_IDLE_IN_TRANSACTION: Final = ("idle_in_transaction_session_timeout", "15s")
_PATIENCE: Final = (
    _IDLE_IN_TRANSACTION,
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "3"),
    ("tcp_keepalives_count", "3"),
)
LINE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_RESTED_S: Final = 1.0  # after which a connection is asked whether it still stands
_SINCE: Final = "callsheet_rests_since"  # keys of a pooled connection's info
_SHARED: Final = "callsheet_shared"

_POOLER: Final = "pgbouncer"  # a parameter of addresses that no driver knows
_YES: Final = frozenset({"true", "1", "yes", "on"})
_SEVERAL: Final = re.compile(r"^(?P<scheme>[\w+]+://)(?P<who>[^/?]*@)?(?P<hosts>[^/?@]*,[^/?@]*)")
_PLACE: Final = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:]*))(?::(?P<port>\d*))?")


def with_one_authority(url: str) -> str:
    """Move several hosts (``h1:5432,h2``) from where one may stand into parameters."""
    found = _SEVERAL.match(url)
    if found is None:
        return url
    rest, question, query = url[found.end() :].partition("?")
    hosts = "&".join(f"host={each}" for each in found["hosts"].split(","))
    more = f"&{query}" if question else ""
    return f"{found['scheme']}{found['who'] or ''}{rest or '/'}?{hosts}{more}"


def understood(url: URL) -> tuple[URL, bool | None]:
    """Spell an address so that all drivers read it alike; and say what it says of a pooler.

    Several hosts, however they are spelled, become ``host=h1,h2&port=5432,5433``. Raises ValueError
    for a parameter that libpq does not know.
    """
    query = dict(url.query)
    said = query.pop(_POOLER, None)
    for name in query:
        if name not in _parameters():
            raise ValueError(f"its parameter {name!r} is not known to PostgreSQL's libpq")
    hosts = list(_places(query.get("host", ())))
    if any(port for _, port in hosts):
        query["host"] = ",".join(host for host, _ in hosts)
        query["port"] = ",".join(port for _, port in hosts)
    elif hosts:
        query["host"] = ",".join(host for host, _ in hosts)
    pooled = None if said is None else str(said).lower() in _YES
    return url.set(query=query), pooled


def _parameters() -> frozenset[str]:
    return frozenset(option.keyword.decode() for option in Conninfo.get_defaults())


def _places(hosts: str | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for each in [hosts] if isinstance(hosts, str) else hosts:
        for place in each.split(","):
            found = None if place.startswith("/") else _PLACE.fullmatch(place)
            if found is None:  # a folder of sockets, or an address of IPv6 without brackets
                yield place, ""
            else:
                yield found["six"] or found["host"] or "", found["port"] or ""


def prepare_postgresql(engine: Engine, *, pooled: bool | None) -> None:
    """Set every new connection of an engine up: no session may be idle with locks in its hand.

    Through a pooler (as `pooled` says, or else as is seen) a connection has another session in each
    transaction: nothing is prepared in one, and what is set is set for one transaction.
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("SELECT pg_backend_pid()")
        (answers,) = cursor.fetchone()
        driver = record.driver_connection
        shared = answers != driver.info.backend_pid if pooled is None else pooled
        record.info[_SHARED] = shared
        if shared:
            driver.prepare_threshold = None
        else:
            for name, value in _PATIENCE:
                if name not in driver.info.options:
                    cursor.execute(f"SET {name} = '{value}'")
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "begin")
    def be_patient_once(connection: Connection) -> None:
        if connection.info.get(_SHARED) and not _commits_by_itself(connection):
            cursor = connection.connection.cursor()
            cursor.execute("SET LOCAL {} = '{}'".format(*_IDLE_IN_TRANSACTION))
            cursor.close()

    _ask_the_rested(engine)


def _commits_by_itself(connection: Connection) -> bool:
    options: Mapping[str, Any] = connection.get_execution_options()
    return options.get("isolation_level") == "AUTOCOMMIT"


def _ask_the_rested(engine: Engine) -> None:
    """Ask a connection that has rested whether it still stands; the pool makes another if not.

    Asked at each use, as `pool_pre_ping` does, it is a round trip for every transaction.
    """

    @event.listens_for(engine, "checkin")
    def rests(_connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_SINCE, math.inf) < _RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if engine.dialect.is_disconnect(error, connection, None):
                raise InvalidatePoolError from error  # all of the same age are gone with it
            raise
