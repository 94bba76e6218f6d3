"""Checking clips: a probe with the ten checks beside ffprobe, and all checks by the second of film.

ffprobe is taken from PATH or from the environment's FFPROBE; without one its column is left out.
"""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from _measuring import Row, family_cpu_s, options, show
from PIL import Image

from callsheet.checks.registry import all_checks, meter_modules
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.sources import opened_file
from callsheet.ports.checks import Facts, Needs
from callsheet.quality.examining import Examiner
from callsheet.quality.profiles import load_profile

RATE = 30
CALLSHEET = str(Path(sys.executable).with_name("callsheet"))
MB = 1_000_000


def write_clip(path: Path, size: tuple[int, int], seconds: float) -> None:
    """Write a pan over textured ground with sensor noise, H.264 and AAC."""
    width, height = size
    chance = np.random.default_rng(1)
    small = (chance.random((height // 20, width // 10, 3)) * 255).astype(np.uint8)
    ground = np.asarray(
        Image.fromarray(small).resize((width * 2, height + 200), Image.Resampling.BICUBIC)
    )
    noise = [chance.integers(-4, 5, (height, width, 1), np.int16) for _ in range(4)]
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "23"}
        voice = container.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(round(seconds * RATE)):
            left, top = number * 4 % width, number % 200
            lines = ground[top : top + height, left : left + width] + noise[number % 4]
            frame = av.VideoFrame.from_ndarray(lines.clip(0, 255).astype(np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        samples = chance.normal(0, 0.1, (2, round(seconds * 48_000))).astype(np.float32)
        sound = av.AudioFrame.from_ndarray(samples, "fltp", "stereo")
        sound.sample_rate = 48_000
        container.mux(voice.encode(sound))
        container.mux(voice.encode(None))


def ffprobe() -> str | None:
    """Find ffprobe."""
    return os.environ.get("FFPROBE") or shutil.which("ffprobe")


def ffprobe_cpu_ms(path: Path, count: int) -> float | None:
    """Measure what ffprobe takes to tell streams and count packets, as JSON."""
    program = ffprobe()
    if program is None:
        return None
    words = ["-v", "error", "-count_packets", "-show_format", "-show_streams", "-of", "json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(count):
        subprocess.run([program, *words, str(path)], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count * 1_000


async def ten_cpu_ms(path: Path, count: int) -> float:
    """Measure a probe and the ten checks, in warm processes, this one's CPU included."""
    inspector = ProcessInspector(1, meters=meter_modules())
    profile = load_profile("web", all_checks())
    ten = [check for check in all_checks() if check.needs is Needs.PROBE]
    try:
        with opened_file(path) as file:
            await inspector.probe(file)  # warm
            before = family_cpu_s(os.getpid())
            for _ in range(count):
                profile.judge(ten, Facts(await inspector.probe(file)))
            return (family_cpu_s(os.getpid()) - before) / count * 1_000
    finally:
        await inspector.close()


async def full_cpu_s(path: Path) -> tuple[float, int]:
    """Measure all checks of one clip in warm processes: CPU seconds, and how many findings."""
    inspector = ProcessInspector(2, meters=meter_modules())
    examiner = Examiner(inspector, all_checks(), load_profile("web", all_checks()))
    found = 0
    try:
        await asyncio.gather(*(worker.start() for worker in inspector.workers))
        before = family_cpu_s(os.getpid())
        with opened_file(path) as file:
            async for part in examiner.examine(file, path.name):
                found += len(part.found)
        return family_cpu_s(os.getpid()) - before, found
    finally:
        await inspector.close()


def peak_mb(path: Path, profile: str = "web") -> float:
    """Run `callsheet check` on a clip; the most memory of any of its processes."""
    words = [CALLSHEET, "check", "--json", "--profile", profile, str(path)]
    return peak_of(words)


def peak_of(words: Sequence[str]) -> float:
    """Run a command and answer the greatest resident memory of it and its descendants, in MB."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss * 1_024 / MB


def first_finding_s(path: Path) -> tuple[float, float]:
    """Type the command: seconds to its first finding, and CPU seconds of all of it."""
    began = time.perf_counter()
    process = subprocess.Popen([CALLSHEET, "check", str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(2):  # the head of the file, and the first finding
        process.stdout.readline()
    first = time.perf_counter() - began
    process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return first, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure probing, checking, memory and the command."""
    chosen = options(__doc__ or "")
    seconds, count = (1.0, 3) if chosen.quick else (8.0, 20)
    with tempfile.TemporaryDirectory() as folder:
        hd, wide, small = (Path(folder) / name for name in ("hd.mp4", "4k.mp4", "small.mp4"))
        write_clip(hd, (1920, 1080), seconds)
        write_clip(small, (640, 360), 1.0)
        ours, theirs = asyncio.run(ten_cpu_ms(hd, count)), ffprobe_cpu_ms(hd, count)
        rows: list[Row] = [{"what": "probe and ten checks", "CPU ms": ours}]
        if theirs is None:
            print("no ffprobe on PATH or in FFPROBE: nothing to compare with", file=sys.stderr)
        else:
            rows[0] |= {"ffprobe, CPU ms": theirs, "ratio": ours / theirs}
        full, found = asyncio.run(full_cpu_s(hd))
        rows.append({"what": f"all {found} findings, a second of 1080p30", "CPU s": full / seconds})
        rows.append({"what": "a clip of 1080p, peak of a process", "MB": peak_mb(hd)})
        if not chosen.quick:
            write_clip(wide, (3840, 2160), 2.0)
            rows.append({"what": "a clip of 2160p, peak of a process", "MB": peak_mb(wide)})
            few, many = (
                peak_of([CALLSHEET, "check", "--json", *[str(small)] * n]) for n in (10, 100)
            )
            rows.append({"what": "100 clips, peak of a process", "MB": many, "ratio": many / few})
        first, cpu = first_finding_s(small)
        rows.append({"what": "callsheet check, first finding", "s": first, "CPU s": cpu})
    show("quality", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
