"""The process that measures files: ``python -m callsheet.media.measuring.process SETTINGS``.

It works as `media.handed` says. Checks that measure something of their own are loaded by the names
that it was started with: it knows no check.
"""

import math
import sys
from dataclasses import asdict
from importlib import import_module

from callsheet.media.examine import PictureLimits, load_readers
from callsheet.media.handed import FileBench, main
from callsheet.media.measuring import clips, pictures, probing, wires
from callsheet.media.measuring.decoding import Piece, measure_frames
from callsheet.media.measuring.files import GivenFile
from callsheet.media.measuring.kinds import HEAD, Kind, kind_of
from callsheet.media.measuring.listening import measure_sound
from callsheet.media.measuring.meters import Meter
from callsheet.media.measuring.warming import warm_up
from callsheet.media.sniffing import sniff_clip
from callsheet.media.starting import Settings
from callsheet.media.wire import Message
from callsheet.ports.measuring import Medium


class Bench(FileBench):
    """Where jobs are done: one method for each kind of job, by its name."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._limits = PictureLimits(settings.max_pixels, settings.max_side)
        self._meters = [_meter_in(name) for name in settings.meters]
        self.jobs = {
            "probe": self._probe,
            "clip": self._clip,
            "heard": self._heard,
            "frames": self._frames,
            "sound": self._sound,
            "picture": self._picture,
            "shown": self._shown,
        }

    def warm_up(self) -> None:
        """Load all that jobs will need, by doing each once."""
        load_readers(self._limits)
        warm_up(self._meters)

    def _probe(self, job: Message) -> Message:
        file, size, kind = _given(job)
        if kind.medium is Medium.IMAGE:
            return Message({"probe": wires.told(pictures.probe_picture(file, size, kind))})
        return Message({"probe": wires.told(probing.probe(file, size, kind))})

    def _clip(self, job: Message) -> Message:
        size = job.fields["size"]
        file = GivenFile(size)
        media_type = sniff_clip(file.read(HEAD))
        file.seek(0)
        partly, side = job.fields["partly"], job.fields["poster_side"]
        facts, poster = clips.probe(file, size, media_type, side, partly=partly)
        return Message(facts, [poster])

    def _heard(self, job: Message) -> Message:
        return Message(probing.heard(*_given(job)))

    def _frames(self, job: Message) -> Message:
        file, _, kind = _given(job)
        start, end = job.fields["piece"]
        piece = Piece(-math.inf if start is None else start, math.inf if end is None else end)
        return wires.trace_message(measure_frames(file, kind, piece, self._meters))

    def _sound(self, job: Message) -> Message:
        file, _, kind = _given(job)
        return wires.sound_message(measure_sound(file, kind))

    def _picture(self, job: Message) -> Message:
        file, _, kind = _given(job)
        return Message({"still": asdict(pictures.measure_picture(file, kind, self._limits))})

    def _shown(self, job: Message) -> Message:
        file, _, kind = _given(job)
        if kind.medium is Medium.IMAGE:
            return Message({}, [pictures.shown_picture(file, kind, self._limits)])
        return Message({}, pictures.shown_clip(file, kind, job.fields["times"]))


def _given(job: Message) -> tuple[GivenFile, int, Kind]:
    """Take the file that came with a job, at its beginning. Raises UnreadableMediaError."""
    size = job.fields["size"]
    file = GivenFile(size)
    kind = kind_of(file.read(HEAD))
    file.seek(0)
    return file, size, kind


def _meter_in(module: str) -> type[Meter]:
    meter: type[Meter] = import_module(module).CHECK.meter
    return meter


if __name__ == "__main__":
    main(sys.argv[1:], Bench)
