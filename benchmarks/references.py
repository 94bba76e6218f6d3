"""Looking at references: our hashing beside bare SHA-256, our examining beside bare decoding."""

import asyncio
import hashlib
import io
import os
import statistics
import time

from _measuring import Row, family_cpu_s, folder, options, show
from PIL import Image

from callsheet.blobs.content import put_content
from callsheet.blobs.opening import open_store
from callsheet.media.studio import ProcessStudio


def pictures() -> dict[str, bytes]:
    """Make pictures of a kind that people name as references."""
    made = {}
    for side in (512, 1_024, 2_048):
        noisy = Image.effect_noise((side, side), 60).convert("RGB")
        out = io.BytesIO()
        noisy.save(out, "JPEG", quality=85)
        made[f"JPEG {side}x{side}"] = out.getvalue()
    return made


def bare_decode(content: bytes) -> None:
    """Decode once and digest the pixels, as any deduplication by pixels must."""
    with Image.open(io.BytesIO(content)) as picture:
        hashlib.sha256(picture.convert("RGBA").tobytes()).hexdigest()


async def measure_examining(repeats: int) -> list[Row]:
    """Examine each picture in the locked-down process, and decode it here, in turn."""
    rows: list[Row] = []
    studio = ProcessStudio(1)
    try:
        for name, content in pictures().items():
            await studio.examine(content)  # warm
            ours, bare = [], []
            for _ in range(repeats):
                before = family_cpu_s(os.getpid())
                await studio.examine(content)
                ours.append(family_cpu_s(os.getpid()) - before)
                began = time.process_time()
                bare_decode(content)
                bare.append(time.process_time() - began)
            mine, limit = statistics.mean(ours) * 1_000, statistics.mean(bare) * 1_000
            rows.append(
                {
                    "reference": name,
                    "examined, CPU ms": mine,
                    "bare decode + digest, CPU ms": limit,
                    "ratio": mine / limit,
                }
            )
    finally:
        await studio.close()
    return rows


async def measure_keeping(repeats: int) -> list[Row]:
    """Store content under its hash, beside hashing it and writing it to a file."""
    rows: list[Row] = []
    for size in (20_000, 1_000_000, 16_000_000):
        home = folder()
        store = open_store(f"file://{home}/store", secret=b"x" * 32, options={})
        ours, bare, digest = [], [], []
        for repeat in range(repeats):
            content = os.urandom(size)
            began = time.process_time()
            await put_content(store, content, "image/png", max_bytes=size)
            ours.append(time.process_time() - began)
            began = time.process_time()
            name = hashlib.sha256(content).hexdigest()
            digest.append(time.process_time() - began)
            with (home / f"{repeat}-{name}").open("wb") as file:
                file.write(content)
                os.fsync(file.fileno())
            bare.append(time.process_time() - began)
        await store.close()
        rows.append(
            {
                "content": f"{size:,} bytes",
                "kept, CPU ms": statistics.mean(ours) * 1_000,
                "bare sha256, CPU ms": statistics.mean(digest) * 1_000,
                "bare sha256 + file + fsync, CPU ms": statistics.mean(bare) * 1_000,
                "ratio": statistics.mean(ours) / statistics.mean(bare),
            }
        )
    return rows


def main() -> None:
    """Measure both."""
    chosen = options(__doc__ or "")
    repeats = 5 if chosen.quick else 30
    title = "references: keeping under a hash"
    show(title, asyncio.run(measure_keeping(repeats)), as_json=chosen.json)
    title = "references: examining"
    show(title, asyncio.run(measure_examining(repeats)), as_json=chosen.json)


if __name__ == "__main__":
    main()
