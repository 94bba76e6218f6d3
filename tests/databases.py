"""Throw-away PostgreSQL clusters from the machine's own programs, gone when the tests end."""

import fcntl
import json
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Final, Literal, Self
from uuid import uuid4

import psycopg
from psycopg import sql

APT_LINE: Final = "sudo apt-get install --no-install-recommends postgresql"
SUPERUSER: Final = "postgres"
# Tests connect as an ordinary role: row-level security does not bind a superuser.
USER: Final = "callsheet"
# Below the range from which Linux takes ports for outgoing connections, so that nobody is given
# our port by chance while a cluster is down.
_PORTS: Final = range(20_000, 32_000)
_TRIES: Final = 5
_KEEPER: Final = Path(__file__).with_name("postgres_keeper.py")
# What a commit wrote still survives a crash of the server, not one of the machine.
_FAST: Final = {"fsync": "off", "full_page_writes": "off"}

StopMode = Literal["smart", "fast", "immediate"]


class PostgresMissingError(Exception):
    """The machine has no PostgreSQL server programs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"tests need PostgreSQL 15 or later, and there is no initdb in {folder}/*/bin nor on"
            f" PATH; type: {APT_LINE}"
        )


class PostgresAccountMissingError(Exception):
    """We are root, PostgreSQL refuses to run as root, and it has no account of its own."""

    def __init__(self) -> None:
        super().__init__(
            f"root cannot run PostgreSQL and there is no user {SUPERUSER!r}; type: {APT_LINE}"
        )


class PostgresFailedError(Exception):
    """A PostgreSQL program failed."""

    def __init__(self, command: list[str], output: str) -> None:
        super().__init__(f"{' '.join(command)} failed:\n{output[-2000:]}")


def find_programs(
    folder: Path = Path("/usr/lib/postgresql"), search_path: str | None = None
) -> Path:
    """Find the newest server programs, in Debian's folder, else on PATH (or `search_path`).

    Raises PostgresMissingError.
    """
    found = [initdb.parent for initdb in folder.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda bin_: [int(n) for n in re.findall(r"\d+", bin_.parent.name)])
    on_path = shutil.which("initdb", path=search_path)
    if on_path is None:
        raise PostgresMissingError(folder)
    return Path(on_path).resolve().parent


def unused_port() -> int:
    """Find a TCP port of 127.0.0.1 that nobody listens on.

    Hypothesis seeds the common dice: parallel tests would throw the same ports.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Cluster:
    """One PostgreSQL server on 127.0.0.1 and on a socket in its folder.

    It lives until the last process that holds it releases it or dies; see postgres_keeper.
    """

    def __init__(self, home: Path, port: int, holder: IO[str]) -> None:
        self.home, self.port = home, port
        self._holder = holder
        self._programs = find_programs()

    @classmethod
    def create(cls, *, fsync: bool = False) -> Self:
        """Make and start a cluster. Without `fsync` it is fast and would not survive a power cut.

        Raises PostgresMissingError or PostgresFailedError.
        """
        programs = find_programs()
        # A socket's path may have 107 bytes at most, and user postgres must be able to enter.
        home = Path(tempfile.mkdtemp(prefix="callsheet-pg-", dir="/tmp"))
        holder = (home / "holders").open("w")
        fcntl.flock(holder, fcntl.LOCK_SH)
        stop = [*_as_owner(), str(programs / "pg_ctl"), "stop", "-D", f"{home}/data"]
        _run([sys.executable, "-IS", str(_KEEPER), str(home), *stop, "-m", "immediate"])
        if os.geteuid() == 0:
            shutil.chown(home, SUPERUSER, SUPERUSER)
        cluster = cls(home, unused_port(), holder)
        try:
            cluster._initialise()
            cluster._start_on_some_port(fsync=fsync)
            with cluster.connect() as connection:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(USER)))
        except BaseException:
            cluster.release()
            raise
        return cluster

    @classmethod
    def join(cls, meeting: Path, *, fsync: bool = False) -> Self:
        """Share one cluster among all processes that name the same folder."""
        with (meeting / "postgres.lock").open("w") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            record = meeting / "postgres.json"
            if record.exists():
                known = json.loads(record.read_text())
                cluster = cls._attach(Path(known["home"]), known["port"])
                if cluster is not None:
                    return cluster
            cluster = cls.create(fsync=fsync)
            record.write_text(json.dumps({"home": str(cluster.home), "port": cluster.port}))
            return cluster

    @classmethod
    def _attach(cls, home: Path, port: int) -> Self | None:
        """Hold a cluster that another process made; None if its last user has gone."""
        try:
            holder = (home / "holders").open()
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(holder, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if (home / "holders").stat().st_ino == os.fstat(holder.fileno()).st_ino:
                return cls(home, port, holder)
        except (BlockingIOError, FileNotFoundError):
            pass  # the keeper is stopping it, or has removed it meanwhile
        holder.close()
        return None

    def release(self) -> None:
        """Stop using the cluster; the last one to do so ends it."""
        self._holder.close()

    def start(self) -> None:
        """Start the server on its port and wait until it answers."""
        self._control("start", "-l", f"{self.home}/log")

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server and wait; `immediate` is a crash, with recovery at the next start."""
        self._control("stop", "-m", mode)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start on the same port."""
        self.stop(mode)
        self.start()

    def let_in(self, network: str) -> None:
        """Listen on every address from now on, and let a network in without a password."""
        data = self.home / "data"
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write("listen_addresses = '*'\n")
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        self.restart()

    def create_database(self, template: str = "template1") -> str:
        """Make a database that an ordinary role owns, empty or like a template; returns its URL."""
        name = f"test_{uuid4().hex}"
        # Copying files takes half the time of logging every page of so small a template.
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
        names = map(sql.Identifier, (name, USER, template))
        with self.connect() as connection:
            connection.execute(statement.format(*names))
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database that `create_database` made, whoever is still connected to it."""
        name = sql.Identifier(url.rpartition("/")[2])
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Connect as the superuser, to no test's database."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=SUPERUSER, dbname="postgres", autocommit=True
        )

    def _initialise(self) -> None:
        command = [*_as_owner(), str(self._programs / "initdb"), "-D", f"{self.home}/data"]
        options = [f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        # It holds the cluster too: should we be killed, nothing is removed under its hands.
        _run([*command, *options, "--no-sync", "--no-instructions"], keep=self._holder)

    def _start_on_some_port(self, *, fsync: bool) -> None:
        """Start, and try other ports if somebody else takes ours first."""
        for attempt in range(_TRIES):
            self._configure(fsync=fsync)
            try:
                return self.start()
            except PostgresFailedError as error:
                if attempt == _TRIES - 1 or "Address already in use" not in str(error):
                    raise
                self.port = unused_port()
        return None

    def _configure(self, *, fsync: bool) -> None:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.home),
            "max_connections": "200",
            "shared_buffers": "32MB",
            "timezone": "UTC",
            **({} if fsync else _FAST),
        }
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        # The file PostgreSQL keeps for ALTER SYSTEM: it is read last and wins.
        (self.home / "data" / "postgresql.auto.conf").write_text("".join(lines))

    def _control(self, *arguments: str) -> None:
        pg_ctl = [*_as_owner(), str(self._programs / "pg_ctl"), "-D", f"{self.home}/data"]
        _run([*pg_ctl, "-w", "-t", "60", *arguments], log=self.home / "log")


def _as_owner() -> list[str]:
    """Say how to run a command as a user that PostgreSQL accepts."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(SUPERUSER)
    except KeyError as error:
        raise PostgresAccountMissingError from error
    return ["setpriv", f"--reuid={SUPERUSER}", f"--regid={SUPERUSER}", "--init-groups", "--"]


def _run(command: list[str], log: Path | None = None, keep: IO[str] | None = None) -> None:
    """Run a program to its end. Raises PostgresFailedError, with the end of the server's log.

    The file `keep` stays open in it.

    Its output goes to a file: a server that it leaves behind would keep a pipe open for ever.
    """
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            pass_fds=() if keep is None else (keep.fileno(),),
        )
        if done.returncode != 0:
            output.seek(0)
            logged = log.read_text() if log is not None and log.exists() else ""
            raise PostgresFailedError(command, output.read() + logged[-1500:])
