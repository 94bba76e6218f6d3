"""Messages between the studio and its processes."""

import asyncio
import io
import struct

import pytest

from callsheet.media.wire import Message, WireError, read_message, receive_message


def test_message_survives_the_pipe() -> None:
    """Fields and blobs arrive as they were sent, empty blobs and odd characters included."""
    sent = Message(
        {"kind": "frame", "prompt": "naïve\ud800 \u0000"}, [b"", b"\x00\xff", b"x" * 70_000]
    )
    pipe = io.BytesIO(b"".join(sent.pieces()) * 2)

    for _ in range(2):
        got = read_message(pipe.read)
        assert got is not None
        assert (got.fields, list(got.blobs)) == (sent.fields, list(sent.blobs))
    assert read_message(pipe.read) is None


def framed(header: bytes) -> bytes:
    return struct.pack("!I", len(header)) + header


OUT_OF_FORM = {
    "half a size": b"\x00\x00",
    "huge header": b"\xff\xff\xff\xff",
    "not JSON": framed(b"{"),
    "not an object": framed(b"[]"),
    "no sizes": framed(b'{"kind": "x"}'),
    "negative size": framed(b'{"sizes": [-1]}'),
    "size that is no number": framed(b'{"sizes": ["9"]}'),
    "huge blob": framed(b'{"sizes": [999999999999]}'),
}


@pytest.mark.parametrize("text", OUT_OF_FORM.values(), ids=OUT_OF_FORM.keys())
def test_message_out_of_form_is_refused(text: bytes) -> None:
    """What is no message, or one beyond the limits, is refused before it is read on."""
    with pytest.raises(WireError):
        read_message(io.BytesIO(text).read)


@pytest.mark.parametrize(
    "message",
    [Message({"caption": "x" * (5 << 20)}), Message({}, [bytes(1 << 20)] * 513)],
    ids=["text", "pictures"],
)
def test_message_beyond_the_limits_is_not_sent(message: Message) -> None:
    """A job that its process would have to refuse never leaves."""
    with pytest.raises(WireError, match="at most"):
        message.pieces()


async def test_message_that_breaks_off_is_no_message() -> None:
    """Half a message is an error on both sides."""
    half = b"".join(Message({}, [b"abc"]).pieces())[:-1]
    with pytest.raises(WireError):
        read_message(io.BytesIO(half).read)
    reader = asyncio.StreamReader()
    reader.feed_data(half)
    reader.feed_eof()
    with pytest.raises(asyncio.IncompleteReadError):
        await receive_message(reader)
