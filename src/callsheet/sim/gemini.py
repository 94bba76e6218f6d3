"""Gemini's generateContent in one process: what was made in the answer, refusals in HTTP 200."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.kernel.money import Money
from callsheet.sim import gemini_texts
from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.models import Field, Makes, Model, Spoken
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish
from callsheet.sim.core.sounds import RATE, pcm
from callsheet.sim.judging import SimulatedJudge

_STATUSES: Mapping[str, str] = {
    "key": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "credit": "RESOURCE_EXHAUSTED",
    "unknown": "NOT_FOUND",
    "model": "NOT_FOUND",
    "busy": "RESOURCE_EXHAUSTED",
}
# Word for word, as Google's own command line tool was answered.
_MANAGE = "Please go to AI Studio at https://ai.studio/projects to manage your project and billing."
_LIMITED = (
    "You exceeded your current quota, please check your plan and billing details. For more"
    " information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_FIELDS = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", default="1:1"),
    "imageSize": Field("string", default="1K", choices=("512", "1K", "2K", "4K")),
    "image": Field("array", uri=True),
}
_INLINE = ("inlineData", "inline_data")
_PLAIN = str.maketrans("-_", "+/")
_PROMPT_TOKENS = 10


@dataclass(frozen=True, slots=True)
class Counted(Model):
    """A model billed by tokens: how many a size counts, and the dollars that a million costs."""

    tokens: Mapping[str, int] | None = None
    image_out: int = 60
    into: str = "0.50"
    reference_tokens: int = 260

    def counted(self, inputs: Mapping[str, Any]) -> tuple[int, int]:
        """Count what goes in and what comes out."""
        table = self.tokens or {}
        size = str(self.given(inputs, "imageSize"))
        return _PROMPT_TOKENS + self.reference_tokens * len(inputs.get("image", ())), table[size]

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the tokens."""
        into, out = self.counted(inputs)
        return Money(-(-into * Money.usd(self.into).micros // 1_000_000) + out * self.image_out)


def _model(name: str, tokens: Mapping[str, int], image_out: int, **more: Any) -> Model:
    return Counted(
        "", name, name, Money.usd("0.04"), 6.0, _FIELDS, tokens=tokens, image_out=image_out, **more
    )


@dataclass(frozen=True, slots=True)
class Speaker(Spoken):
    """A model that speaks, billed by tokens: 25 a second, at so many dollars a million."""

    audio_out: int = 9

    def counted(self, inputs: Mapping[str, Any]) -> tuple[int, int]:
        """Count what goes in and what comes out."""
        return gemini_texts.count_tokens(str(inputs["prompt"])), self.seconds(inputs) * 25

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the tokens."""
        into, out = self.counted(inputs)
        return Money(-(-into // 2) + out * self.audio_out)


def _speaker(name: str, audio_out: int) -> Model:
    fields = {"prompt": Field("string", required=True), "voice": Field("string")}
    unit = Money.usd("0.01")
    return Speaker("", name, name, unit, 3.0, fields, Makes.AUDIO, audio_out=audio_out)


_SIZES = {"512": 747, "1K": 1_120, "2K": 1_680, "4K": 2_520}
_PRO = {"512": 1_120, "1K": 1_120, "2K": 1_120, "4K": 2_000}
OFFERED = (
    _model("gemini-2.5-flash-image", dict.fromkeys(_SIZES, 1_290), 30, into="0.30"),
    _model("gemini-3.1-flash-image", _SIZES, 60),
    _model("gemini-3.1-flash-lite-image", dict.fromkeys(_SIZES, 1_120), 30, into="0.25"),
    _model("gemini-3-pro-image", _PRO, 120, into="2.00", reference_tokens=1_120),
    _model("gemini-nano-banana-2.1", {**_SIZES, "4K": 3_767}, 30, into="1.50"),
    _speaker("gemini-3.8-flash-tts", 9),
    _speaker("gemini-3.8-flash-lite-tts", 6),
    gemini_texts.offered("gemini-3.8-flash", "0.75", "0.075", "3.75"),
    gemini_texts.offered("gemini-3.7-flash", "0.75", "0.075", "3.75"),
    gemini_texts.offered("gemini-3.5-flash", "1.50", "0.15", "9.00"),
    gemini_texts.offered("gemini-3.5-flash-lite", "0.30", "0.03", "2.50"),
    gemini_texts.offered("gemini-3.1-flash-lite", "0.25", "0.025", "1.50"),
    gemini_texts.offered("gemini-3.1-pro-preview", "2.00", "0.20", "12.00"),
    gemini_texts.offered("gemini-4-argon", "2.00", "0.10", "10.00"),
)
_SPEAKERS = frozenset(model.id for model in OFFERED if model.makes is Makes.AUDIO)
_WRITERS = frozenset(model.id for model in OFFERED if model.makes is Makes.TEXT)
_SILENT: Mapping[str, Any] = {"parts": []}


class GeminiDialect(PlainDialect):
    """Errors as ``{"error": {code, message, status, details}}``."""

    name = "gemini"

    def token(self, request: Request) -> str:
        """Read the key."""
        return request.headers.get("x-goog-api-key", "")

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        word = _STATUSES.get(kind, "INVALID_ARGUMENT")
        error = {"code": status, "message": message, "status": word, "details": []}
        return JSONResponse({"error": error}, status)

    def out_of_credit(self) -> Response:
        """Answer 429, like a limit: only the words tell them apart."""
        return self.error(429, "credit", f"Your prepayment credits are depleted. {_MANAGE}")

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Answer 429, with the pause in the body, where this provider tells it."""
        detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}
        error = {"code": 429, "message": _LIMITED, "status": "RESOURCE_EXHAUSTED"}
        told = {"error": {**error, "details": [detail] if retry_after else []}}
        return JSONResponse(told if retry_after else [told], 429)

    def told(self, order: Order) -> dict[str, Any]:
        """Nothing is told later."""
        return {}


def create_app(
    conditions: Conditions | None = None,
    *,
    ledger: Path | None = None,
    judge: Path | None = None,
) -> Starlette:
    """Make the service; it goes on where `ledger` ends. `judge` is a script of sim.judging."""
    service = Service(GeminiDialect(), OFFERED, conditions=conditions, ledger=ledger)
    judging = SimulatedJudge(judge)

    async def answer(order: Order) -> Response:
        await order.until_ended()
        if order.asked.inputs.get("judge") == "refuse":
            stopped = {"finishReason": "SAFETY", "finishMessage": "It is not safe to look at."}
            return JSONResponse({"candidates": [stopped]})
        if order.status is not Status.SUCCEEDED:
            return _refused(order)
        if isinstance(order.asked.model, gemini_texts.Writer):
            return _answered(order, order.asked.model)
        if isinstance(order.asked.model, Speaker):
            return _spoken(order, order.asked.model)
        if order.asked.faults.get("shape") == "null":
            parts: list[Any] = [{"text": "Here is your picture."}]
        else:
            data = base64.b64encode(await service.outputs.content(order)).decode()
            parts = [{"text": ""}, {"inlineData": {"mimeType": "image/png", "data": data}}]
        model = order.asked.model
        assert isinstance(model, Counted)  # noqa: S101  # all others that are offered here are
        into, out = model.counted(order.asked.inputs)
        counts = {"promptTokenCount": into, "candidatesTokenCount": out}
        usage = {**counts, "totalTokenCount": into + out}
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
        told = {"candidates": [{**candidate, "index": 0}], "usageMetadata": usage}
        return JSONResponse({**told, "modelVersion": model.id, "responseId": order.id})

    async def models(_: Request) -> Response:
        return JSONResponse({"models": [{"name": f"models/{name}"} for name in service.models]})

    def wish(request: Request, body: Any) -> Wish:
        asked = _wish(request, body)
        word = judging.word(asked.inputs)
        if word == "down":
            dialect = GeminiDialect()
            raise RefusedError(dialect.error(503, "busy", "The model is overloaded."))
        return replace(asked, inputs={**asked.inputs, "judge": word}) if word else asked

    routes = [
        Route(
            "/v1/models/{model}:generateContent", service.creates(wish, answer), methods=["POST"]
        ),
        Route("/v1/models", service.door.guarded("account", models)),
    ]
    return service.app(routes)


def _spoken(order: Order, model: Speaker) -> Response:
    """Answer with bare samples, as Google does, or spoilt as its order asked."""
    into, out = model.counted(order.asked.inputs)
    spoilt = order.asked.faults.get("output")
    samples = b"" if spoilt == "empty" else pcm(model.seconds(order.asked.inputs))
    data = base64.b64encode(samples).decode()
    kind = f"audio/L16;codec=pcm;rate={RATE}"
    parts = [{"inlineData": {"mimeType": kind, "data": data}}]
    usage = {
        "promptTokenCount": into,
        "candidatesTokenCount": out,
        "totalTokenCount": into + out,
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": out}],
    }
    bare = order.asked.faults.get("shape") == "null"
    content = {"role": "model", **({} if bare else {"parts": parts})}
    candidate = {"content": content, "finishReason": "OTHER" if bare else "STOP", "index": 0}
    told = {"candidates": [candidate], "usageMetadata": usage}
    return JSONResponse({**told, "modelVersion": model.id, "responseId": order.id})


def _answered(order: Order, model: gemini_texts.Writer) -> Response:
    """Answer with a text: whole, cut off at its limit, or spoilt as its order asked."""
    inputs, faults = order.asked.inputs, order.asked.faults
    billed = int(float(faults["metered"])) if faults.get("metered") else None
    usage, is_whole = model.usage(inputs, billed), not model.is_cut_off(inputs)
    text = gemini_texts.written(inputs)
    if not is_whole:
        text = gemini_texts.shortened_to(text, usage.out)
    match faults.get("output"):
        case "empty":
            text = ""
        case "html":
            text = "<!doctype html><title>Oops</title>"
        case "truncated" | "cut":
            text = text[: len(text) // 2]
    parts = [] if faults.get("shape") == "null" or not text else [{"text": text}]
    candidate = {
        "content": {"role": "model", **({"parts": parts} if parts else {})},
        "finishReason": "STOP" if is_whole else "MAX_TOKENS",
        "index": 0,
    }
    told = {"candidates": [candidate], "usageMetadata": usage.told()}
    return JSONResponse({**told, "modelVersion": model.id, "responseId": order.id})


def _refused(order: Order) -> Response:
    """Word a refusal in each of its shapes: at the prompt, at what is made, or only in words."""
    is_text = order.asked.model.makes is Makes.TEXT
    match order.asked.faults.get("error"):
        case "nsfw":
            return JSONResponse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
        case "sensitive":
            reason = "SAFETY" if is_text else "IMAGE_SAFETY"
            stopped = {"finishReason": reason, "finishMessage": order.error}
            return JSONResponse({"candidates": [stopped]})
        case _:
            reason = "OTHER" if is_text else "NO_IMAGE"
            stopped = {"finishReason": reason, "finishMessage": order.error}
            return JSONResponse({"candidates": [stopped]})


def _address(part: Mapping[str, Any]) -> str:
    """Read a picture in either spelling of its names, and of base64, as protocol buffers do."""
    given = next(part[name] for name in _INLINE if name in part)
    kind = given.get("mimeType") or given["mime_type"]
    data = base64.b64decode(given["data"].translate(_PLAIN), validate=True)
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _wish(request: Request, body: Any) -> Wish:
    dialect = GeminiDialect()
    model = request.path_params["model"]
    try:
        parts = [part for content in body["contents"] for part in content["parts"]]
        config = body.get("generationConfig", {})
        image = [_address(part) for part in parts if not part.keys().isdisjoint(_INLINE)]
        inputs = {
            "prompt": " ".join(part["text"] for part in parts if "text" in part),
            **({"image": image} if image else {}),
        }
        if model in _WRITERS:
            inputs |= _writing(body, config)
        elif model in _SPEAKERS:
            if config.get("responseModalities") != ["AUDIO"]:
                raise RefusedError(dialect.error(400, "input", "responseModalities: AUDIO only"))
            voice = config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]
            inputs["voice"] = voice["voiceName"]
        elif "IMAGE" not in config.get("responseModalities", ()):
            raise RefusedError(dialect.error(400, "input", "responseModalities: no IMAGE"))
        else:
            asked = config.get("imageConfig", {})
            inputs["aspect_ratio"] = asked.get("aspectRatio", "1:1")
            inputs["imageSize"] = asked.get("imageSize", "1K")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RefusedError(dialect.error(400, "input", "contents: malformed")) from None
    return Wish(model, inputs)


def _writing(body: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Read what only language models are asked. Raises RefusedError."""
    problem = _problem(config)
    if problem:
        raise RefusedError(GeminiDialect().error(400, "input", problem))
    schema = config.get("responseJsonSchema", config.get("responseSchema"))
    told = {
        "system": " ".join(
            part["text"] for part in body.get("systemInstruction", _SILENT)["parts"]
        ),
        "maxOutputTokens": config.get("maxOutputTokens"),
        "temperature": config.get("temperature"),
        "seed": config.get("seed"),
        "thinkingLevel": _level(config.get("thinkingConfig", {})),
        "mediaResolution": config.get("mediaResolution", "").removeprefix("MEDIA_RESOLUTION_"),
        "schema": schema,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _level(thinking: Mapping[str, Any]) -> str | None:
    """Read a thinking level in either spelling of its name, and of itself."""
    given = thinking.get("thinkingLevel") or thinking.get("thinking_level")
    return str(given).upper() if given else None


def _problem(config: Mapping[str, Any]) -> str:
    """Say what the service refuses of a configuration."""
    if "IMAGE" in config.get("responseModalities", ()):
        return "Model does not support the requested response modalities: IMAGE"
    schemas = {"responseSchema", "responseJsonSchema"} & set(config)
    if len(schemas) > 1:
        return "responseSchema and responseJsonSchema: only one may be set"
    if schemas and config.get("responseMimeType") != "application/json":
        return f"{min(schemas)}: needs responseMimeType application/json"
    return ""
