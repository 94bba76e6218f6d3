"""What a store in a folder promises beyond the contract: many processes, crashes, full disks."""

import asyncio
import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from callsheet.blobs.disk import DiskStore
from callsheet.blobs.files import Files
from callsheet.ports.blobs import (
    BlobNotFoundError,
    StoreUnavailableError,
)

SECRET = b"a secret for the tests of links!"
MEGABYTE = 1024 * 1024
PROCESSES = 6
COUNTED_EACH = 40
KILLS = 10

PRELUDE = f"""
import asyncio, json, sys
from contextlib import suppress
from pathlib import Path
from callsheet.ports.blobs import *
from callsheet.blobs.disk import DiskStore
store = DiskStore(Path(sys.argv[1]), {SECRET!r})
"""

CREATE = """
async def main():
    await store.check()
    print("ready", flush=True)
    sys.stdin.readline()
    won = []
    for n in range(50):
        try:
            await store.put(f"race/{n}", sys.argv[2].encode(), "text/plain", CreateOnly())
            won.append(n)
        except BlobConflictError:
            pass
    print(json.dumps(won))

asyncio.run(main())
"""

COUNT = """
async def main():
    await store.check()
    print("ready", flush=True)
    sys.stdin.readline()
    done = 0
    while done < int(sys.argv[2]):
        seen = await store.head("counter")
        number = int(await store.get("counter")) + 1
        try:
            await store.put("counter", str(number).encode(), "text/plain", IfMatch(seen.etag))
            done += 1
        except BlobConflictError:
            pass
    print(json.dumps(done))

asyncio.run(main())
"""

WRITE_FOREVER = """
async def pieces(letter):
    for _ in range(40):
        yield letter * 100_000

async def create(key, content, kind):
    with suppress(BlobConflictError):
        await store.put(key, content, kind, CreateOnly())

async def main():
    print("ready", flush=True)
    n = 0
    while True:
        n += 1
        letter = b"ab"[n % 2 : n % 2 + 1]
        kind = "text/" + letter.decode()
        await asyncio.gather(
            store.put("kept/streamed", pieces(letter), kind),
            store.put("kept/whole", letter * 300_000, kind),
            create(f"new/{n}", letter * 300_000, kind),
        )

asyncio.run(main())
"""

FILL = """
async def pieces():
    for _ in range(64):
        yield b"x" * 100_000

async def main():
    await store.put("old", b"old", "text/plain")
    refused = []
    for content in (b"x" * 3_000_000, pieces()):
        try:
            await store.put("old", content, "text/plain")
        except StoreFullError as error:
            refused.append(error.reason)
    drafts = len(list((Path(sys.argv[1]) / ".tmp").iterdir()))
    kept = (await store.get("old")).decode()
    await store.put("small", b"fits", "text/plain")
    print(json.dumps({"refused": refused, "drafts": drafts, "kept": kept}))

asyncio.run(main())
"""


def child(script: str, *arguments: str, wrapped_in: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start another process that uses the store."""
    return subprocess.Popen(
        [*wrapped_in, sys.executable, "-c", PRELUDE + script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str], say: str | None = None) -> str:
    """Let a process go on, and take its last word."""
    printed, _ = process.communicate(say)
    assert process.returncode == 0
    return printed


def race(script: str, root: Path, arguments: list[str]) -> list[str]:
    """Run the same script in several processes that begin together."""
    racers = [child(script, str(root), argument) for argument in arguments]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return [told(racer) for racer in racers]


def open_under(folder: Path) -> list[Path]:
    """Name the files of a folder that this process has open."""
    opened = [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    return [path for path in opened if path.is_relative_to(folder)]


async def test_processes_race_to_create(tmp_path: Path) -> None:
    """Of several processes creating the same keys, each key has one winner, whose bytes stay."""
    won = race(CREATE, tmp_path, [str(n) for n in range(PROCESSES)])

    store = DiskStore(tmp_path, SECRET)
    winners = {key: n for n, printed in enumerate(won) for key in json.loads(printed)}
    assert sum(len(json.loads(printed)) for printed in won) == len(winners) == 50
    for key, winner in winners.items():
        assert await store.get(f"race/{key}") == str(winner).encode()


async def test_processes_count_together(tmp_path: Path) -> None:
    """Several processes counting up by if-match lose no count."""
    store = DiskStore(tmp_path, SECRET)
    await store.put("counter", b"0", "text/plain")

    race(COUNT, tmp_path, [str(COUNTED_EACH)] * PROCESSES)

    assert int(await store.get("counter")) == PROCESSES * COUNTED_EACH


async def test_killed_writer_leaves_whole_objects(tmp_path: Path) -> None:
    """Killed at any moment, a writer leaves old or new objects, whole and of their own type."""
    for kill in range(KILLS):
        writer = child(WRITE_FOREVER, str(tmp_path))
        assert writer.stdout is not None
        writer.stdout.readline()
        await asyncio.sleep(0.01 + 0.017 * kill)
        writer.kill()
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL

        store = DiskStore(tmp_path, SECRET)
        async for info in store.list(""):
            content = await store.get(info.key)
            expected = 4_000_000 if info.key == "kept/streamed" else 300_000
            assert len(content) == info.size == expected
            assert content == info.content_type[-1:].encode() * expected


def stopped_at(writer: subprocess.Popen[str], drafts: Path) -> list[Path]:
    """Stop a writer; the drafts that it is at, not those just made or on their way out."""
    writer.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, writer.pid, os.WSTOPPED)
    return [draft for draft in drafts.glob("*") if is_locked(draft)]


def age(drafts: Iterable[Path]) -> None:
    """Make files as old as can be."""
    for draft in drafts:
        os.utime(draft, (1, 1))


def is_locked(path: Path) -> bool:
    """Tell whether some process holds a lock on a file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_abandoned_drafts_are_swept(tmp_path: Path) -> None:
    """What a killed writer left goes after an hour; what is being written stays, however old."""
    writer = child(WRITE_FOREVER, str(tmp_path))
    assert writer.stdout is not None
    writer.stdout.readline()
    drafts = tmp_path / ".tmp"
    deadline = time.monotonic() + 30
    while not (left := stopped_at(writer, drafts)):
        assert time.monotonic() < deadline
        writer.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    age(left)
    files = Files(tmp_path, tmp_path.as_uri())

    assert files.sweep(older_than=2.0) == 0  # its writer lives
    writer.kill()
    writer.communicate()
    age(drafts.iterdir())
    assert files.sweep(older_than=0.0) == 0  # not old enough
    asyncio.run(DiskStore(tmp_path, SECRET).check())
    assert list(drafts.iterdir()) == []


def test_full_disk(tmp_path: Path) -> None:
    """A disk without space raises StoreFullError, keeps the old object and goes on when it can."""
    mount = f'mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec "$@"'
    unshare = ("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], check=False).returncode
    ):
        pytest.skip("this host lets us mount nothing")

    found = json.loads(told(child(FILL, str(tmp_path), wrapped_in=unshare)))

    assert len(found["refused"]) == 2
    assert all("No space left" in reason for reason in found["refused"])
    assert (found["drafts"], found["kept"]) == (0, "old")


def test_file_size_limit(tmp_path: Path) -> None:
    """A limit on the size of files is a full store too, and leaves nothing half written."""
    limited = child(FILL, str(tmp_path))
    resource.prlimit(limited.pid, resource.RLIMIT_FSIZE, (2 * MEGABYTE, 2 * MEGABYTE))

    found = json.loads(told(limited))

    assert len(found["refused"]) == 2
    assert (found["drafts"], found["kept"]) == (0, "old")


async def test_damaged_file_is_no_object(tmp_path: Path) -> None:
    """A file that lost its end is reported with its path; half of it is never given out."""
    store = DiskStore(tmp_path, SECRET)
    await store.put("cut", b"x" * 1000, "text/plain")
    os.truncate(tmp_path / "cut.blob", 500)

    with pytest.raises(StoreUnavailableError, match=r"damaged.*cut\.blob"):
        await store.get("cut")
    with pytest.raises(StoreUnavailableError, match="damaged"):
        await store.head("cut")


async def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """A folder may hold other files; they are not listed and not read."""
    store = DiskStore(tmp_path, SECRET)
    await store.put("ours", b"x", "text/plain")
    (tmp_path / "README").write_text("theirs")
    (tmp_path / ".git").mkdir()

    assert [info.key async for info in store.list("")] == ["ours"]
    with pytest.raises(BlobNotFoundError):
        await store.get("README")


async def test_store_is_where_a_file_was(tmp_path: Path) -> None:
    """A root that cannot be made into a folder is a store out of order."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreUnavailableError, match="taken"):
        await DiskStore(tmp_path / "taken", SECRET).check()


async def test_copied_folder_is_the_same_store(tmp_path: Path) -> None:
    """A plain copy of the folder is a backup: bytes, types, etags and times are all in it."""
    store = DiskStore(tmp_path / "store", SECRET)
    put = await store.put("a/b", b"kept", "image/png")
    shutil.copytree(tmp_path / "store", tmp_path / "copy", copy_function=shutil.copyfile)

    assert await DiskStore(tmp_path / "copy", SECRET).head("a/b") == put


async def test_cancelled_stream_closes_its_file(tmp_path: Path) -> None:
    """Readers and writers that are given up hold no file and no draft."""
    store = DiskStore(tmp_path, SECRET)
    await store.put("long", b"x" * 4 * MEGABYTE, "text/plain")

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * MEGABYTE

    for _ in range(5):
        write = asyncio.create_task(store.put("endless", endless(), "text/plain"))
        stream = store.stream("long")
        assert isinstance(stream, AsyncIterator)
        await anext(stream)
        await asyncio.sleep(0.01)
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write
        del stream
    for _ in range(10):
        await asyncio.sleep(0)  # the loop closes streams that nobody holds any more

    assert open_under(tmp_path) == []
    assert list((tmp_path / ".tmp").iterdir()) == []


async def test_stream_put_keeps_the_loop_free(tmp_path: Path) -> None:
    """While a long object is written, other tasks get their turn between its blocks."""
    store = DiskStore(tmp_path, SECRET)
    turns = 0

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * MEGABYTE

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    busy = asyncio.create_task(other())
    await store.put("long", pieces(), "text/plain")
    busy.cancel()
    assert turns > 8
