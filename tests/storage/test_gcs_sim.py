"""The simulated Google Cloud Storage answers as Google's XML API does."""

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator

import httpx2
import pytest

from callsheet.sim import gcs
from callsheet.sim.gcs_keys import ServiceAccount

MEGABYTE = 1024 * 1024


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """Speak to a service that lets everybody in."""
    transport = httpx2.ASGITransport(app=gcs.create_app(["bucket"], page_size=3))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gcs") as opened:
        yield opened


def texts(answer: httpx2.Response, tag: str) -> list[str]:
    """Read all values of one tag."""
    return [found.text or "" for found in ET.fromstring(answer.content).iter(tag)]  # noqa: S314 - our own answer


def code(answer: httpx2.Response) -> tuple[int, str]:
    """Read an error."""
    return answer.status_code, texts(answer, "Code")[0]


async def test_generations_guard_writes(client: httpx2.AsyncClient) -> None:
    """Generations grow with every write, and a precondition on them answers 412."""
    first = await client.put("/bucket/key", content=b"same")
    second = await client.put("/bucket/key", content=b"same")
    generations = [int(answer.headers["x-goog-generation"]) for answer in (first, second)]
    assert generations[0] < generations[1]
    assert first.headers["etag"] == second.headers["etag"]

    for generation, status in ((0, 412), (generations[0], 412), (generations[1], 200), (0, 412)):
        answer = await client.put(
            "/bucket/key", headers={"x-goog-if-generation-match": str(generation)}
        )
        assert answer.status_code == status
    absent = await client.put("/bucket/new", headers={"x-goog-if-generation-match": "7"})
    assert code(absent) == (412, "PreconditionFailed")


async def test_what_describes_an_object_is_kept(client: httpx2.AsyncClient) -> None:
    """Type, metadata, length and digest come back with GET and with HEAD."""
    headers = {"content-type": "image/png", "x-goog-meta-scene": "7", "cache-control": "no-store"}
    await client.put("/bucket/a%2Fb%20c", content=b"0123456789", headers=headers)

    for method in ("GET", "HEAD"):
        answer = await client.request(method, "/bucket/a%2Fb%20c")
        assert {name: answer.headers[name] for name in headers} == headers
        assert answer.headers["content-length"] == "10"
        assert answer.headers["x-goog-hash"] == "md5=eB5eJF1ptWaXm4bijSPyxw=="
        assert answer.headers["last-modified"].endswith("GMT")
    assert (await client.head("/bucket/a%2Fb%20c")).content == b""


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=0-99", 206, b"0123456789", "bytes 0-9/10"),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
async def test_ranges(
    client: httpx2.AsyncClient, asked: str, status: int, content: bytes, told: str | None
) -> None:
    """A range answers 206 with its place; what is no range is passed over."""
    await client.put("/bucket/digits", content=b"0123456789")
    answer = await client.get("/bucket/digits", headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == told


async def test_errors_are_googles(client: httpx2.AsyncClient) -> None:
    """Errors come as XML with Google's codes."""
    await client.put("/bucket/digits", content=b"0123456789")
    behind = await client.get("/bucket/digits", headers={"range": "bytes=10-"})

    assert code(behind) == (416, "InvalidRange")
    assert code(await client.get("/bucket/none")) == (404, "NoSuchKey")
    assert code(await client.delete("/bucket/none")) == (404, "NoSuchKey")
    assert code(await client.get("/nowhere/none")) == (404, "NoSuchBucket")
    assert code(await client.put("/nowhere/none")) == (404, "NoSuchBucket")
    assert code(await client.get("/nowhere?list-type=2")) == (404, "NoSuchBucket")
    assert code(await client.post("/bucket/key")) == (405, "MethodNotAllowed")


async def test_listing_goes_by_pages(client: httpx2.AsyncClient) -> None:
    """Listing gives names in order, in pages, with folders once where a delimiter is asked for."""
    for name in ("a/1", "a/2", "b", "c/1", "c/2", "c/3", "d", "e"):
        await client.put(f"/bucket/{name}", content=name.encode())

    async def pages(**asked: str) -> list[list[str]]:
        found: list[list[str]] = []
        while True:
            answer = await client.get("/bucket", params={"list-type": "2", **asked})
            found.append(texts(answer, "Key") + texts(answer, "Prefix")[1:])
            if texts(answer, "IsTruncated") == ["false"]:
                return found
            [asked["continuation-token"]] = texts(answer, "NextContinuationToken")

    assert await pages() == [["a/1", "a/2", "b"], ["c/1", "c/2", "c/3"], ["d", "e"]]
    assert await pages(prefix="c/") == [["c/1", "c/2", "c/3"]]
    assert await pages(**{"start-after": "c/2"}) == [["c/3", "d", "e"]]
    assert await pages(delimiter="/") == [["b", "a/", "c/"], ["d", "e"]]
    assert await pages(**{"max-keys": "2", "prefix": "c/"}) == [["c/1", "c/2"], ["c/3"]]


async def begin(client: httpx2.AsyncClient) -> str:
    """Begin an upload in parts."""
    answer = await client.post("/bucket/parts?uploads=", headers={"content-type": "video/mp4"})
    [upload] = texts(answer, "UploadId")
    return upload


async def put_part(client: httpx2.AsyncClient, upload: str, number: int, content: bytes) -> str:
    """Upload a part, and write down what completing wants to hear of it."""
    answer = await client.put(
        "/bucket/parts", params={"partNumber": number, "uploadId": upload}, content=content
    )
    etag = answer.headers["etag"]
    return f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"


async def complete(client: httpx2.AsyncClient, upload: str, parts: str) -> httpx2.Response:
    """Complete an upload."""
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    return await client.post("/bucket/parts", params={"uploadId": upload}, content=body.encode())


async def test_parts_make_one_object(client: httpx2.AsyncClient) -> None:
    """Parts are nothing until they are completed, in order, into one object."""
    upload = await begin(client)
    second = await put_part(client, upload, 2, b"end")
    first = await put_part(client, upload, 1, b"x" * 5 * MEGABYTE)
    assert (await client.get("/bucket/parts")).status_code == 404

    assert code(await complete(client, upload, second + first)) == (400, "InvalidPartOrder")
    assert code(await complete(client, upload, "")) == (400, "InvalidPartOrder")
    assert code(await complete(client, upload, "<Part>")) == (400, "MalformedXML")
    wrong = first.replace("&quot;", "").replace("<ETag>", "<ETag>0")
    assert code(await complete(client, upload, wrong)) == (400, "InvalidPart")
    done = await complete(client, upload, first + second)

    assert done.headers["x-goog-generation"]
    whole = await client.get("/bucket/parts")
    assert whole.content == b"x" * 5 * MEGABYTE + b"end"
    assert whole.headers["content-type"] == "video/mp4"
    assert code(await complete(client, upload, first)) == (404, "NoSuchUpload")


async def test_small_parts_and_aborts(client: httpx2.AsyncClient) -> None:
    """A part below 5 MiB is only good as the last, and an aborted upload is gone."""
    upload = await begin(client)
    parts = [await put_part(client, upload, number, b"small") for number in (1, 2)]
    assert code(await complete(client, upload, "".join(parts))) == (400, "EntityTooSmall")

    assert (await client.get("/_sim/state")).json()["uploads"] == 1
    aborted = await client.delete("/bucket/parts", params={"uploadId": upload})
    assert aborted.status_code == 204
    assert (await client.get("/_sim/state")).json()["uploads"] == 0


async def test_copies_keep_what_describes_them(client: httpx2.AsyncClient) -> None:
    """A copy has the source's bytes and type, a generation of its own, and obeys preconditions."""
    put = await client.put("/bucket/a", content=b"x", headers={"content-type": "image/png"})
    source = {"x-goog-copy-source": "bucket/a"}
    copied = await client.put("/bucket/b", headers=source)
    again = await client.put("/bucket/b", headers={**source, "x-goog-if-generation-match": "0"})

    assert copied.headers["x-goog-generation"] > put.headers["x-goog-generation"]
    assert (await client.get("/bucket/b")).headers["content-type"] == "image/png"
    assert again.status_code == 412


async def test_only_the_account_is_let_in() -> None:
    """With an account, nobody's requests and made-up tokens are refused."""
    app = gcs.create_app(["bucket"], ServiceAccount.generate())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gcs") as client:
        assert code(await client.get("/bucket/key")) == (403, "AccessDenied")
        for token in ("x", "a.b.c", "e30.e30.e30"):
            answer = await client.get("/bucket/key", headers={"authorization": f"Bearer {token}"})
            assert code(answer) == (401, "AuthenticationRequired")
