"""Staged frames in the process that is locked down, where words and shapes are first read."""

from callsheet.drawing.frame import draw_frame
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import FrameSpec


async def test_locked_process_draws_what_it_has_not_loaded() -> None:
    """Words of another language and shapes of the emoji set are read behind the lock."""
    spec = FrameSpec(prompt="ライオンと象が砂漠を歩く 🦒", width=320, height=256, seed=3)
    studio = ProcessStudio(1)
    try:
        drawn = await studio.frame(spec, [])
    finally:
        await studio.close()
    assert drawn == draw_frame(spec, [])
