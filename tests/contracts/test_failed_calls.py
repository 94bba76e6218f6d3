"""What is told of calls that fail: by what, whether anything left, and never our key."""

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import quote

import pytest

from callsheet.ports.hosted import BusyError, SubmissionUnknownError
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.wiring.providers import adapters
from tests.contracts.answering import SECRET, Said, answering, asking, failure
from tests.contracts.providers import PROVIDERS
from tests.databases import unused_port
from tests.net.raw_server import flooding, watching

KEYED = [name for name in PROVIDERS if adapters()[name].key_setting]
HEADED = [name for name in KEYED if name != "kling"]  # its secret signs, and is never sent


def all_of(error: BaseException) -> str:
    """Write all that any log could write of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


@pytest.mark.parametrize("name", HEADED)
@pytest.mark.parametrize("key", [f"{SECRET}\r\n", f"{SECRET}\n", f"{SECRET}\0", f"{SECRET}\u00e9"])
async def test_key_that_cannot_be_sent_is_neither_sent_nor_told(name: str, key: str) -> None:
    """No byte left, so nothing is in doubt; and no word of the libraries about it is repeated."""
    whole = f"project:{key}" if name == "vertex" else key
    async with answering(Said()) as service, asking(name, service.url, ProviderKey(whole)) as bench:
        error = await failure(bench)
        assert isinstance(error, BusyError), error
        with pytest.raises(BusyError) as caught:
            await bench.provider.check_key(bench.key)
    assert "not sent: it cannot be written as HTTP" in str(error)
    assert SECRET not in all_of(error) + all_of(caught.value)
    assert service.heads == []


@pytest.mark.parametrize("name", PROVIDERS)
async def test_unreached_provider_is_told_in_words(name: str) -> None:
    """Refused and not found say so, and nothing was sent."""
    places = {
        f"http://127.0.0.1:{unused_port()}": "connection refused",
        "http://no-such-host.invalid": "its name was not found",
    }
    for url, words in places.items():
        async with asking(name, url) as bench:
            error = await failure(bench)
            assert isinstance(error, BusyError), error
            assert f"not reached: {words}" in str(error)


async def _hangs(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _hangs_up(writer: asyncio.StreamWriter) -> None:
    writer.write_eof()


async def _resets(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _echoes(writer: asyncio.StreamWriter) -> None:
    writer.write(f"{SECRET} is no HTTP\r\n\r\n".encode())
    await writer.drain()


async def _echoes_a_header(writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\n{SECRET} \x01: x\r\n\r\n".encode())
    await writer.drain()


Raw = Callable[[asyncio.StreamWriter], Awaitable[None]]
LOST: dict[str, tuple[Raw, str]] = {
    "hangs": (_hangs, "timed out after 0.25 s"),
    "hangs up": (_hangs_up, "it hung up before it answered"),
    "resets": (_resets, "it hung up before it answered|connection reset|the connection was lost"),
    "echoes": (_echoes, "what it answered is no HTTP"),
    "echoes a header": (_echoes_a_header, "what it answered is no HTTP"),
}


@pytest.mark.parametrize(("raw", "words"), LOST.values(), ids=LOST.keys())
async def test_lost_answer_is_told_in_words(raw: Raw, words: str) -> None:
    """The order left, so it is in doubt; what was read is not repeated."""
    async with answering(raw=raw) as service, asking("runway", service.url, settles_s=0.5) as bench:
        error = await failure(bench)
        assert isinstance(error, SubmissionUnknownError), error
        assert any(word in str(error) for word in words.split("|")), error
        with pytest.raises(BusyError, match="no answer: ") as caught:
            await bench.provider.poll("t", bench.key)
    assert SECRET not in all_of(error) + all_of(caught.value)


def echoes(status: int) -> Iterator[Said]:
    """Repeat the key in every place in which any provider words an error; then in a page."""
    forms = f"{SECRET} {quote(SECRET, '')}"
    error = {"message": forms, "code": "bad", "type": forms, "status": "UNAUTHENTICATED"}
    told = {
        "error": error,
        "errors": [{"code": forms, "message": forms}],
        "detail": forms,
        "title": forms,
        "msg": forms,
        "message": forms,
        "code": status,
    }
    yield Said(status, told, {"x-fal-error-type": SECRET})
    escaped = json.dumps(told).replace("/", "\\/").encode()
    yield Said(status, escaped, {"Content-Type": "application/json"})
    yield Said(status, f"<p>{SECRET}</p>".encode())


@pytest.mark.parametrize("name", HEADED)
async def test_provider_that_repeats_our_key_is_not_quoted(name: str) -> None:
    """In JSON, escaped or not, in a page, in a header: whatever status it has."""
    for status in (200, 400, 401, 402, 403, 404, 409, 422, 429, 500):
        for said in echoes(status):
            async with answering(said) as service, asking(name, service.url) as bench:
                error = await failure(bench)
                try:
                    polled = repr(await bench.provider.poll("t", bench.key))
                except ProviderError as caught:
                    polled = all_of(caught)
            assert "very" not in all_of(error) + polled, (status, error)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirected_order_is_in_doubt_and_goes_nowhere(name: str, status: int) -> None:
    """Who redirects may have taken it; neither order nor key goes on to the other place."""
    async with answering(Said(200, {})) as other:
        away = Said(status, b"", {"Location": f"{other.url}/elsewhere"})
        async with answering(away) as service, asking(name, service.url) as bench:
            error = await failure(bench)
            assert isinstance(error, SubmissionUnknownError), error
            assert f"answers {status}" in str(error)
            assert len(service.heads) == 1
            if bench.provider.key_setting:
                with pytest.raises(BusyError):
                    await bench.provider.check_key(bench.key)
    assert other.heads == []


def _flood(text: bytes) -> Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(text)
            await writer.drain()

    return answer


async def _interim(_request: bytes, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4_000)
        await writer.drain()


@pytest.mark.parametrize("answer", [_interim, _flood(b"2\r\nxx\r\n" * 20_000)])
async def test_provider_that_answers_without_end_keeps_nobody_else_waiting(
    answer: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    """The order is in doubt, a question is asked again; the loop goes on meanwhile."""
    with flooding(answer) as place:
        async with (
            asking("openai", f"http://{place}", settles_s=120) as bench,
            watching() as stalls,
        ):
            error = await failure(bench)
            assert isinstance(error, SubmissionUnknownError), error
            assert "an answer" in str(error)
            with pytest.raises(BusyError, match="an answer"):
                await bench.provider.check_key(bench.key)
    assert max(stalls) < 1.0
