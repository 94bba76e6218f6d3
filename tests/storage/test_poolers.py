"""PostgreSQL behind PgBouncer, on several hosts, and over TLS: each address means what it says."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from callsheet.database.connections import (
    InvalidDatabaseUrlError,
    SqlDatabase,
    parse_url,
    sync_engine,
)
from callsheet.ports.database import DatabaseUnavailableError
from tests.databases import SUPERUSER, unused_port
from tests.support.processes import Place, serving

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH')}:/usr/sbin")
APT_LINE = "sudo apt-get install --no-install-recommends pgbouncer"
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {home}/users
pool_mode = transaction
default_pool_size = 6
"""


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """Put PgBouncer in transaction mode before an empty database."""
    if PGBOUNCER is None:
        pytest.skip(f"there is no pgbouncer; type: {APT_LINE}")
    # Where the account of the database's server may enter, too.
    home = Path(tempfile.mkdtemp(prefix="callsheet-pool-", dir="/tmp"))
    port, url = unused_port(), make_url(postgres_url)
    (home / "users").write_text(f'"{url.username}" ""\n')
    text = CONFIGURATION.format(server=url.port, port=port, home=home)
    (home / "pgbouncer.ini").write_text(text)
    root = os.geteuid() == 0
    if root:  # it refuses to run as root
        for path in (home, *home.iterdir()):
            shutil.chown(path, SUPERUSER)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [PGBOUNCER, str(home / "pgbouncer.ini")],
            stderr=log,
            user=pwd.getpwnam(SUPERUSER).pw_uid if root else None,
        )
    try:
        pooled = url.set(port=port).render_as_string(hide_password=False)
        answered(pooled, home / "log")
        yield pooled
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home)


def answered(url: str, log: Path) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("said", ["", "?pgbouncer=true"])
def test_whole_batch_goes_through_a_pooler_in_transaction_mode(
    pooled_url: str, said: str, tmp_path: Path
) -> None:
    """Migrated, ordered, made and delivered; told so in the log, whether the address says it."""
    place = Place(tmp_path, pooled_url + said)
    with serving(place, "up") as server:
        jobs = [server.submit(4) for _ in range(3)]
        for job in jobs:
            server.wait_for(job, ["succeeded"])
        assert server.http.get("/ready").status_code == 200
    assert "notifier.deaf" in place.log("up")
    assert "PreparedStatement" not in place.log("up")
    assert place.run("doctor").returncode == 0


async def test_nothing_is_prepared_and_nothing_stays_set_through_a_pooler(pooled_url: str) -> None:
    """Sessions are others' in the next moment; a transaction is patient for itself alone."""
    database = SqlDatabase(pooled_url)
    engine = sync_engine(database.url, pooled=database.pooled)
    setting = "SHOW idle_in_transaction_session_timeout"
    for _ in range(12):  # more than psycopg's threshold
        async with database.begin() as connection:
            await connection.execute(sa.text("SELECT 1"))
            assert await connection.scalar(sa.text(setting)) == "15s"
        with engine.begin() as blocking:
            blocking.execute(sa.text("SELECT 1"))
    async with database.read() as connection:
        prepared = await connection.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements"))
        assert prepared == 0
        assert await connection.scalar(sa.text(setting)) == "0"
    engine.dispose()
    await database.close()


async def test_without_a_pooler_statements_are_prepared_and_patience_stays(
    postgres_url: str,
) -> None:
    """What costs a round trip a transaction behind a pooler is done once here."""
    database = SqlDatabase(postgres_url)
    for _ in range(12):
        async with database.begin() as connection:
            await connection.execute(sa.text("SELECT 1"))
    async with database.read() as connection:
        setting = sa.text("SHOW idle_in_transaction_session_timeout")
        assert await connection.scalar(setting) == "15s"
        assert await connection.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements"))
    await database.close()


async def test_patience_that_the_address_sets_stands(postgres_url: str) -> None:
    """Both engines leave alone what an operator has set in the address's options."""
    name = "idle_in_transaction_session_timeout"
    database = SqlDatabase(f"{postgres_url}?options=-c%20{name}%3D4s")
    engine = sync_engine(database.url, pooled=database.pooled)
    async with database.read() as connection:
        assert await connection.scalar(sa.text(f"SHOW {name}")) == "4s"
    with engine.begin() as blocking:
        assert blocking.scalar(sa.text(f"SHOW {name}")) == "4s"
        assert blocking.scalar(sa.text("SHOW tcp_keepalives_idle")) == "5"
    engine.dispose()
    await database.close()


@pytest.mark.parametrize(
    "spelled",
    [
        "127.0.0.1:{dead},127.0.0.1:{live}/{name}?",
        "/{name}?host=127.0.0.1:{dead}&host=127.0.0.1:{live}&",
    ],
)
async def test_second_host_is_asked_where_the_first_is_away(
    postgres_url: str, spelled: str, tmp_path: Path
) -> None:
    """For our engine, for the durable one, and for what listens."""
    url = make_url(postgres_url)
    places = spelled.format(dead=unused_port(), live=url.port, name=url.database)
    several = f"postgresql://{url.username}@{places}target_session_attrs=read-write"
    with psycopg.connect(parse_url(several).render_as_string()) as connection:
        assert connection.info.port == url.port
    place = Place(tmp_path, several)
    with serving(place, "up") as server:
        server.wait_for(server.submit(2), ["succeeded"])
    assert "bell" not in place.log("up")


async def test_tls_is_asked_for_by_all(postgres_url: str, tmp_path: Path) -> None:
    """A server that speaks none is refused then, by our engine, the durable one, and psycopg."""
    url = f"{postgres_url}?sslmode=verify-full&sslrootcert={tmp_path}/authority.pem"
    (tmp_path / "authority.pem").write_text("")
    database = SqlDatabase(url)
    with pytest.raises(DatabaseUnavailableError, match="SSL"):
        await database.check()
    engine = sync_engine(database.url)
    with pytest.raises(sa.exc.OperationalError, match="SSL"):
        engine.connect()
    with pytest.raises(psycopg.OperationalError, match="SSL"):
        psycopg.connect(database.url.render_as_string())
    await database.close()


def test_copy_that_takes_no_writes_is_waited_for(empty_postgres_url: str, tmp_path: Path) -> None:
    """After a failover another server writes: what this one says is no defect."""
    read_only = f"{empty_postgres_url}?options=-c%20default_transaction_read_only%3Don"
    done = Place(tmp_path, read_only).run("migrate")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("[database_unavailable]")


def test_role_without_a_right_is_told_in_one_line(empty_postgres_url: str, tmp_path: Path) -> None:
    """Where nothing may be created, no start helps."""
    with psycopg.connect(empty_postgres_url) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM pg_database_owner, PUBLIC")
    done = Place(tmp_path, empty_postgres_url).run("migrate")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "permission denied for schema public" in line
    assert line.endswith("[database_unusable]")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:hunter2@db/name?schema=public", "'schema'"),
        ("postgresql://u:hunter2@db:port/name", "postgresql://u:"),
        ("mysql://u:hunter2@db/name", "sqlite"),
        ("postgres:u:hunter2@db", "sqlite"),
        ("u:hunter2@db", "sqlite"),
    ],
)
def test_address_out_of_form_is_refused_without_its_password(url: str, words: str) -> None:
    """What is wrong is named; what opens the database is not."""
    with pytest.raises(InvalidDatabaseUrlError, match=words) as refused:
        parse_url(url)
    assert "hunter2" not in str(refused.value)
