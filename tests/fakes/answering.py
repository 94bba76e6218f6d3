"""Sync: OpenAI's images, which come with the answer and are nowhere else."""

import base64
import secrets
import time

from tests.fakes.serving import Answer, Fake, Order, Request, picture


class AnsweringFake(Fake):
    """One call makes a picture; nothing of it can be asked for again."""

    setting = "OPENAI"
    model = "openai/gpt-image-2"

    def is_order(self, request: Request) -> bool:
        """Tell by the path."""
        return request.path == "/v1/images/generations"

    def worded(self, request: Request) -> Order:
        """Read what was sent."""
        return Order(
            f"req_{secrets.token_hex(8)}", request.json["prompt"], request.json, time.time()
        )

    def accepted(self, order: Order) -> Answer:
        """Answer the picture."""
        used = {"input_tokens": 12, "output_tokens": 1_767, "total_tokens": 1_779}
        told = {
            "created": int(order.at),
            "data": [{"b64_json": base64.b64encode(picture()).decode()}],
            "output_format": "png",
            "usage": {**used, "input_tokens_details": {"text_tokens": 12, "image_tokens": 0}},
        }
        return Answer(200, told, headers={"x-request-id": order.id}, after_s=0.3)

    def answered(self, request: Request) -> Answer:
        """List models; there is nothing else to ask."""
        known = request.path == "/v1/models"
        return Answer(told={"data": []}) if known else Answer(404, {"error": {"message": "no"}})
