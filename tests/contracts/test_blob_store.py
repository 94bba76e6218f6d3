"""What every object store promises, whatever it stands on."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from callsheet.blobs.content import ContentStore
from callsheet.blobs.errors import (
    ConditionalStreamTooLargeError,
    InvalidContentTypeError,
    InvalidLinkRequestError,
)
from callsheet.ports.blobs import (
    BlobConflictError,
    BlobInfo,
    BlobNotFoundError,
    CreateOnly,
    IfMatch,
    InvalidKeyError,
    StoreUnavailableError,
)
from callsheet.sim.gcs_keys import ServiceAccount
from tests.contracts.blob_stores import BUCKET, HASTE, StoreSpec, closed_port
from tests.support.plain import NO_TLS

MEGABYTE = 1024 * 1024
STREAMED_MEGABYTES = 200
STREAMED_GROWTH_MEGABYTES = 100  # three parts in flight of 8 MiB, and what the client holds of each

WEIRD_BUT_FINE = (
    "a b/c d",
    "100%/50%25",
    "what?/#1",
    "x~y/[z]/{w}",
    "quotes'\"`/<>|^*",
    "a+b&c=d;e,f:g!h@i$j(k)",
    "UPPER/lower/MiXed",
    "dots.in.the/middle.png",
    "folder",
    "folder/and/object",
    "s" * 200,
)
REFUSED = (
    "",
    "/absolute",
    "a//b",
    "a/",
    "..",
    "../up",
    "a/../b",
    "a/./b",
    ".hidden",
    "a/.hidden/b",
    "dot.",
    " space",
    "space ",
    "back\\slash",
    "new\nline",
    "nul\0",
    "umlaut-ü",
    "emoji-🎬",
    "folder.blob/x",
    "s" * 201,
    "/".join(["s" * 100] * 6),
)


async def streamed(*pieces: bytes) -> AsyncIterator[bytes]:
    """Make a stream of pieces."""
    for piece in pieces:
        yield piece


async def listed(store: ContentStore, prefix: str) -> list[str]:
    """Name what is there."""
    return [info.key async for info in store.list(prefix)]


async def ranged(store: ContentStore, key: str, start: int, length: int | None = None) -> bytes:
    """Read a range whole."""
    return b"".join([block async for block in store.stream(key, start, length)])


async def test_what_is_put_is_read(store: ContentStore) -> None:
    """Content, size and type come back as they were given, from every method that tells them."""
    begun = datetime.now(UTC) - timedelta(seconds=2)  # buckets round to seconds

    put = await store.put("folder/picture.png", b"not really", "image/png")
    head = await store.head("folder/picture.png")

    assert (put.key, put.size, put.content_type) == ("folder/picture.png", 10, "image/png")
    assert (head.key, head.size, head.content_type) == ("folder/picture.png", 10, "image/png")
    assert head.etag == put.etag != ""
    assert begun < head.modified_at < datetime.now(UTC) + timedelta(seconds=2)
    assert await store.get("folder/picture.png") == b"not really"
    assert await ranged(store, "folder/picture.png", 0) == b"not really"


async def test_nothing_may_be_kept(store: ContentStore) -> None:
    """An empty object, given whole or as a stream, is an object."""
    await store.put("empty", b"", "text/plain")
    await store.put("empty-stream", streamed(), "text/plain")

    assert await store.get("empty") == await store.get("empty-stream") == b""
    assert (await store.head("empty-stream")).size == 0
    assert await ranged(store, "empty", 0) == b""


async def test_absent_objects_are_named(store: ContentStore) -> None:
    """Reading what is not there raises BlobNotFoundError from every reading method."""
    with pytest.raises(BlobNotFoundError, match="absent"):
        await store.head("absent")
    with pytest.raises(BlobNotFoundError):
        await store.get("absent")
    with pytest.raises(BlobNotFoundError):
        await ranged(store, "absent", 0)
    with pytest.raises(BlobNotFoundError):
        await ranged(store, "absent", 5, 0)


async def test_put_replaces(store: ContentStore) -> None:
    """A second put replaces content and type, and changes the etag."""
    first = await store.put("key", b"one", "text/plain")
    second = await store.put("key", b"three", "text/html")

    assert first.etag != second.etag == (await store.head("key")).etag
    assert (await store.head("key")).content_type == "text/html"
    assert await store.get("key") == b"three"


async def test_same_bytes_are_a_new_version(store_spec: StoreSpec, store: ContentStore) -> None:
    """Writing the same bytes again changes the etag, except on S3, whose etag is a digest."""
    first = await store.put("key", b"same", "text/plain")
    second = await store.put("key", b"same", "text/plain")

    assert (first.etag == second.etag) is (store_spec.kind == "s3")


async def test_delete_is_idempotent(store: ContentStore) -> None:
    """A removed object is gone, and removing it again is no error."""
    await store.put("gone", b"x", "text/plain")

    await store.delete("gone")
    await store.delete("gone")

    with pytest.raises(BlobNotFoundError):
        await store.head("gone")
    assert await listed(store, "") == []


async def test_create_only_creates_once(store: ContentStore) -> None:
    """Create-only fails on what is there, and works again once it is removed."""
    await store.put("once", b"first", "text/plain", CreateOnly())
    with pytest.raises(BlobConflictError):
        await store.put("once", b"second", "text/plain", CreateOnly())
    assert await store.get("once") == b"first"

    await store.delete("once")
    await store.put("once", b"third", "text/plain", CreateOnly())
    assert await store.get("once") == b"third"


async def test_if_match_wants_the_version(store: ContentStore) -> None:
    """If-match takes the present etag only, and never creates."""
    first = await store.put("key", b"one", "text/plain")
    second = await store.put("key", b"two", "text/plain", IfMatch(first.etag))

    with pytest.raises(BlobConflictError):
        await store.put("key", b"three", "text/plain", IfMatch(first.etag))
    with pytest.raises(BlobConflictError):
        await store.put("absent", b"three", "text/plain", IfMatch(second.etag))

    assert await store.get("key") == b"two"
    assert await listed(store, "") == ["key"]


async def test_listed_etag_serves_as_condition(store: ContentStore) -> None:
    """An etag from a listing is good for if-match, until the object changes."""
    await store.put("key", b"one", "text/plain")
    [seen] = [info async for info in store.list("")]

    await store.put("key", b"two", "text/plain", IfMatch(seen.etag))
    with pytest.raises(BlobConflictError):
        await store.put("key", b"three", "text/plain", IfMatch(seen.etag))
    assert await store.get("key") == b"two"


async def test_conditions_hold_for_streams(store: ContentStore) -> None:
    """A stream is written under a condition just as bytes are."""
    long = [b"x" * MEGABYTE] * 9
    first = await store.put("key", streamed(*long), "video/mp4", CreateOnly())
    assert (await store.head("key")).size == first.size == 9 * MEGABYTE

    with pytest.raises(BlobConflictError):
        await store.put("key", streamed(b"short"), "video/mp4", CreateOnly())
    await store.put("key", streamed(b"short"), "video/mp4", IfMatch(first.etag))
    assert await store.get("key") == b"short"


async def test_long_conditional_streams(store_spec: StoreSpec, store: ContentStore) -> None:
    """A stream under a condition may be of any length on disk; buckets name their limit."""

    async def long() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b"x" * MEGABYTE

    if store_spec.kind == "disk":
        assert (await store.put("key", long(), "text/plain", CreateOnly())).size == 65 * MEGABYTE
        return
    with pytest.raises(ConditionalStreamTooLargeError) as caught:
        await store.put("key", long(), "text/plain", CreateOnly())
    assert caught.value.max_bytes == 64 * MEGABYTE
    assert await listed(store, "") == []


async def outcome(write: asyncio.Task[BlobInfo]) -> bool:
    """Tell whether a write won."""
    try:
        await write
    except BlobConflictError:
        return False
    return True


@pytest.mark.parametrize("kind", ["create", "match"])
async def test_one_of_twenty_writers_wins(store: ContentStore, kind: str) -> None:
    """Of twenty writers with one condition exactly one wins, and its bytes are what is there."""
    start = await store.put("race/begun", b"start", "text/plain")
    key = "race/new" if kind == "create" else "race/begun"
    condition = CreateOnly() if kind == "create" else IfMatch(start.etag)

    writes = [
        asyncio.create_task(store.put(key, f"writer {n}".encode(), "text/plain", condition))
        for n in range(20)
    ]
    won = [n for n, write in enumerate(writes) if await outcome(write)]

    assert len(won) == 1
    assert await store.get(key) == f"writer {won[0]}".encode()


async def test_ranges(store: ContentStore) -> None:
    """A range is cut off at the end of the object; one behind the end or of no length is empty."""
    await store.put("digits", b"0123456789", "text/plain")

    assert await ranged(store, "digits", 3, 4) == b"3456"
    assert await ranged(store, "digits", 7) == b"789"
    assert await ranged(store, "digits", 7, 100) == b"789"
    assert await ranged(store, "digits", 0, 10) == b"0123456789"
    assert await ranged(store, "digits", 10) == b""
    assert await ranged(store, "digits", 99, 5) == b""
    assert await ranged(store, "digits", 4, 0) == b""


async def test_listing_is_by_prefix_in_order(store: ContentStore) -> None:
    """A prefix may end inside a segment; keys come in order of their characters, all of them."""
    keys = ["a/1", "a!", "a/b/c", "a0", "a", "b/a/1", *(f"n/{n:02}" for n in range(25))]
    for key in keys:
        await store.put(key, key.encode(), "text/plain")

    for prefix in ("", "a", "a/", "a/b", "b/a/", "n/", "n/1", "n/0", "none", "a0", "zz/"):
        assert await listed(store, prefix) == sorted(k for k in keys if k.startswith(prefix))
    [info] = [info async for info in store.list("b/")]
    assert (info.key, info.size) == ("b/a/1", 5)


@pytest.mark.parametrize("key", WEIRD_BUT_FINE)
async def test_weird_keys_are_kept(store: ContentStore, key: str) -> None:
    """A key of odd but printable characters comes back unchanged from everywhere."""
    await store.put(key, b"there", "text/plain")

    assert (await store.head(key)).key == key
    assert await store.get(key) == b"there"
    assert await listed(store, "") == await listed(store, key) == [key]
    await store.delete(key)
    assert await listed(store, "") == []


@pytest.mark.parametrize("key", REFUSED)
async def test_keys_out_of_form_are_refused(store: ContentStore, key: str) -> None:
    """A key that could leave the store, or that some store cannot hold, is refused everywhere."""
    with pytest.raises(InvalidKeyError) as caught:
        await store.put(key, b"x", "text/plain")
    assert caught.value.errors[0].field == "key"
    for refusing in (store.head, store.get, store.delete):
        with pytest.raises(InvalidKeyError):
            await refusing(key)
    with pytest.raises(InvalidKeyError):
        await ranged(store, key, 0)
    with pytest.raises(InvalidKeyError):
        await store.signed_url(key, 60)


@pytest.mark.parametrize("content_type", ["image/png", "text/csv; charset=utf-8", "a/b+c"])
async def test_content_types_are_kept(store: ContentStore, content_type: str) -> None:
    """A type comes back as it was given, of short and of long objects."""
    await store.put("short", b"x", content_type)
    await store.put("long", streamed(b"x" * 9 * MEGABYTE), content_type)

    assert (await store.head("short")).content_type == content_type
    assert (await store.head("long")).content_type == content_type


@pytest.mark.parametrize(
    "content_type", ["", "png", "image/ü", "image/🎬", "a/b\r\nX-Evil: 1", "a/" + "b" * 300]
)
async def test_bad_content_types_are_refused(store: ContentStore, content_type: str) -> None:
    """What is no media type in ASCII is refused before anything is written."""
    with pytest.raises(InvalidContentTypeError):
        await store.put("key", b"x", content_type)
    assert await listed(store, "") == []


async def test_failed_stream_leaves_nothing(store: ContentStore) -> None:
    """An error in the stream comes out as it is; the object is as it was before."""

    async def breaking(pieces: int) -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield b"x" * MEGABYTE
        raise FileNotFoundError("the source's own error")

    await store.put("old", b"old", "text/plain")
    for pieces in (1, 20):
        for key in ("old", "new"):
            with pytest.raises(FileNotFoundError, match="the source's own error"):
                await store.put(key, breaking(pieces), "text/plain")

    assert await store.get("old") == b"old"
    assert await listed(store, "") == ["old"]


async def test_cancelled_put_leaves_nothing(store: ContentStore) -> None:
    """A put that is cancelled half way leaves no object, and the store goes on."""
    reached = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * MEGABYTE
        reached.set()
        await asyncio.Event().wait()

    put = asyncio.create_task(store.put("stalled", stalling(), "text/plain"))
    await reached.wait()
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put

    await store.put("next", b"x", "text/plain")
    assert await listed(store, "") == ["next"]


async def test_cancelled_upload_is_aborted(gcs_server: str, gcs_spec: StoreSpec) -> None:
    """A bucket keeps no parts of an upload that was cancelled or whose source failed."""
    store = gcs_spec.open()
    before = httpx2.get(f"{gcs_server}/_sim/state", verify=NO_TLS).json()["uploads"]
    reached = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * MEGABYTE
        reached.set()
        await asyncio.Event().wait()

    async def failing() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * MEGABYTE
        raise ConnectionError("the source broke")

    put = asyncio.create_task(store.put("cancelled", stalling(), "text/plain"))
    await reached.wait()
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    with pytest.raises(ConnectionError, match="the source broke"):
        await store.put("failed", failing(), "text/plain")

    assert httpx2.get(f"{gcs_server}/_sim/state", verify=NO_TLS).json()["uploads"] == before
    assert await listed(store, "") == []


async def test_reader_keeps_its_version(store: ContentStore) -> None:
    """Replacing an object while it is read mixes no two versions."""
    await store.put("key", b"a" * 4 * MEGABYTE, "text/plain")
    stream = store.stream("key")
    read = await anext(stream)

    await store.put("key", b"b" * 4 * MEGABYTE, "text/plain")
    read += b"".join([block async for block in stream])

    assert read == b"a" * 4 * MEGABYTE


async def test_move_gives_another_key(store: ContentStore) -> None:
    """A moved object keeps bytes and type, replaces what was there and is gone from its old key."""
    await store.put("from/here", b"moved", "image/webp")
    await store.put("to/there", b"old", "text/plain")

    moved = await store.move("from/here", "to/there")

    assert moved.etag == (await store.head("to/there")).etag
    assert (moved.key, moved.size, moved.content_type) == ("to/there", 5, "image/webp")
    assert await store.get("to/there") == b"moved"
    assert await listed(store, "") == ["to/there"]
    with pytest.raises(BlobNotFoundError):
        await store.move("from/here", "to/there")


async def test_check_leaves_nothing(store: ContentStore) -> None:
    """A store that works passes its check and is as empty as before."""
    await store.check()
    assert await listed(store, "") == []


STREAM_THROUGH = """
import asyncio, json, resource, sys
from tests.contracts.blob_stores import StoreSpec

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

async def content(megabytes):
    for n in range(megabytes):
        yield bytes([n]) * (1024 * 1024)

async def main():
    store = StoreSpec(**json.loads(sys.argv[1])).open()
    await store.put("warm", content(9), "video/mp4")
    before = peak()
    await store.put("long", content(int(sys.argv[2])), "video/mp4")
    read = longest = 0
    async for block in store.stream("long"):
        read, longest = read + len(block), max(longest, len(block))
    print(json.dumps({"grown": peak() - before, "read": read, "longest": longest}))

asyncio.run(main())
"""


async def test_long_objects_pass_in_bounded_memory(store_spec: StoreSpec) -> None:
    """200 MB go in and come out through a process that never holds more than a fraction."""
    if store_spec.kind == "memory":
        pytest.skip("a store in memory holds its objects there")
    arguments = [json.dumps(store_spec.as_dict()), str(STREAMED_MEGABYTES)]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", STREAM_THROUGH, *arguments),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    printed, _ = await child.communicate()
    told = json.loads(printed)

    assert told["read"] == STREAMED_MEGABYTES * MEGABYTE
    assert told["longest"] <= MEGABYTE
    assert told["grown"] < STREAMED_GROWTH_MEGABYTES


async def test_links_last_a_bounded_time(store: ContentStore) -> None:
    """A link lives from a second to a week; a download name is printable and has no slash."""
    await store.put("key", b"x", "text/plain")

    for seconds in (0, -1, 7 * 24 * 3600 + 1):
        with pytest.raises(InvalidLinkRequestError):
            await store.signed_url("key", seconds)
    for name in ("", "a/b", "line\nbreak", "x" * 201):
        with pytest.raises(InvalidLinkRequestError):
            await store.signed_url("key", 60, name)
    assert await store.signed_url("key", 7 * 24 * 3600)


@pytest.mark.parametrize("key", ["plain/key.png", "a b/100%25 #1?/~[x]+&"])
async def test_bucket_link_reads_one_object(gcs_spec: StoreSpec, key: str) -> None:
    """A bucket's link reads its object without a key; altered, it reads nothing."""
    store = gcs_spec.open()
    await store.put(key, b"linked", "image/png")
    await store.put("other", b"other", "image/png")
    link = await store.signed_url(key, 60)

    answer = httpx2.get(link, verify=NO_TLS)
    assert (answer.status_code, answer.content) == (200, b"linked")
    assert answer.headers["content-type"] == "image/png"

    other = await store.signed_url("other", 60)
    path, query = other.partition("?")[0], link.partition("?")[2]
    assert httpx2.get(f"{path}?{query}", verify=NO_TLS).status_code == 403
    assert httpx2.get(link.replace("Expires=60", "Expires=61"), verify=NO_TLS).status_code == 403
    assert httpx2.get(path, verify=NO_TLS).status_code == 403
    assert httpx2.put(link, content=b"overwritten", verify=NO_TLS).status_code == 403


async def test_bucket_link_expires(gcs_spec: StoreSpec) -> None:
    """A bucket's link is refused once its seconds are over."""
    store = gcs_spec.open()
    await store.put("key", b"linked", "image/png")
    link = await store.signed_url("key", 1)

    assert httpx2.get(link.replace("Expires=1&", "Expires=900&"), verify=NO_TLS).status_code == 403
    await asyncio.sleep(2)
    answer = httpx2.get(link, verify=NO_TLS)
    assert (answer.status_code, b"<Code>ExpiredToken</Code>" in answer.content) == (400, True)


async def test_s3_link_reads_its_object(s3_spec: StoreSpec) -> None:
    """An S3 link reads its object; moto does not verify signatures, so this is all it can tell."""
    store = s3_spec.open()
    await store.put("a b/100% #1", b"linked", "image/png")
    answer = httpx2.get(await store.signed_url("a b/100% #1", 60), verify=NO_TLS)
    assert (answer.status_code, answer.content) == (200, b"linked")


async def every_call_fails(store: ContentStore) -> None:
    """See each method raise StoreUnavailableError."""
    for call in (
        store.head("key"),
        store.get("key"),
        store.put("key", b"x", "text/plain"),
        store.put("key", streamed(b"x" * 20 * MEGABYTE), "text/plain"),
        store.put("key", b"x", "text/plain", CreateOnly()),
        store.delete("key"),
        ranged(store, "key", 0),
        listed(store, ""),
        store.check(),
    ):
        with pytest.raises(StoreUnavailableError) as caught:
            await call
        assert "hush" not in str(caught.value)


async def test_nobody_at_the_door(s3_spec: StoreSpec, gcs_spec: StoreSpec) -> None:
    """A bucket whose server is gone raises StoreUnavailableError from every method."""
    gone = f"http://127.0.0.1:{closed_port()}"
    for spec, endpoint in ((s3_spec, "endpoint"), (gcs_spec, "base_url")):
        down = StoreSpec(spec.kind, spec.url, {**spec.options, endpoint: gone})
        await every_call_fails(down.open(HASTE))


READ_KEY = """
import asyncio, json, sys
from tests.contracts.blob_stores import HASTE, StoreSpec
store = StoreSpec(**json.loads(sys.argv[1])).open(HASTE)
print(asyncio.run(store.get("key")).decode())
"""


async def test_environment_moves_no_bucket(s3_spec: StoreSpec, gcs_spec: StoreSpec) -> None:
    """Addresses in the environment, meant for other programs, do not lead a store elsewhere."""
    elsewhere = f"http://127.0.0.1:{closed_port()}"
    names = ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "GOOGLE_BASE_URL")
    for spec in (s3_spec, gcs_spec):
        await spec.open().put("key", b"here", "text/plain")
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", READ_KEY, json.dumps(spec.as_dict())),
            cwd=Path(__file__).parents[2],
            env={**os.environ, **dict.fromkeys(names, elsewhere)},
            stdout=subprocess.PIPE,
        )
        printed, _ = await child.communicate()
        assert printed == b"here\n"


async def test_no_such_bucket(s3_spec: StoreSpec, gcs_spec: StoreSpec) -> None:
    """A bucket that is not there is a store out of order, not an object that is missing."""
    for spec in (s3_spec, gcs_spec):
        store = StoreSpec(spec.kind, spec.url.replace(BUCKET, "no-such"), spec.options).open(HASTE)
        with pytest.raises(StoreUnavailableError, match="NoSuchBucket"):
            await store.put("key", b"x", "text/plain")
        with pytest.raises(StoreUnavailableError, match="NoSuchBucket"):
            await store.get("key")


async def test_strangers_are_refused(gcs_spec: StoreSpec) -> None:
    """A key that the bucket does not know is a store out of order, and is not repeated."""
    key = ServiceAccount.generate().key_json()
    stranger = StoreSpec("gcs", gcs_spec.url, {**gcs_spec.options, "service_account_key": key})
    store = stranger.open(HASTE)
    await gcs_spec.open().put("key", b"x", "text/plain")

    for call in (store.get("key"), store.put("key", b"x", "text/plain"), store.delete("key")):
        with pytest.raises(StoreUnavailableError) as caught:
            await call
        assert caught.value.reason == "HTTP 401 AuthenticationRequired"
    link = await store.signed_url("key", 60)
    assert httpx2.get(link, verify=NO_TLS).status_code == 403


async def test_folder_that_has_gone(tmp_path: Path) -> None:
    """A disk that is no longer mounted is out of order; it is neither empty nor made anew."""
    root = tmp_path / "store"
    store = StoreSpec("disk", f"file://{root}").open()
    await store.put("key", b"x", "text/plain")
    root.rename(tmp_path / "elsewhere")

    await every_call_fails(store)
    assert not root.exists()

    (tmp_path / "elsewhere").rename(root)
    assert await store.get("key") == b"x"


@pytest.mark.parametrize(
    ("mode", "reason"), [("503", "HTTP 503"), ("hang", "no answer in time"), ("reset", "cut")]
)
async def test_bucket_in_trouble(
    gcs_server: str, gcs_spec: StoreSpec, mode: str, reason: str
) -> None:
    """A server that refuses, hangs or hangs up raises StoreUnavailableError within our patience."""
    store = gcs_spec.open(HASTE)
    async with httpx2.AsyncClient(base_url=gcs_server, verify=NO_TLS) as admin:
        await admin.post("/_sim/faults", json={"mode": mode, "count": 100})
        with pytest.raises(StoreUnavailableError, match=reason):
            await store.put("key", b"x", "text/plain")
        with pytest.raises(StoreUnavailableError, match=reason):
            await store.get("key")

        await admin.post("/_sim/faults", json={"mode": mode, "count": 1})
        await store.put("key", b"x", "text/plain")  # one failure is retried
        assert (await admin.get("/_sim/state")).json()["faults_left"] == 0
    assert await store.get("key") == b"x"


async def test_answer_cut_short_is_no_content(gcs_server: str, gcs_spec: StoreSpec) -> None:
    """A body that ends early is read on or fails; half of it is never taken for the whole."""
    store = gcs_spec.open(HASTE)
    content = bytes(range(256)) * 20_000
    await store.put("key", content, "text/plain")
    async with httpx2.AsyncClient(base_url=gcs_server, verify=NO_TLS) as admin:
        await admin.post("/_sim/faults", json={"mode": "cut", "count": 1})
        try:
            read = await ranged(store, "key", 0)
        except StoreUnavailableError:
            read = content
        assert (await admin.get("/_sim/state")).json()["faults_left"] == 0
    assert read == content
