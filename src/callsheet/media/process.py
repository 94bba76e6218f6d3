"""The process that draws and examines: ``python -m callsheet.media.process SETTINGS``.

It reads jobs from its standard input and answers on its standard output, one after the other (see
`wire`). Everything it will need is loaded first, then it locks itself down, says which locks hold,
and begins. Untrusted pictures get a forked process each; drawing, which is our own code on working
copies, happens here. The end of its input, or of its parent, is its end.
"""

import gc
import io
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from callsheet.drawing.contact_sheet import draw_band, draw_contact_sheet
from callsheet.drawing.frame import draw_frame
from callsheet.drawing.grid import Heading
from callsheet.kernel.errors import InvalidInputError
from callsheet.media import examine
from callsheet.media.apart import (
    ApartError,
    run_apart,
)
from callsheet.media.lockdown import die_with_parent, lock_down
from callsheet.media.sniffing import sniff, sniff_made
from callsheet.media.starting import Settings, settings_in
from callsheet.media.wire import Message, read_message
from callsheet.ports.pictures import (
    FrameReference,
    FrameSpec,
    ReferenceMode,
    SheetCell,
    UnreadablePictureError,
)


class Bench:
    """Where jobs are done: one method for each kind of job, by its name."""

    def __init__(self, settings: Settings) -> None:
        self.filtered = True  # whether decoders' system calls must be
        self._said = b""  # by the decoder of the job under way
        self._seconds = settings.picture_seconds
        self._limits = examine.PictureLimits(settings.max_pixels, settings.max_side)
        self._jobs: dict[str, Callable[[Message], Message]] = {
            "examine": self._examine,
            "thumbnails": self._thumbnails,
            "frame": self._frame,
            "sheet_band": self._sheet_band,
        }

    def warm_up(self) -> None:
        """Load all that jobs will need, by doing each once."""
        examine.warm_up(self._limits)
        spec = FrameSpec(prompt="a lighthouse at night", width=256, height=256, seed=1, scene="1")
        frame = draw_frame(spec, [])
        draw_contact_sheet("sheet", "", [SheetCell("1", "a shot", "done", frame)])

    def answer(self, job: Message) -> Message:
        """Do one job, and add what its decoder printed: nothing is written to our own log."""
        self._said = b""
        message = self._answer(job)
        said = {"said": self._said.decode(errors="replace")} if self._said else {}
        return Message({**message.fields, **said}, message.blobs)

    def _answer(self, job: Message) -> Message:
        """Do one job; what goes wrong is an answer too."""
        try:
            return self._jobs[job.fields["kind"]](job)
        except UnreadablePictureError as error:
            return _unreadable(error)
        except ApartError as error:
            self._said = error.said
            return Message({"unreadable": f"decoding it {error}"})
        except InvalidInputError as error:
            return _invalid(error)
        except Exception as error:  # noqa: BLE001 - a fault in drawing ends the job, not the process
            return Message({"failed": repr(error), "trace": traceback.format_exc()})

    def _examine(self, job: Message) -> Message:
        content = job.blobs[0]
        media_type = sniff(content)

        def work() -> Message:
            facts = asdict(examine.examine(content, media_type, self._limits))
            working_copy = facts.pop("working_copy")
            return Message(facts, [working_copy])

        return self._apart(work)

    def _thumbnails(self, job: Message) -> Message:
        side = job.fields["side"]

        def work() -> Message:
            told: list[dict[str, Any]] = []
            made: list[bytes] = []
            for content in job.blobs:
                try:
                    shown = examine.shown(content, sniff_made(content), self._limits, side)
                except UnreadablePictureError as error:
                    told.append({"reason": error.reason})
                    continue
                told.append({"size": shown.size, "note": shown.note})
                made.append(shown.thumbnail or b"")
            return Message({"told": told}, made)

        return self._apart(work)

    def _apart(self, work: Callable[[], Message]) -> Message:
        def answer() -> list[bytes]:
            try:
                return work().pieces()
            except UnreadablePictureError as error:
                return _unreadable(error).pieces()
            except InvalidInputError as error:
                return _invalid(error).pieces()

        apart = run_apart(answer, self._seconds, filtered=self.filtered)
        self._said = apart.said
        message = read_message(io.BytesIO(apart.answer).read)
        if message is None:
            raise UnreadablePictureError("decoding it gave no answer")
        return message

    def _frame(self, job: Message) -> Message:
        fields = job.fields["spec"]
        spec = FrameSpec(**{**fields, "notes": tuple(fields["notes"])})
        modes = map(ReferenceMode, job.fields["modes"])
        references = [FrameReference(*pair) for pair in zip(modes, job.blobs, strict=True)]
        return Message({}, [draw_frame(spec, references)])

    def _sheet_band(self, job: Message) -> Message:
        pictures = iter(job.blobs)
        cells = [
            SheetCell(title, caption, status, next(pictures) if drawn else None, text)
            for title, caption, status, text, drawn in job.fields["cells"]
        ]
        head, rows = Heading(**job.fields["heading"]), range(*job.fields["rows"])
        band = draw_band(head, rows, cells)
        return Message({"size": (band.width, band.height), "check": band.check}, [band.stream])


def _unreadable(error: UnreadablePictureError) -> Message:
    return Message({"unreadable": error.reason})


def _invalid(error: InvalidInputError) -> Message:
    errors = [(wrong.field, wrong.message, wrong.value) for wrong in error.errors]
    return Message({"invalid": str(error), "errors": errors})


def main(arguments: list[str], make: Callable[[Settings], Bench] = Bench) -> None:
    """Get ready, lock down, and work until the jobs end."""
    settings = settings_in(arguments[0])
    die_with_parent(settings.parent)
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up among the answers

    bench = make(settings)
    bench.warm_up()
    gc.collect()
    gc.freeze()  # forked processes then leave these pages alone, and shared
    locks = lock_down(settings.memory_bytes)
    die_with_parent(settings.parent)  # once more: new credentials made the kernel forget it
    bench.filtered = locks.filtered

    _send(answers, Message({"lockdown": asdict(locks)}))
    while (job := read_message(jobs.read)) is not None:
        _send(answers, bench.answer(job))


def _send(answers: BinaryIO, message: Message) -> None:
    answers.writelines(message.pieces())
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
