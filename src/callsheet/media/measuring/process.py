"""The process that measures files: ``python -m callsheet.media.measuring.process SETTINGS``.

It takes jobs, each with an open file, from the socket that is its standard input, and answers on
its standard output (see `wire`). All that measuring needs is loaded first, then it locks itself
down, says which locks hold, and begins. Each job is done by a forked process that has that one
file, for reading, and nothing else. Checks that measure something of their own are loaded by the
names that it was started with: it knows no check.
"""

import gc
import io
import math
import os
import socket
import sys
import traceback
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib import import_module
from typing import BinaryIO, Final

from callsheet.media.apart import ApartError, run_apart
from callsheet.media.examine import PictureLimits, load_readers
from callsheet.media.lockdown import die_with_parent, lock_down
from callsheet.media.measuring import clips, pictures, probing, wires
from callsheet.media.measuring.decoding import Piece, measure_frames
from callsheet.media.measuring.files import GivenFile
from callsheet.media.measuring.kinds import HEAD, Kind, kind_of
from callsheet.media.measuring.listening import measure_sound
from callsheet.media.measuring.meters import Meter
from callsheet.media.measuring.warming import warm_up
from callsheet.media.sniffing import sniff_clip
from callsheet.media.starting import Settings, settings_in
from callsheet.media.wire import Message, read_message
from callsheet.ports.measuring import Medium, UnreadableMediaError
from callsheet.ports.pictures import UnreadablePictureError

_FDS: Final = 1  # that come with a job


class Bench:
    """Where jobs are done: one method for each kind of job, by its name."""

    def __init__(self, settings: Settings) -> None:
        self.filtered = True  # whether decoders' system calls must be
        self._limits = PictureLimits(settings.max_pixels, settings.max_side)
        self._meters = [_meter_in(name) for name in settings.meters]
        self._jobs: dict[str, Callable[[Message], Message]] = {
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

    def answer(self, job: Message, file: int) -> Message:
        """Do one job in a process of its own, and add what its decoder printed."""
        said = b""
        try:
            work = self._jobs[job.fields["kind"]]
            seconds = int(job.fields["seconds"])
            apart = run_apart(
                lambda: _answered(work, job), seconds, filtered=self.filtered, file=file
            )
            said = apart.said
            answer = read_message(io.BytesIO(apart.answer).read)
            message = answer or Message({"unreadable": "reading it gave no answer"})
        except ApartError as error:
            said, message = error.said, Message({"unreadable": f"decoding it {error}"})
        except Exception as error:  # noqa: BLE001  # a fault of ours ends the job, not the process
            message = Message({"failed": repr(error), "trace": traceback.format_exc()})
        printed = {"said": said.decode(errors="replace")} if said else {}
        return Message({**message.fields, **printed}, message.blobs)

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


def _answered(work: Callable[[Message], Message], job: Message) -> list[bytes]:
    try:
        return work(job).pieces()
    except (UnreadableMediaError, UnreadablePictureError) as error:
        return Message({"unreadable": error.reason}).pieces()
    except MemoryError:
        return Message({"unreadable": "it needs more memory than a file may take"}).pieces()


def _meter_in(module: str) -> type[Meter]:
    meter: type[Meter] = import_module(module).CHECK.meter
    return meter


class _Socket:
    """Where jobs come from: bytes, and with the first of each job its file."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._files: array[int] = array("i")

    def read(self, size: int) -> bytes:
        """Read exactly `size` bytes, or fewer at the end."""
        content = b""
        while len(content) < size:
            piece, files, _, _ = socket.recv_fds(self._socket, size - len(content), _FDS)
            self._files.extend(files)
            if not piece:
                break
            content += piece
        return content

    @contextmanager
    def file(self) -> Iterator[int]:
        """Answer the file that came with the last job, and close it. Raises IndexError."""
        try:
            yield self._files[0]
        finally:
            while self._files:
                with suppress(OSError):
                    os.close(self._files.pop())


def main(arguments: list[str]) -> None:
    """Get ready, lock down, and work until the jobs end."""
    settings = settings_in(arguments[0])
    die_with_parent(settings.parent)
    jobs = _Socket(os.dup(0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up among the answers

    bench = Bench(settings)
    bench.warm_up()
    gc.collect()
    gc.freeze()  # forked processes then leave these pages alone, and shared
    locks = lock_down(settings.memory_bytes, takes_files=True)
    die_with_parent(settings.parent)  # once more: new credentials made the kernel forget it
    bench.filtered = locks.filtered

    _send(answers, Message({"lockdown": asdict(locks)}))
    while (job := read_message(jobs.read)) is not None:
        with jobs.file() as file:
            _send(answers, bench.answer(job, file))


def _send(answers: BinaryIO, message: Message) -> None:
    answers.writelines(message.pieces())
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
