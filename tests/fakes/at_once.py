"""OpenAI's images, each another picture, after as long as a test wants; some of them spoilt."""

import base64
import hashlib
import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

from PIL import Image

from tests.fakes.answering import AnsweringFake
from tests.fakes.serving import Answer, Order

SPOILT = "spoilt"  # in a prompt: what comes begins and ends as a picture, and is none


class AtOnceFake(AnsweringFake):
    """Answers after `waits_s` seconds."""

    settles_s = 60  # an order may be on its way for a sixth of it, also on a busy machine

    def __init__(self, log: Path, waits_s: float = 0.0) -> None:
        super().__init__(log)
        self.waits_s = waits_s

    def accepted(self, order: Order) -> Answer:
        """Answer a picture that no other order gets."""
        answer = super().accepted(order)
        content = drawn(order.id)
        if SPOILT in order.wish:
            content = spoilt(content)
        told = {**answer.told, "data": [{"b64_json": base64.b64encode(content).decode()}]}
        return replace(answer, told=told, after_s=self.waits_s)

    def count(self, wish: str) -> int:
        """Count the orders that were ever accepted for one prompt."""
        return sum(order["wish"] == wish for order in self.logged())


def drawn(seed: str) -> bytes:
    """Draw a picture."""
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    into = io.BytesIO()
    Image.new("RGB", (256, 256), (red, green, blue)).save(into, "PNG")
    return into.getvalue()


def spoilt(png: bytes) -> bytes:
    """Put noise where a picture's pixels are; its header and its end stay what they were."""
    head, end = png[:33], png[-12:]
    noise = hashlib.shake_128(png).digest(4_096)
    body = b"IDAT" + noise
    return head + struct.pack(">I", len(noise)) + body + struct.pack(">I", zlib.crc32(body)) + end
