"""What a judge is shown of a file."""

import io
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from callsheet.assets.model import asset_key
from callsheet.line.judge_pictures import NothingToSeeError, Pictured
from callsheet.ports.measuring import UnreadableMediaError
from callsheet.ports.pictures import UnreadablePictureError
from callsheet.settings import read_settings
from callsheet.wiring import Callsheet, build
from tests.media import films

RATE = 12


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cs(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Callsheet]:
    """Build callsheet once; nothing works but what a test does."""
    folder = tmp_path_factory.mktemp("pictures")
    built = await build(
        read_settings(data_dir=folder, database_url=f"sqlite:///{folder}/callsheet.db", workers=1)
    )
    yield built
    await built.close()


async def shown(cs: Callsheet, content: bytes, media_type: str, most: int = 6) -> Pictured:
    """Show a file that is in the store."""
    name = await cs.line.media.adopter.adopt(content, media_type)
    return await cs.judges.pictures.of(name, media_type, most)


def clip_with_a_cut(seconds: int) -> bytes:
    """Film seven seconds and more: teal until 2.5 s, then red."""
    frames = np.zeros((seconds * RATE, 144, 256, 3), np.uint8)
    cut = int(2.5 * RATE)
    frames[:cut] = (20, 120, 120)
    frames[cut:] = (200, 40, 30)
    return films.film(list(frames), rate=RATE)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_clip_is_shown_as_sheets_of_its_moments(cs: Callsheet) -> None:
    """Seven moments of seven seconds on six sheets or two; the same film, the same pictures."""
    film = clip_with_a_cut(7)
    two = await shown(cs, film, "video/mp4", most=2)
    assert [each.shows for each in two.pictures] == [
        "frames of the clip that was made, 00:00.000 to 00:03.458, the time below each",
        "frames of the clip that was made, 00:04.000 to 00:06.917, the time below each",
    ]
    assert two == await shown(cs, film, "video/mp4", most=2)
    first = await cs.line.media.blobs.get(asset_key(two.pictures[0].sha256))
    colours = np.asarray(Image.open(io.BytesIO(first)).convert("RGB")).reshape(-1, 3).astype(int)
    red, green, _ = colours.T
    assert ((red > 150) & (green < 80)).mean() > 0.1
    assert ((green > 100) & (red < 60)).mean() > 0.1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_still_is_itself(cs: Callsheet) -> None:
    """Not larger than 1,024 pixels, and no name of ours on it."""
    into = io.BytesIO()
    Image.new("RGB", (2048, 1024), "teal").save(into, "PNG")
    still = await shown(cs, into.getvalue(), "image/png")
    [only] = still.pictures
    picture = Image.open(io.BytesIO(await cs.line.media.blobs.get(asset_key(only.sha256))))
    assert picture.size == (1024, 512)
    assert picture.convert("RGB").getcolors() == [(1024 * 512, (0, 128, 128))]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("content", "media_type", "error"),
    [
        (b"words", "text/plain", NothingToSeeError),
        (b"no picture", "image/png", UnreadablePictureError),
        (b"no clip at all", "video/mp4", UnreadableMediaError),
    ],
)
async def test_what_cannot_be_seen_is_said(
    cs: Callsheet, content: bytes, media_type: str, error: type[Exception]
) -> None:
    """Texts, and what no decoder reads."""
    with pytest.raises(error):
        await shown(cs, content, media_type)
