"""Looking at clips that providers made: what they are, a poster of them, and files that lie."""

import io
import random
from collections.abc import AsyncIterator, Sequence

import av
import pytest
import pytest_asyncio
from PIL import Image

from callsheet.media.sniffing import sniff_clip
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import UnreadableClipError

ASYNC = pytest.mark.asyncio(loop_scope="module")
SIDE = 192


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio() -> AsyncIterator[ProcessStudio]:
    """Keep one process warm for all tests of this file."""
    studio = ProcessStudio(1)
    yield studio
    await studio.close()


def film(
    kind: str = "mp4",
    colours: Sequence[str] = ("black", "orange"),
    *,
    sound: bool = False,
    codec: str = "",
) -> bytes:
    """Make a clip that shows each colour for a second."""
    out = io.BytesIO()
    codec = codec or {"mp4": "libx264", "webm": "libvpx"}[kind]
    with av.open(out, mode="w", format=kind) as container:
        stream = container.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        voice = container.add_stream("aac", rate=44_100) if sound else None
        for colour in colours:
            picture = Image.new("RGB", (320, 180), colour)
            for _ in range(10):
                frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if isinstance(voice, av.AudioStream):
            tone = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            tone.sample_rate = 44_100
            for plane in tone.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(voice.encode(tone))
            container.mux(voice.encode(None))
    return out.getvalue()


@ASYNC
@pytest.mark.parametrize(("kind", "media_type"), [("mp4", "video/mp4"), ("webm", "video/webm")])
async def test_facts_of_a_clip(studio: ProcessStudio, kind: str, media_type: str) -> None:
    """Type by its bytes, size in pixels, length in seconds."""
    facts = await studio.clip(film(kind), SIDE)
    assert (facts.media_type, facts.width, facts.height) == (media_type, 320, 180)
    assert facts.duration_s == pytest.approx(2, abs=0.2)
    assert facts.frame_rate == pytest.approx(10, abs=0.1)
    assert not facts.has_audio
    assert (facts.sample_rate, facts.channels) == (None, None)


@ASYNC
@pytest.mark.parametrize(
    ("codec", "kind"), [("libx265", "mp4"), ("libsvtav1", "mp4"), ("libvpx-vp9", "webm")]
)
async def test_decoders_with_threads_of_their_own_do_without(
    studio: ProcessStudio, codec: str, kind: str
) -> None:
    """HEVC, AV1 and VP9 are read where no thread can be started."""
    assert (await studio.clip(film(kind, codec=codec), SIDE)).width == 320


@ASYNC
async def test_sound_is_noticed(studio: ProcessStudio) -> None:
    """A clip with a sound track says so."""
    facts = await studio.clip(film(sound=True), SIDE)
    assert facts.has_audio
    assert (facts.sample_rate, facts.channels) == (44_100, 2)


@ASYNC
async def test_poster_fits_its_square_and_is_not_black(studio: ProcessStudio) -> None:
    """It shows what the clip shows a third in, not its dark beginning."""
    facts = await studio.clip(film(colours=("black", "orange", "orange", "orange")), SIDE)
    poster = Image.open(io.BytesIO(facts.poster or b"")).convert("RGB")
    assert max(poster.size) == SIDE
    red, green, blue = poster.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]  # RGB has three
    assert red > 200
    assert green > 100
    assert blue < 60


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "unknown type"),
        (b"<html>not a film</html>", "HTML"),
        (b"\x00\x00\x00\x18ftypmp42" + b"\0" * 400, "damaged or cut off"),
        (b"\x1a\x45\xdf\xa3" + b"\xff" * 400, "damaged or cut off"),
    ],
)
@ASYNC
async def test_what_is_no_clip_is_named(studio: ProcessStudio, content: bytes, reason: str) -> None:
    """Each lie is refused with what it is."""
    with pytest.raises(UnreadableClipError, match=reason):
        await studio.clip(content, SIDE)


def test_picture_is_no_clip() -> None:
    """A still picture where a clip was ordered is called by its name."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    with pytest.raises(UnreadableClipError, match="a picture"):
        sniff_clip(out.getvalue())


@ASYNC
async def test_playlist_leads_nowhere(studio: ProcessStudio) -> None:
    """Text that libav would follow to other files is no clip."""
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    with pytest.raises(UnreadableClipError):
        await studio.clip(playlist, SIDE)


@ASYNC
async def test_damaged_clips_neither_crash_nor_hang_the_studio(studio: ProcessStudio) -> None:
    """Cut anywhere and with bytes changed, a clip is read or refused; the next one is read."""
    dice = random.Random(7)  # noqa: S311  # repeatable on purpose
    whole = film()
    reasons = []
    for number in range(30):
        damaged = bytearray(whole[: dice.randrange(40, len(whole))] if number % 2 else whole)
        for _ in range(dice.randrange(1, 40)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            facts = await studio.clip(bytes(damaged), SIDE)
        except UnreadableClipError as error:
            reasons.append(error.reason)
            continue
        assert facts.width > 0
    assert not [each for each in reasons if each.startswith("decoding it")]  # none was ended
    assert (await studio.clip(whole, SIDE)).width == 320
