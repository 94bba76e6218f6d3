"""The process that makes films: ``python -m callsheet.media.filming.process PARENT``.

It reads one job as JSON, does it, and ends; it tells how far it is, and what it made, as lines of
JSON. Files are written beside their place and then moved there: one that is there is whole.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from callsheet.media.lockdown import die_with_parent
from callsheet.ports.film import FilmPlan

_STEP: Final = 12  # frames between two words on how far it is

Job = Mapping[str, Any]


def _tell(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _written(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place, and move it there when it is whole."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_lines(job: Job) -> dict[str, Any]:
    """Say lines into WAV files: {file, samples, voice, label} for each, in order."""
    from callsheet.sound.files import wav_bytes  # noqa: PLC0415  # heavy, and not for every job
    from callsheet.sound.voice import speak  # noqa: PLC0415

    found = []
    for number, line in enumerate(job["lines"]):
        speech = speak(line["text"], line["language"], line.get("seed", 0))
        content = wav_bytes(speech.samples)
        _written(Path(line["out"]), lambda path, content=content: _put(path, content))  # type: ignore[misc]
        found.append({"samples": len(speech.samples), "voice": speech.voice, "label": speech.label})
        _tell(done=number + 1)
    return {"lines": found}


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def mix_sound(job: Job) -> dict[str, Any]:
    """Mix a film's sound into WAV files: master and stems, by the paths of `out`."""
    from callsheet.sound.ambience import effects  # noqa: PLC0415
    from callsheet.sound.files import samples_of, wav_bytes  # noqa: PLC0415
    from callsheet.sound.mixing import mix  # noqa: PLC0415
    from callsheet.sound.music import bed  # noqa: PLC0415

    plan = FilmPlan.model_validate(job["plan"])
    speeches = {
        (each["shot"], each["place"]): samples_of(Path(each["file"]).read_bytes())
        for each in job["speeches"]
    }
    music = bed(plan)
    mixed = mix(plan, speeches, music.samples, effects(plan), loudness=job["loudness"])
    for name, path in job["out"].items():
        content = wav_bytes(getattr(mixed, name))
        _written(Path(path), lambda part, content=content: _put(part, content))  # type: ignore[misc]
    return {
        "loudness": mixed.loudness,
        "true_peak": mixed.true_peak,
        "tempo": music.tempo,
        "cuts_on_beats": music.cuts_on_beats,
        "cuts": music.cuts,
    }


def make_segment(job: Job) -> dict[str, Any]:
    """Draw and encode one segment."""
    from callsheet.media.filming.segments import encode_segment  # noqa: PLC0415
    from callsheet.media.filming.timeline import timeline  # noqa: PLC0415

    plan = FilmPlan.model_validate(job["plan"])
    segment = timeline(plan)[job["number"]]
    stills = {shot: Path(path) for shot, path in job["stills"].items()}

    def told(frames: int) -> None:
        if frames % _STEP == 0:
            _tell(done=frames)

    size = (job["size"][0], job["size"][1])
    _written(
        Path(job["out"]),
        lambda path: encode_segment(plan, segment, size, job["quality"], stills, path, told),
    )
    return {"frames": segment.frames}


def make_film(job: Job) -> dict[str, Any]:
    """Join segments and sound, and draw a poster."""
    from callsheet.media.filming.assembling import FrameCountError, assemble  # noqa: PLC0415
    from callsheet.media.filming.posters import write_poster  # noqa: PLC0415
    from callsheet.ports.film import frames_of  # noqa: PLC0415

    plan = FilmPlan.model_validate(job["plan"])
    segments = [Path(path) for path in job["segments"]]
    sound = Path(job["sound"]) if job["sound"] else None
    found: list[int] = []
    out = Path(job["out"])
    _written(out, lambda path: found.append(assemble(segments, sound, plan.fps, plan.title, path)))
    if found[0] != frames_of(plan):
        out.unlink()
        raise FrameCountError(frames_of(plan), found[0])
    _written(Path(job["poster"]), lambda path: write_poster(out, plan, path))
    return {"frames": found[0]}


def write_words(job: Job) -> dict[str, Any]:
    """Write captions, and the timeline as editors read it."""
    from callsheet.media.filming import words  # noqa: PLC0415

    plan = FilmPlan.model_validate(job["plan"])
    for name, write in words.FILES.items():
        content = write(plan).encode()
        _written(Path(job["folder"]) / name, lambda path, content=content: _put(path, content))  # type: ignore[misc]
    return {"files": list(words.FILES)}


JOBS: Final[Mapping[str, Callable[[Job], dict[str, Any]]]] = {
    "read": read_lines,
    "mix": mix_sound,
    "segment": make_segment,
    "film": make_film,
    "words": write_words,
}


def main() -> None:
    """Do the one job."""
    die_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    job = json.load(sys.stdin)
    _tell(made=JOBS[job["do"]](job))


if __name__ == "__main__":
    main()
