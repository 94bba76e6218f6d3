"""Storyboard frames per second, beside encoding the same pixels as PNG with bare Pillow."""

import asyncio
import io
import os
import statistics
import time

from _measuring import Row, family_cpu_s, options, show
from PIL import Image

from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import FrameSpec

PROMPTS = (
    "wide shot of a lighthouse on a cliff at dusk, warm light",
    "close-up of hands holding a red mug, steam, morning",
    "a crowded market street in the rain, neon signs, night",
    "an old man rows a boat across a misty lake",
)


async def measure(side: int, count: int) -> Row:
    """Draw frames of one size on all cores, and encode them again here."""
    processes = os.cpu_count() or 1
    studio = ProcessStudio(processes)
    specs = [
        FrameSpec(PROMPTS[seed % len(PROMPTS)], side, side, seed, scene=f"S{seed}")
        for seed in range(count)
    ]
    try:
        await asyncio.gather(*(studio.frame(spec, ()) for spec in specs[:processes]))  # warm
        before, began = family_cpu_s(os.getpid()), time.perf_counter()
        frames = await asyncio.gather(*(studio.frame(spec, ()) for spec in specs))
        seconds = time.perf_counter() - began
        cpu = (family_cpu_s(os.getpid()) - before) / count
    finally:
        await studio.close()
    encoding = []
    for frame in frames[: min(count, 8)]:
        picture = Image.open(io.BytesIO(frame)).convert("RGB")
        start = time.process_time()
        picture.save(io.BytesIO(), "PNG")
        encoding.append(time.process_time() - start)
    bare = statistics.mean(encoding)
    return {
        "size": f"{side}x{side}",
        "frames/s": count / seconds,
        "CPU ms/frame": cpu * 1_000,
        "bare PNG encoding, CPU ms": bare * 1_000,
        "ratio": cpu / bare,
    }


def main() -> None:
    """Measure four sizes."""
    chosen = options(__doc__ or "")
    counts = {256: 60, 512: 60, 1_024: 40, 2_048: 12}
    rows = [
        asyncio.run(measure(side, 8 if chosen.quick else count)) for side, count in counts.items()
    ]
    show("storyboard frames", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
