"""Streams in blocks of one size: large enough to be cheap, small enough to hold."""

from collections.abc import AsyncIterator

BLOCK_BYTES = 1024 * 1024


async def gathered(content: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Join small pieces until there are at least `size` bytes; only the last may be shorter."""
    pieces: list[bytes] = []
    held = 0
    async for piece in content:
        pieces.append(piece)
        held += len(piece)
        if held >= size:
            yield _joined(pieces)
            pieces.clear()
            held = 0
    if held:
        yield _joined(pieces)


def _joined(pieces: list[bytes]) -> bytes:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give a block that was read ahead, then the rest."""
    yield first
    del first  # not held while the rest goes by
    async for block in rest:
        yield block


class Source:
    """A stream handed to a client that may hide what went wrong in it: counts, and remembers."""

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        self._content = content
        self.size = 0
        self.error: BaseException | None = None

    async def blocks(self) -> AsyncIterator[bytes]:
        """Pass the stream on."""
        try:
            async for block in self._content:
                self.size += len(block)
                yield block
        except BaseException as error:
            self.error = error
            raise
