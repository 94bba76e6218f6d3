"""The process that puts products into scenes: ``python -m callsheet.media.compositing.process``.

It works as the drawing process does (see `media.process`), with arrays loaded and one kind of job,
each done in a process forked for it.
"""

import sys

from callsheet.media.compositing import jobs
from callsheet.media.process import Bench, main
from callsheet.media.starting import Settings
from callsheet.media.wire import Message


class CompositingBench(Bench):
    """Where composites are made, and nothing else."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._jobs = {"composite": self._composite}

    def warm_up(self) -> None:
        """Load all that jobs will need, by doing each once."""
        jobs.warm_up(self._limits)

    def _composite(self, job: Message) -> Message:
        return self._apart(lambda: jobs.answered(job, self._limits))


if __name__ == "__main__":
    main(sys.argv[1:], CompositingBench)
