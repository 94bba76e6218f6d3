"""Looking at sounds that providers made: what they are, and files that are none."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.media.test_clips import film
from tests.sim.simulated import picture

from callsheet.assets.model import extension_of
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import UnreadableSoundError
from callsheet.sim.core.sounds import SOUND_TYPES, Sounds

ASYNC = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio() -> AsyncIterator[ProcessStudio]:
    """Keep one process warm for all tests of this file."""
    studio = ProcessStudio(1)
    yield studio
    await studio.close()


@ASYNC
@pytest.mark.parametrize(
    ("ending", "rate"), [("wav", 24_000), ("mp3", 24_000), ("m4a", 24_000), ("ogg", 48_000)]
)
async def test_a_sound_is_told_by_what_is_in_it(
    studio: ProcessStudio, ending: str, rate: int
) -> None:
    """How long it is, its samples a second (Opus is always told at 48,000) and its channels."""
    content = Sounds().sound(3, ending, b"1234")
    facts = await studio.sound(content)
    assert facts.media_type == studio.sound_type(content[:4_096]) == SOUND_TYPES[ending]
    assert facts.duration_s == pytest.approx(3.0, abs=0.1)
    assert (facts.sample_rate, facts.channels) == (rate, 1)
    assert extension_of(facts.media_type) == ending


@ASYNC
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (picture(64, 64), "a picture"),
        (film(colours=("red",), sound=True), "it has pictures"),
        (Sounds().sound(2, "m4a", b"1234")[:3_000], "damaged or cut off"),
        (b"<!doctype html><title>Oops</title>", "an HTML page"),
        (b"ID3" + bytes(200), "not a usable sound"),
        (b"", "empty"),
    ],
    ids=["picture", "film", "cut", "page", "bare tag", "empty"],
)
async def test_what_is_no_sound_is_refused(
    studio: ProcessStudio, content: bytes, said: str
) -> None:
    """Whatever it claims to be; a clip with sound is a clip."""
    with pytest.raises(UnreadableSoundError, match=said):
        await studio.sound(content)
