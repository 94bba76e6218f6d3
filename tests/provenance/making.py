"""Files to sign, keys to sign them with, and what we state of them."""

import io
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final
from uuid import uuid4

import av
import numpy as np
from PIL import Image

from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.provenance import ManifestRead, SourceType, State, Statement
from callsheet.provenance.chain import Chain, make_chain
from callsheet.provenance.keys import KeyFiles, KeyFileSigner
from callsheet.provenance.model import Signature

NOW: Final = datetime.now(UTC)
PICTURES: Final[Mapping[str, str]] = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
}
TEXT: Final = b"A lighthouse keeper finds a message in a bottle.\n"


def picture(media_type: str = "image/png", side: int = 96, seed: int = 1) -> bytes:
    """Draw a small picture that compresses badly."""
    noise = np.random.default_rng(seed).integers(0, 255, (side, side, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, PICTURES[media_type])
    return out.getvalue()


def clip(media_type: str = "video/mp4", frames: int = 6) -> bytes:
    """Make a small clip with its index in front, as delivered ones have it."""
    form, codec = ("mp4", "libx264") if media_type == "video/mp4" else ("webm", "libvpx")
    options = {"movflags": "faststart"} if form == "mp4" else {}
    with NamedTemporaryFile() as out:  # an index in front is put there in a second pass
        _write_clip(out.name, form, codec, options, frames)
        return Path(out.name).read_bytes()


def _write_clip(name: str, form: str, codec: str, options: dict[str, str], frames: int) -> None:
    with av.open(name, mode="w", format=form, options=options) as container:
        stream: Any = container.add_stream(codec, rate=12)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            pixels = np.full((64, 64, 3), 30 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))


def file_of(media_type: str) -> bytes:
    """Make a file of a type."""
    if media_type in PICTURES:
        return picture(media_type)
    return clip(media_type) if media_type.startswith("video/") else TEXT


def decoded(content: bytes, media_type: str) -> list[bytes]:
    """Decode all that a file shows."""
    if media_type in PICTURES:
        with Image.open(io.BytesIO(content)) as shown:
            return [shown.convert("RGBA").tobytes()]
    if not media_type.startswith("video/"):
        return [content]
    with av.open(io.BytesIO(content), mode="r") as container:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]


def statement(
    media_type: str, source_type: SourceType = SourceType.MODEL, title: str = "shot"
) -> Statement:
    """State something of a file."""
    return Statement(
        uuid=str(uuid4()),
        title=title,
        media_type=media_type,
        source_type=source_type,
        description='Made by a "trained" model & kept',
        made_at=NOW,
        software="fal/flux-dev",
        generator="0.1.0",
        facts={"take": "tk_1", "model": "fal/flux-dev", "ingredients": []},
    )


def chain_in(folder: Path, organisation: str = "Lantern Films") -> Chain:
    """Make a chain."""
    return make_chain(folder, organisation, NOW)


def signer_of(chain: Chain) -> KeyFileSigner:
    """Read a chain's key."""
    return KeyFiles(chain.key, chain.certificates, lambda: datetime.now(UTC)).signer()


def renamed(content: bytes, label: str) -> bytes:
    """Give the active manifest of a PNG another name, as long as its own: its label is unsigned."""
    other = label[:-4] + ("0000" if not label.endswith("0000") else "1111")
    changed = bytearray(content)
    at = 8
    while at < len(changed):
        length, kind = struct.unpack_from(">I4s", changed, at)
        if kind == b"caBX":
            chunk = bytes(changed[at + 8 : at + 8 + length])
            # the description box alone: what names the manifest from within is under signature
            place = chunk.index(label.encode() + b"\x00")
            chunk = chunk[:place] + other.encode() + chunk[place + len(label) :]
            changed[at + 8 : at + 8 + length] = chunk
            checked = zlib.crc32(kind + chunk)
            changed[at + 8 + length : at + 12 + length] = struct.pack(">I", checked)
        at += 12 + length
    return bytes(changed)


def signature() -> Signature:
    """Word that something was signed."""
    said = statement("image/png")
    return Signature(
        workspace=WorkspaceId("local"),
        source=sha256_of(b"source"),
        key_id="key",
        signed=sha256_of(b"signed"),
        sidecar=None,
        media_type="image/png",
        label=said.label,
        instance=said.instance,
        manifest_sha256=sha256_of(b"manifest"),
        fingerprint=sha256_of(b"pixels"),
        source_type=said.source_type,
        signed_at=NOW,
    )


def manifest_read(signed: Signature) -> ManifestRead:
    """Read the manifest of what was signed, as it was written."""
    return ManifestRead(
        State.TRUSTED,
        label=signed.label,
        instance=signed.instance,
        generator="callsheet 0.1.0",
        signer="Lantern Films",
        store_sha256=signed.manifest_sha256,
    )
