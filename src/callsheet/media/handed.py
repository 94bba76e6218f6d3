"""Processes that are handed open files: the base of what measures, and of what reads manifests.

It takes jobs, each with an open file, from the socket that is its standard input, and answers on
its standard output (see `wire`). All that jobs need is loaded first, then it locks itself down,
says which locks hold, and begins. Each job is done by a forked process that has that one file, for
reading, and nothing else.
"""

import gc
import io
import os
import socket
import traceback
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import BinaryIO, Final

from callsheet.kernel.errors import InvalidInputError
from callsheet.media.apart import ApartError, run_apart
from callsheet.media.lockdown import die_with_parent, lock_down
from callsheet.media.starting import Settings, settings_in
from callsheet.media.wire import Message, read_message

_FDS: Final = 1  # that come with a job


class FileBench:
    """Where jobs are done: one method for each kind of job, by its name, in `jobs`."""

    def __init__(self) -> None:
        self.filtered = True  # whether decoders' system calls must be
        self.jobs: dict[str, Callable[[Message], Message]] = {}

    def warm_up(self) -> None:
        """Load all that jobs will need, by doing each once."""
        raise NotImplementedError

    def answer(self, job: Message, file: int) -> Message:
        """Do one job in a process of its own, and add what its decoder printed."""
        said = b""
        try:
            work = self.jobs[job.fields["kind"]]
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


def _answered(work: Callable[[Message], Message], job: Message) -> list[bytes]:
    try:
        return work(job).pieces()
    except InvalidInputError as error:
        return Message({"unreadable": getattr(error, "reason", str(error))}).pieces()
    except MemoryError:
        return Message({"unreadable": "it needs more memory than a file may take"}).pieces()


class _Socket:
    """Where jobs come from: bytes, and with the first of each job its file."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._files: array[int] = array("i")

    def read(self, size: int) -> bytes:
        """Read exactly `size` bytes, or fewer at the end."""
        content = bytearray()
        while len(content) < size:
            piece, files, _, _ = socket.recv_fds(self._socket, size - len(content), _FDS)
            self._files.extend(files)
            if not piece:
                break
            content += piece
        return bytes(content)

    @contextmanager
    def file(self) -> Iterator[int]:
        """Answer the file that came with the last job, and close it. Raises IndexError."""
        try:
            yield self._files[0]
        finally:
            while self._files:
                with suppress(OSError):
                    os.close(self._files.pop())


def main(arguments: list[str], make: Callable[[Settings], FileBench]) -> None:
    """Get ready, lock down, and work until the jobs end."""
    settings = settings_in(arguments[0])
    die_with_parent(settings.parent)
    jobs = _Socket(os.dup(0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up among the answers

    bench = make(settings)
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
