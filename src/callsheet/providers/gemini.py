"""Gemini's generateContent: one call, the picture or text in its answer; https://ai.google.dev/api.

There is no idempotency key, no list and no webhook: an answer that is lost is a picture that is
lost, and probably paid for. A person decides about it. Refusals come as HTTP 200.
"""

import base64
import binascii
import io
import json
import wave
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2

from callsheet.kernel.errors import shown
from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    CutOffError,
    Ended,
    HostedOrder,
    Made,
    ModeratedError,
    NotJsonError,
    Pace,
    ReferencesBy,
    Standing,
    Submitted,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, Payload, ProviderError, RefusedError
from callsheet.providers.defaults import HostedDefaults
from callsheet.providers.exchange import MAX_INLINE_ANSWER, Exchange
from callsheet.providers.google_answers import googles_refusal, googles_words, is_from_google
from callsheet.providers.reading import inner, tokens_cost

_SAFE: Final = frozenset(
    {"STOP", "MAX_TOKENS", "NO_IMAGE", "OTHER", "IMAGE_OTHER", "LANGUAGE", "MALFORMED_RESPONSE", ""}
)
_USUAL_RATE: Final = 24_000  # of speech, in samples a second
_RATE_DIGITS: Final = 6
_MODERATION: Final = ("safety", "prohibited", "policy")


class Gemini(HostedDefaults):
    """Implements ports.hosted.HostedProvider.

    A payload is {"model": its id, "body": the JSON of the call, "rates": dollars for a million
    tokens of a kind}. References stand in the body as data URLs in `inlineData`. An order whose
    `responseModalities` name no picture and no audio is for a text.
    """

    name = "gemini"
    base_url = "https://generativelanguage.googleapis.com"
    key_setting = "GEMINI_API_KEY"
    references = ReferencesBy.INLINE
    answers_hold_outputs = True
    SETTLES_S = 360.0

    def __init__(self, http: httpx2.AsyncClient, *, settles_s: float, pace: Pace) -> None:
        self.settles_s, self.pace = settles_s, pace
        self._line = Exchange(
            self.name,
            http,
            settles_s,
            self._refusal,
            MAX_INLINE_ANSWER,
            own_words=googles_words,
            final=is_from_google,
        )

    async def submit(self, order: HostedOrder) -> Submitted:
        """Ask once; the answer holds what was made, or says why not. Raises ProviderError."""
        response = await self._line.create(
            "POST",
            f"/v1/models/{order.payload['model']}:generateContent",
            send_by=order.send_by,
            json=bare(order.payload["body"]),
            headers=_auth(order.key),
        )
        standing = self._line.accepted(response, lambda told: self._standing(told, order.payload))
        return Submitted(order.take, standing)  # nothing can be asked by its `responseId`

    async def check_key(self, key: ProviderKey) -> None:
        """List the models, which costs nothing. Raises ProviderError."""
        await self._line.read("/v1/models", headers=_auth(key))

    def _standing(self, told: Mapping[str, Any], payload: Payload) -> Standing:
        blocked = inner(told, "promptFeedback", "blockReason")
        if blocked:
            error = ModeratedError(self.name, f"it blocked the prompt: {shown(blocked)}")
            return Ended(error, cost=Money())
        candidate, cost = inner(told, "candidates", 0), charged_for(told, payload.get("rates", {}))
        if candidate is None:
            if told.get("candidates") != [] and "usageMetadata" not in told:
                raise BusyError(self.name, "an answer that is none of Google's")
            return self._without({}, "it answered with no candidate at all", cost)
        config = payload["body"].get("generationConfig", {})
        modalities = config.get("responseModalities", ())
        if "AUDIO" in modalities:
            return self._speech(candidate, cost)
        if "IMAGE" not in modalities:
            return self._text(candidate, config, cost)
        made = self._pictures(candidate)
        if made:
            return Made((), cost, made)
        return self._without(candidate, "".join(_words(candidate)) or "no picture", cost)

    def _pictures(self, candidate: Any) -> tuple[Delivered, ...]:
        """Read what was made: the last picture is the one, and any others follow it.

        Parts that are thoughts are drafts of it.
        """
        made = []
        for part in _parts(candidate):
            data = inner(part, "inlineData", "data")
            if isinstance(data, str) and not inner(part, "thought"):
                try:
                    content = base64.b64decode(data, validate=True)
                except binascii.Error as error:
                    raise BusyError(self.name, "a picture that is not base64") from error
                kind = str(inner(part, "inlineData", "mimeType") or "image/png")
                made.append(Delivered(content, kind))
        return (*made[-1:], *made[:-1])

    def _speech(self, candidate: Any, cost: Money | None) -> Standing:
        """Take what was spoken, piece after piece; bare samples are put into a WAV."""
        pieces: list[bytes] = []
        kind = ""
        for part in _parts(candidate):
            data = inner(part, "inlineData", "data")
            if not isinstance(data, str):
                continue
            try:
                pieces.append(base64.b64decode(data, validate=True))
            except binascii.Error as error:
                raise BusyError(self.name, "speech that is not base64") from error
            kind = kind or str(inner(part, "inlineData", "mimeType") or "")
        if not pieces:
            return self._without(candidate, "".join(_words(candidate)) or "no speech", cost)
        content, rate = b"".join(pieces), _pcm_rate(kind)
        if rate is None:
            return Made((), cost, (Delivered(content, kind or "audio/wav"),))
        return Made((), cost, (Delivered(_as_wav(content, rate), "audio/wav"),))

    def _text(self, candidate: Any, config: Mapping[str, Any], cost: Money | None) -> Standing:
        """Take a text that is whole; half of one is none, though its tokens are paid for."""
        reason = _reason(candidate)
        if reason == "MAX_TOKENS":
            most = config.get("maxOutputTokens")
            said = f"the text was not whole after {most} tokens, thoughts included; allow it more"
            return Ended(CutOffError(self.name, f"{reason}: {said}"), cost=cost)
        text = "".join(_words(candidate))
        if reason not in {"STOP", ""} or not text.strip():
            return self._without(candidate, text or "no text", cost)
        if config.get("responseMimeType") == "application/json" and not _is_json(text):
            error = NotJsonError(self.name, f"it answered something else than JSON: {shown(text)}")
            return Ended(error, cost=cost)
        # halves of characters, which JSON can hold and UTF-8 cannot, become question marks
        return Made((), cost, (Delivered(text.encode(errors="replace"), "text/plain"),))

    def _without(self, candidate: Any, said: str, cost: Money | None) -> Ended:
        """Word an end without what was ordered, by the reason that is given for it."""
        reason = _reason(candidate)
        why = shown(inner(candidate, "finishMessage") or said)
        known = RefusedError if reason in _SAFE else ModeratedError
        return Ended(known(self.name, f"{reason}: {why}" if reason else why), cost or Money())

    def _refusal(self, response: httpx2.Response) -> ProviderError | None:
        return googles_refusal(self.name, response, _MODERATION)


def bare(value: Any) -> Any:
    """Write data URLs in `inlineData` as Google wants them: the base64 alone."""
    match value:
        case {"inlineData": {"data": str(data), **rest}} if data.startswith("data:"):
            return {"inlineData": {**rest, "data": data.partition(";base64,")[2]}}
        case Mapping():
            return {name: bare(inside) for name, inside in value.items()}
        case list() | tuple():
            return [bare(inside) for inside in value]
        case _:
            return value


def _pcm_rate(kind: str) -> int | None:
    """Read samples a second from a type such as `audio/L16;codec=pcm;rate=24000`; else None."""
    name, *told = kind.replace(" ", "").lower().split(";")
    if name not in {"audio/l16", "audio/pcm"}:
        return None
    rates = (each.partition("=")[2] for each in told if each.startswith("rate="))
    rate = next((each for each in rates if each.isdecimal() and len(each) <= _RATE_DIGITS), "")
    return int(rate) if rate else _USUAL_RATE


def _as_wav(samples: bytes, rate: int) -> bytes:
    """Put samples of one channel, 16 bits each, into a WAV file."""
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return into.getvalue()


def _auth(key: ProviderKey) -> dict[str, str]:
    return {"x-goog-api-key": key.secret}


def _parts(candidate: Any) -> list[Any]:
    parts = inner(candidate, "content", "parts")
    return parts if isinstance(parts, list) else []


def _words(candidate: Any) -> Iterator[str]:
    """Read the answer's own words; thoughts are none of it."""
    for part in _parts(candidate):
        text = inner(part, "text")
        if isinstance(text, str) and not inner(part, "thought"):
            yield text


def _reason(candidate: Any) -> str:
    return str(inner(candidate, "finishReason") or "")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def charged_for(told: Mapping[str, Any], rates: Mapping[str, str]) -> Money | None:
    """Price the tokens that were counted, each kind by its rate.

    What is thought or written is paid as text, pictures as pictures where a rate for them is known.
    What went in includes what was found in a cache, which is cheaper where a rate for it is known.
    None where nothing that came out was counted.
    """
    into, cached, out, thoughts = (
        _count(told, f"{name}TokenCount")
        for name in ("prompt", "cachedContent", "candidates", "thoughts")
    )
    if not rates or not out + thoughts:
        return None
    found = min(cached, into) if "cached" in rates else 0
    # what is no text: pictures, or sound, of which a model makes one
    apart = next((kind for kind in ("image_out", "audio_out") if kind in rates), None)
    other = min(_other(told, out, apart), out) if apart else 0
    counted = {
        **({apart: other} if apart else {}),
        "text_out": out - other + thoughts,
        "in": into - found,
        "cached": found,
    }
    return tokens_cost(counted, rates)


def _other(told: Mapping[str, Any], out: int, kind: str) -> int:
    """Count the tokens of pictures or sound among what came out: all, unless it says otherwise."""
    modality = kind.removesuffix("_out").upper()
    details = inner(told, "usageMetadata", "candidatesTokensDetails")
    if not isinstance(details, list) or not details:
        return out
    counts = (inner(each, "tokenCount") for each in details if inner(each, "modality") == modality)
    return sum(count for count in counts if isinstance(count, int) and count > 0)


def _count(told: Mapping[str, Any], name: str) -> int:
    count = inner(told, "usageMetadata", name)
    return count if isinstance(count, int) and count > 0 else 0
