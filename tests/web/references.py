"""Pictures on a server, good and bad, for tests that name them as references."""

import http.server
import io
import struct
import zlib
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image


def png(colour: str, side: int = 64) -> bytes:
    """Draw a plain picture."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def jpeg(colour: str) -> bytes:
    """Draw a plain JPEG of some size."""
    out = io.BytesIO()
    Image.effect_noise((256, 256), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue() + colour.encode()


def huge_claim() -> bytes:
    """Make a tiny PNG that says it is 60,000 pixels a side."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\0\0\0\0IDAT5\xaf\x06\x1e"
        + b"\0\0\0\0IEND\xaeB`\x82"
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    bodies: ClassVar[dict[str, tuple[str, bytes]]] = {
        "/html.png": ("text/html", b"<!doctype html><title>not a picture</title>"),
        "/svg.png": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        "/bomb.png": ("image/png", huge_claim()),
        "/cut.jpg": ("image/jpeg", jpeg("red")[:3_000]),
    }
    redirects: ClassVar[dict[str, str]] = {
        "/to-loopback": "http://127.0.0.1:9/x.png",
        "/to-metadata": "http://169.254.169.254/latest/meta-data",
        "/to-v6": "http://[::1]:9/x.png",
        "/to-file": "file:///etc/passwd",
    }

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.split("?")[0]
        if path in self.redirects:
            self.send_response(302)
            self.send_header("Location", self.redirects[path])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/endless.png":
            self._pour()
        elif path == "/missing.png":
            self.send_error(404)
        else:
            colour = path.strip("/").split(".")[0]
            kind, body = self.bodies.get(path) or ("image/png", png(colour))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _pour(self) -> None:
        """Answer three gigabytes, as far as anybody reads them."""
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(3 * 1024**3))
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"\0" * 65_536)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  # the signature is given
        """Keep quiet."""


@dataclass(frozen=True)
class Gallery:
    """Where the pictures are."""

    port: int

    @property
    def host(self) -> str:
        """Name host and port, as settings do."""
        return f"127.0.0.1:{self.port}"

    def url(self, name: str) -> str:
        """Name one picture: a colour and `.png`, or one of the bad ones."""
        return f"http://{self.host}/{name}"
