"""Our adapters before a judge that is not ours: aimock, with the same orders as our simulators.

It says what others take the protocols of OpenAI, Google and fal to be. Where it is known to be
wrong, the test says so, and who says it.
"""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
import pytest_asyncio

from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    AddressWrongError,
    BusyError,
    CutOffError,
    Ended,
    HostedOrder,
    KeyRefusedError,
    Made,
    ModelGoneError,
    ModeratedError,
    NoCreditError,
    Pending,
    SubmissionUnknownError,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Delivered, ProviderError, RefusedError
from tests.contracts.providers import CATALOG
from tests.contracts.witness import SECRET, Witness, install, lacking, witnessing

LACKING: Final = lacking()
pytestmark = [
    pytest.mark.skipif(LACKING is not None, reason=f"the second witness is not heard: {LACKING}"),
    pytest.mark.asyncio(loop_scope="module"),
]

# What it knows a provider's orders as; the paths are those of tests.contracts.witness.PLACES.
ENDPOINTS: Final = {
    "openai": "image",
    "gemini": "chat",
    "gemini_interactions": "chat",
    "lovable": "chat",
    "fal": "fal",
    "vertex": "video",
}
PICTURE: Final = b"\x89PNG\r\n\x1a\n, the rest of it"
PLAIN: Final = "a red mug"  # stands in all of Bench's orders
DATA: Final = base64.b64encode(PICTURE).decode()
WORDS: Final = {"content": "Here is your mug.", "usage": {"input_tokens": 20, "output_tokens": 9}}
WRITER: Final = "gemini-3.8-flash"
RESULT: Final = {"images": [{"url": "https://v3.fal.media/files/mug.png"}]}
ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "image": {"image": {"b64Json": DATA}},
    "fal": {"json": RESULT},
    "video": {"video": {"id": "v", "url": "https://example.test/mug.mp4", "status": "completed"}},
}
LIMITED: Final = {"type": "RESOURCE_EXHAUSTED", "code": "rate_limit_exceeded"}
# What marks of ours make it answer: the status, what is in the error, and what comes of it.
REFUSALS: Final[Mapping[str, tuple[int, Mapping[str, str], type[ProviderError]]]] = {
    "throttle=7": (429, {"message": "Too many requests.", **LIMITED}, BusyError),
    "fail_before_accept=500": (500, {"message": "Oops."}, SubmissionUnknownError),
    "withdrawn": (404, {"message": "There is no such model.", "type": "NOT_FOUND"}, ModelGoneError),
    "refuse": (
        400,
        {"message": "Blocked by our safety system.", "code": "moderation_blocked"},
        ModeratedError,
    ),
}
# Google says so of its own: what fails in its form has made nothing. And of fal and Vertex it does
# not know the form of errors: to us its 404 is somebody else's, who answers at a wrong address.
OTHERWISE: Final[Mapping[tuple[str, str], type[ProviderError]]] = {
    ("gemini", "fail_before_accept=500"): BusyError,
    ("fal", "withdrawn"): AddressWrongError,
    ("vertex", "withdrawn"): AddressWrongError,
}
EMPTY: Final = {"message": "You exceeded your current quota, please check your plan and billing."}


def _fixtures() -> list[dict[str, Any]]:
    """Say what it answers to what; the first that fits."""
    found: list[dict[str, Any]] = []

    def on(words: str, endpoint: str, response: Mapping[str, Any], **more: Any) -> None:
        match = {"userMessage": words, "endpoint": endpoint, **more}
        found.append({"match": match, "response": response})

    for endpoint in set(ENDPOINTS.values()):
        for mark, (status, error, _) in REFUSALS.items():
            on(mark, endpoint, {"error": error, "status": status, "retryAfter": 7})
        on("no_credit", endpoint, {"error": {**EMPTY, "code": "insufficient_quota"}, "status": 429})
    stopped = {"content": "No.", "finishReason": "content_filter"}
    on("error=sensitive", "chat", stopped)
    on("cut short", "chat", {**WORDS, "finishReason": "length"}, model=WRITER)
    for model in (
        "gemini-omni-1.1-flash",
        "gemini-omni-1.2-flash",
        "google/gemini-3.1-flash-image",
        WRITER,
    ):
        on(PLAIN, "chat", WORDS, model=model)
    # It has no pictures in generateContent, but sound goes over the wire in the very same part.
    on(PLAIN, "chat", {"audio": {"b64Json": DATA, "contentType": "image/png"}})
    for endpoint, response in ANSWERS.items():
        on(PLAIN, endpoint, response)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def witness() -> AsyncIterator[Witness]:
    """Run it once for all that is asked here."""
    install()
    async with witnessing() as running:
        await running.learn(_fixtures())
        yield running


@pytest.fixture(params=sorted(ENDPOINTS))
def name(request: pytest.FixtureRequest) -> str:
    """Go through the providers that it knows."""
    found: str = request.param
    return found


def unstreamed(name: str, order: HostedOrder) -> HostedOrder:
    """Ask it not to stream an interaction, as it does unless told.

    Google's own SDK tells nothing in that case and reads JSON: there it is wrong.
    """
    if name != "gemini_interactions":
        return order
    return replace(order, payload={**order.payload, "body": {**_body(order), "stream": False}})


def _body(order: HostedOrder) -> dict[str, Any]:
    return dict(order.payload["body"])


async def test_order_is_understood_and_its_answer_read(witness: Witness, name: str) -> None:
    """It hears our model and our words where it listens for them, and we read what it says."""
    async with witness.bench(name) as bench:
        order = unstreamed(name, await bench.order())
        submitted = await bench.provider.submit(order)
        polls = [await bench.provider.poll(submitted.ticket, bench.key)] if name == "fal" else []
        ended = await bench.followed(submitted.ticket, submitted.standing) if polls else None
    heard = next(each for each in (await witness.heard())[::-1] if each["method"] == "POST")
    assert heard["response"]["status"] == 200
    assert heard["body"]["_endpointType"] == ENDPOINTS[name]
    model = order.payload.get("model") or _body(order)["model"]
    assert heard["body"]["model"] == model
    assert PLAIN in str(heard["body"]["messages"])
    match name:
        case "openai" | "gemini":
            assert isinstance(submitted.standing, Made)
            assert submitted.standing.inline == (Delivered(PICTURE, "image/png"),)
        case "lovable":  # it has no pictures in a chat, which is a refusal
            assert isinstance(submitted.standing, Ended)
            assert "Here is your mug." in str(submitted.standing.error)
        case "fal":
            assert submitted.ticket.startswith(f"{model}/requests/")
            assert polls == [Pending()]
            assert ended == Made((RESULT["images"][0]["url"],))
        case _:  # of Google's operations and interactions it knows another way to read, or none
            assert submitted.ticket
            assert submitted.standing == Pending()


async def test_refusals_say_what_may_happen_next(witness: Witness, name: str) -> None:
    """A limit waits as long as asked, a 500 is in doubt, and a moderated order stays refused."""
    async with witness.bench(name) as bench:
        for mark, (_, _, expected) in REFUSALS.items():
            with pytest.raises(OTHERWISE.get((name, mark), expected)) as caught:
                await bench.provider.submit(await bench.order(mark))
            if mark.startswith("throttle"):
                assert isinstance(caught.value, BusyError)
                assert caught.value.retry_after_s == 7
        # its words are a mere limit at Google; of Vertex it answers in OpenAI's form, code and all
        empty = NoCreditError if name in {"openai", "vertex"} else BusyError
        with pytest.raises(empty):
            await bench.provider.submit(await bench.order("no_credit"))


@pytest.mark.parametrize("fault", ["malformed", "disconnect", "drop"])
async def test_lost_answers_leave_the_order_in_doubt(
    witness: Witness, name: str, fault: str
) -> None:
    """Nonsense, a cut connection and a 500 of its own making are never taken for a refusal."""
    async with witness.bench(name, **{f"x-aimock-chaos-{fault}": "1"}) as bench:
        in_googles_form = (name, fault) == ("gemini", "drop")
        with pytest.raises(BusyError if in_googles_form else SubmissionUnknownError):
            await bench.provider.submit(await bench.order())


async def test_it_reads_our_key(witness: Witness, name: str) -> None:
    """It finds the key where the provider would, and a wrong one is refused."""
    async with witness.bench(name) as bench:
        order = await bench.order()
        wrong = ProviderKey(bench.key.secret.replace(SECRET, "another"))
        with pytest.raises(KeyRefusedError, match=f"callsheet keys set {name}"):
            await bench.provider.submit(replace(order, key=wrong))


@pytest.mark.parametrize("chat", ["gemini", "lovable"])
async def test_filtered_answers_are_moderated(witness: Witness, chat: str) -> None:
    """An answer that its filter stopped is a success over HTTP, and moderated all the same."""
    async with witness.bench(chat) as bench:
        submitted = await bench.provider.submit(await bench.order("error=sensitive"))
    assert isinstance(submitted.standing, Ended)
    assert isinstance(submitted.standing.error, ModeratedError)


async def test_references_travel_in_a_form(witness: Witness) -> None:
    """It reads the words and the model out of the form that brings pictures to OpenAI."""
    mode = {"sha256": "0" * 64, "working": "0" * 64, "mode": "subject"}
    async with witness.bench("openai") as bench:
        submitted = await bench.provider.submit(await bench.order(references=[mode]))
    assert isinstance(submitted.standing, Made)
    assert (await witness.heard())[-1]["path"] == "/v1/images/edits"


async def test_queue_may_be_asked_anything(witness: Witness) -> None:
    """An unknown request of fal's, a spoilt answer, and stopping what has ended."""
    async with witness.bench("fal") as bench:
        submitted = await bench.provider.submit(await bench.order())
        await bench.followed(submitted.ticket, submitted.standing)
        await bench.provider.cancel(submitted.ticket, bench.key)
        with pytest.raises(BusyError, match="not as fal says"):  # nor does it
            await bench.provider.poll(f"{submitted.ticket}0", bench.key)
    async with witness.bench("fal", **{"x-aimock-chaos-malformed": "1"}) as bench:
        with pytest.raises(BusyError):
            await bench.provider.poll(submitted.ticket, bench.key)


async def test_spent_tokens_are_priced(witness: Witness) -> None:
    """Words instead of a picture cost what Google counts, at the card's rates."""
    async with witness.bench("gemini") as bench:
        order = await bench.order()
        rates = order.payload["rates"]
        model = "gemini-omni-1.1-flash"  # to which it answers in words
        told = await bench.provider.submit(
            replace(order, payload={**order.payload, "model": model})
        )
    assert isinstance(told.standing, Ended)
    assert isinstance(told.standing.error, RefusedError)
    micros = 20 * float(rates["in"]) + 9 * float(rates["image_out"])
    assert told.standing.cost == Money(int(-(-micros // 1)))


async def test_texts_are_read_and_priced(witness: Witness) -> None:
    """It hears what a text is asked for, and what it looks at; a text cut short is refused."""
    card = CATALOG.card("gemini/gemini-3-8-flash")
    seen = {"sha256": "0" * 64, "working": "0" * 64, "mode": "product"}
    more: dict[str, Any] = {"references": [seen], "system_instruction": "Be brief."}
    async with witness.bench("gemini") as bench:
        order = await bench.order(card=card, **more)
        made = (await bench.provider.submit(order)).standing
        heard = str((await witness.heard())[-1]["body"]["messages"])
        wish = {"prompt": f"{PLAIN}, cut short"}
        short = replace(order, payload=card.payload(card.inputs.model_validate(wish)))
        cut = (await bench.provider.submit(short)).standing
    assert isinstance(made, Made)
    assert made.inline == (Delivered(b"Here is your mug.", "text/plain"),)
    assert made.cost == Money(49)  # 20 tokens in at 0.75 dollars for a million, 9 out at 3.75
    assert "Be brief." in heard
    assert isinstance(cut, Ended)
    assert isinstance(cut.error, CutOffError)
