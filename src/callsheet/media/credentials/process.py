"""The process that reads and writes manifests: ``python -m callsheet.media.credentials.process``.

It works as `media.handed` says. A stranger's manifest can be nested a thousand deep, and a file's
boxes can lie: each file is read in a process that has nothing else and ends with it. No key is
ever here.
"""

import io
import os
import sys
from typing import Any, Final

from PIL import Image

from callsheet.kernel.digests import Sha256
from callsheet.media.credentials import reading, writing
from callsheet.media.credentials.showing import fingerprint, load_demuxers
from callsheet.media.examine import PictureLimits, load_readers
from callsheet.media.handed import FileBench, main
from callsheet.media.measuring.files import GivenFile
from callsheet.media.starting import Settings
from callsheet.media.wire import Message
from callsheet.ports.provenance import GENERATOR

_WARM: Final = "urn:c2pa:00000000-0000-4000-8000-000000000000"


class CredentialsBench(FileBench):
    """Where manifests are read and written."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._limits = PictureLimits(settings.max_pixels, settings.max_side)
        self.jobs = {"read": self._read, "write": self._write, "fingerprint": self._fingerprint}

    def warm_up(self) -> None:
        """Load all that jobs will need, by doing each once."""
        load_readers(self._limits)
        load_demuxers()
        _write_once(self._limits)

    def _read(self, job: Message) -> Message:
        fields = job.fields
        sidecar = job.blobs[0] if job.blobs else None
        file = GivenFile(fields["size"])
        return Message(
            {"read": reading.read(file, fields["media_type"], fields["anchors"], sidecar)}
        )

    def _write(self, job: Message) -> Message:
        return writing.written(GivenFile(job.fields["size"]).read(), job.fields, job.blobs)

    def _fingerprint(self, job: Message) -> Message:
        file = GivenFile(job.fields["size"])
        return Message({"sha256": fingerprint(file, job.fields["media_type"], self._limits)})


def _write_once(limits: PictureLimits) -> None:
    """Read and write a small picture: what the SDK loads late is loaded then."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "white").save(out, "PNG")
    descriptor = os.memfd_create("warm")
    try:
        os.write(descriptor, out.getvalue())
        file = GivenFile(len(out.getvalue()), descriptor)
        found: dict[str, Any] = reading.read(file, "image/png", "", None)
        file.seek(0)
        digest: Sha256 = fingerprint(file, "image/png", limits)
    finally:
        os.close(descriptor)
    if found["state"] != "none" or not digest:
        raise RuntimeError(f"{GENERATOR}: the C2PA SDK does not read as it should: {_WARM}")


if __name__ == "__main__":
    main(sys.argv[1:], CredentialsBench)
