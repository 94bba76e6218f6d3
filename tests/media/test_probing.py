"""Probing: the traps in which a naive reading is wrong, each with a clip made for it."""

import math
import os
import random
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.media import films
from tests.media.samples import as_file as picture_file
from tests.media.samples import painted, png_claiming

from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.sources import as_file, opened_file
from callsheet.ports.measuring import (
    FileChangedError,
    Medium,
    OpenFile,
    Probe,
    UnreadableMediaError,
)

ASYNC = pytest.mark.asyncio(loop_scope="module")
SMALL = (192, 108)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep one process warm for all tests of this file."""
    inspector = ProcessInspector(1)
    yield inspector
    await inspector.close()


def clip(frames: int = 10, size: tuple[int, int] = SMALL, **how: Any) -> bytes:
    """Make a short clip."""
    return films.film(films.footage(frames, 1, size), **how)


async def probed(inspector: ProcessInspector, content: bytes) -> Probe:
    """Probe a file in memory."""
    with as_file(content) as (file, _):
        return await inspector.probe(file)


async def why_not(inspector: ProcessInspector, file: OpenFile) -> str:
    """Say why a file cannot be measured."""
    try:
        probe = await inspector.probe(file)
    except UnreadableMediaError as error:
        return error.reason
    measured = await inspector.measure(file, probe)
    sound = measured.sound
    return "; ".join(measured.failures) or (f"{sound.errors} errors" if sound else "")


@ASYNC
async def test_upright_clip_keeps_its_shorter_side(inspector: ProcessInspector) -> None:
    """A portrait clip is 108 wide, and no check of height is fooled."""
    video = (await probed(inspector, clip(size=(108, 192)))).video
    assert video is not None
    assert (video.display_width, video.display_height) == (108, 192)


@ASYNC
async def test_pixels_that_are_no_squares_are_counted_as_shown(inspector: ProcessInspector) -> None:
    """96 x 72 with pixels of 4:3 is shown as 128 x 72."""
    video = (await probed(inspector, clip(size=(96, 72), sar=Fraction(4, 3)))).video
    assert video is not None
    assert (video.width, video.display_width, video.display_height) == (96, 128, 72)


@ASYNC
@pytest.mark.parametrize(("degrees", "size"), [(90, (108, 192)), (180, SMALL), (270, (108, 192))])
async def test_turned_clip_is_measured_upright(
    inspector: ProcessInspector, degrees: int, size: tuple[int, int]
) -> None:
    """A telephone writes landscape and a matrix."""
    video = (await probed(inspector, films.turned(clip(), degrees))).video
    assert video is not None
    assert video.rotation == degrees
    assert (video.display_width, video.display_height) == size


@ASYNC
@pytest.mark.parametrize(
    ("codec", "kind", "name"),
    [
        ("libx264", "mp4", "h264"),
        ("libx265", "mp4", "hevc"),
        ("libsvtav1", "mp4", "av1"),
        ("libvpx-vp9", "webm", "vp9"),
        ("prores_ks", "mov", "prores"),
    ],
)
async def test_codec_goes_by_its_own_name(
    inspector: ProcessInspector, codec: str, kind: str, name: str
) -> None:
    """Not by the name of the decoder that libav happens to choose."""
    pixels = "yuv422p10le" if name == "prores" else "yuv420p"
    video = (await probed(inspector, clip(codec=codec, kind=kind, pixels=pixels))).video
    assert video is not None
    assert video.codec == name


@ASYNC
async def test_bit_rate_is_that_of_the_packets(inspector: ProcessInspector) -> None:
    """WebM has none in its header; what is counted fits into the file."""
    content = clip(25, codec="libvpx-vp9", kind="webm")
    video = (await probed(inspector, content)).video
    assert video is not None
    counted = video.bits_per_s * video.duration_s / 8
    assert 0.5 * len(content) < counted < len(content)


@ASYNC
@pytest.mark.parametrize("kind", ["mp4", "webm"])
async def test_rate_of_television_is_exact(inspector: ProcessInspector, kind: str) -> None:
    """30000/1001 is a fraction, also where a container counts in milliseconds."""
    codec = "libx264" if kind == "mp4" else "libvpx"
    video = (
        await probed(inspector, clip(40, rate=Fraction(30_000, 1001), kind=kind, codec=codec))
    ).video
    assert video is not None
    assert video.rate == Fraction(30_000, 1001)
    assert not video.variable


@ASYNC
async def test_rate_that_changes_is_told(inspector: ProcessInspector) -> None:
    """Fast at first and then slower: the average says 20 and is no rate that it has."""
    slow = 12_800 // 15
    content = clip(
        40, rate=films.VARIABLE, times=lambda n: n * 512 if n < 20 else 10_240 + (n - 20) * slow
    )
    video = (await probed(inspector, content)).video
    assert video is not None
    assert video.variable
    assert video.longest_step_s == pytest.approx(1 / 15, abs=0.002)


@ASYNC
async def test_durations_are_told_apart(inspector: ProcessInspector) -> None:
    """Three seconds of sound in a clip of eight hide behind the container's length."""
    probe = await probed(inspector, clip(200, sound=films.tone(3)))
    assert probe.video is not None
    assert probe.audio is not None
    assert probe.duration_s == pytest.approx(8, abs=0.05)
    assert probe.video.duration_s == pytest.approx(8, abs=0.05)
    assert probe.audio.duration_s == pytest.approx(3, abs=0.05)


@ASYNC
async def test_full_range_is_a_range_and_no_format(inspector: ProcessInspector) -> None:
    """yuvj420p is 4:2:0 of 8 bits in full range."""
    video = (await probed(inspector, clip(pixels="yuvj420p", codec="mjpeg", kind="mov"))).video
    assert video is not None
    assert (video.subsampling, video.depth, video.range) == ("4:2:0", 8, "full")


@ASYNC
async def test_hdr_is_told(inspector: ProcessInspector) -> None:
    """Ten bits, PQ, and the primaries of BT.2020."""

    def hdr(codec: Any) -> None:
        codec.color_trc, codec.color_primaries, codec.colorspace, codec.color_range = 16, 9, 9, 1

    video = (await probed(inspector, clip(codec="libx265", pixels="yuv420p10le", setup=hdr))).video
    assert video is not None
    assert (video.depth, video.transfer, video.primaries) == (10, "pq", "bt2020")
    assert (video.subsampling, video.range) == ("4:2:0", "limited")


@ASYNC
@pytest.mark.parametrize(
    ("kind", "codec", "container"),
    [
        ("mp4", "libx264", "mp4"),
        ("mov", "libx264", "mov"),
        ("matroska", "libx264", "matroska"),
        ("webm", "libvpx", "webm"),
    ],
)
async def test_container_goes_by_its_bytes(
    inspector: ProcessInspector, kind: str, codec: str, container: str
) -> None:
    """One demuxer reads mp4 and mov, another webm and Matroska; they are four."""
    assert (await probed(inspector, clip(kind=kind, codec=codec))).container == container


@ASYNC
async def test_index_at_the_end_and_fragments_are_told(inspector: ProcessInspector) -> None:
    """Where the index is, and that a fragmented file has its frames counted."""
    late, early = clip(), clip(muxing={"movflags": "faststart"})
    broken_up = clip(muxing={"movflags": "frag_keyframe+empty_moov"})
    assert (await probed(inspector, late)).fast_start is False
    assert (await probed(inspector, early)).fast_start is True
    probe = await probed(inspector, broken_up)
    assert probe.fragmented
    assert probe.video is not None
    assert probe.video.frames == 10


@ASYNC
async def test_sound_alone_is_no_clip(inspector: ProcessInspector) -> None:
    """An mp4 without pictures is a sound file."""
    probe = await probed(inspector, films.film([], sound=films.tone(1)))
    assert (probe.medium, probe.media_type) == (Medium.AUDIO, "audio/mp4")
    assert probe.video is None


@ASYNC
async def test_clip_without_frames_is_told(inspector: ProcessInspector) -> None:
    """A header that announces pictures, and then none."""
    content = clip(muxing={"movflags": "frag_keyframe+empty_moov"})
    nothing = content[: content.index(b"moof") - 4]
    probe = await probed(inspector, nothing)
    assert probe.video is not None
    assert probe.video.frames == 0
    with as_file(nothing) as (file, _):
        measured = await inspector.measure(file, probe)
    assert measured.trace is None or not len(measured.trace)


@ASYNC
async def test_clip_cut_anywhere_is_answered(inspector: ProcessInspector) -> None:
    """Wherever it breaks off, there is an answer, and it is never that all is well."""
    content = clip(12, muxing={"movflags": "faststart"})
    chance = random.Random(4)  # noqa: S311  # seeded so that tests repeat
    for length in sorted(chance.sample(range(len(content)), 12)):
        try:
            probe = await probed(inspector, content[:length])
        except UnreadableMediaError:
            continue
        with as_file(content[:length]) as (file, _):
            measured = await inspector.measure(file, probe)
        assert measured.trace is not None
        assert measured.trace.errors or probe.damage or len(measured.trace) < 12


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Listen next door, and keep what was asked."""
    hits: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with peer:
                hits.append(peer.recv(100))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], hits
    server.close()


def playlists(port: int) -> list[bytes]:
    """Disguise a playlist that leads next door in ten ways."""
    address = f"http://127.0.0.1:{port}/steal.ts"
    plain = f"#EXTM3U\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n".encode()
    return [
        plain,
        b"\xef\xbb\xbf" + plain,
        b"\n\n" + plain,
        b"ID3\x03\x00\x00\x00\x00\x00\x00" + plain,
        b"RIFF\x00\x10\x00\x00WAVE" + plain,
        b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom" + plain,
        b"\x1a\x45\xdf\xa3\x8f\x42\x82\x84webm" + plain,
        b"OggS" + plain,
        f"ffconcat version 1.0\nfile {address}\n".encode(),
        f'<?xml version="1.0"?><MPD><BaseURL>{address}</BaseURL></MPD>'.encode(),
        f"[playlist]\nFile1={address}\n".encode(),
    ]


@ASYNC
@pytest.mark.parametrize("disguise", range(11))
async def test_playlist_in_disguise_fetches_nothing(
    inspector: ProcessInspector, listener: tuple[int, list[bytes]], tmp_path: Path, disguise: int
) -> None:
    """No disguise makes a demuxer ask next door, by whatever name the file goes."""
    port, hits = listener
    path = tmp_path / "clip.m3u8"
    path.write_bytes(playlists(port)[disguise])
    with opened_file(path) as file:
        assert await why_not(inspector, file)
    assert hits == []


@ASYNC
async def test_what_is_no_media_is_named(inspector: ProcessInspector, tmp_path: Path) -> None:
    """An empty file, a page, a program: each is called by its name."""
    for content, reason in (
        (b"", "empty"),
        (b"<html><body>not found</body></html>", "HTML"),
        (b"\x7fELF\x02\x01\x01", "unknown type"),
        (b"#EXTM3U\n", "playlist"),
        (b"%PDF-1.7", "PDF"),
    ):
        with pytest.raises(UnreadableMediaError, match=reason):
            await probed(inspector, content)
    with pytest.raises(UnreadableMediaError, match="no plain file"), opened_file(tmp_path):
        pass
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableMediaError, match="no plain file"), opened_file(tmp_path / "pipe"):
        pass
    with pytest.raises(UnreadableMediaError, match="No such file"), opened_file(tmp_path / "none"):
        pass


@ASYNC
async def test_picture_beyond_limits_is_refused_without_being_decoded(
    inspector: ProcessInspector,
) -> None:
    """A PNG that claims 30,000 x 30,000 pixels is told by its header."""
    content = png_claiming(30_000, 30_000)
    with as_file(content) as (file, _):
        assert "30000 x 30000" in await why_not(inspector, file)


@ASYNC
async def test_picture_tells_its_size_and_profile(inspector: ProcessInspector) -> None:
    """Upright, as EXIF says."""
    picture = painted(3, (300, 200))
    exif = picture.getexif()
    exif[0x0112] = 6
    probe = await probed(inspector, picture_file(picture, "JPEG", exif=exif))
    assert probe.picture is not None
    assert (probe.picture.width, probe.picture.height, probe.picture.alpha) == (200, 300, False)


@ASYNC
async def test_file_that_changes_is_not_measured(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    """What is written to meanwhile is of neither version."""
    path = tmp_path / "growing.mp4"
    path.write_bytes(clip())
    with opened_file(path) as file:
        with path.open("ab") as more:
            more.write(b"more")
        with pytest.raises(FileChangedError):
            await inspector.probe(file)


@ASYNC
async def test_trace_has_every_frame(inspector: ProcessInspector) -> None:
    """One row for each frame, at its own time."""
    with as_file(clip(30)) as (file, _):
        probe = await inspector.probe(file)
        trace = (await inspector.measure(file, probe)).trace
    assert trace is not None
    assert list(trace.times) == pytest.approx([n / 25 for n in range(30)], abs=1e-3)
    assert math.isnan(trace["step"][0])
    assert trace.errors == 0
