"""What the vendors' own clients send, and what they must find in an answer to read it.

Seen on the wire: openai 3.57.0, google-genai 3.6.1, fal-client 1.0.3, runwayml 5.24.0 and runware
0.5.24. None of it is what our adapters send, so nothing else here would notice if it were lost.
"""

import base64
import json
import uuid
from typing import Any

from tests.contracts.providers import Bench, bench_of
from tests.sim.simulated import picture

# A picture, and after it bytes that nobody reads, whose base64 has letters that differ in URLs.
BYTES = picture(512, 512) + bytes(range(256))


async def said(bench: Bench, path: str, body: Any, status: int = 200) -> Any:
    """Post something as a client does; gives the answer's JSON."""
    key, name = bench.key.secret, bench.name
    scheme = "Key" if name == "fal" else "Bearer"
    headers = {"authorization": f"{scheme} {key}", "x-goog-api-key": key}
    more = {"x-runway-version": "2024-11-06"} if name == "runway" else {}
    answer = await bench.http.post(path, json=body, headers={**headers, **more})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_google_writes_base64_and_names_in_its_own_way() -> None:
    """A picture comes as URL-safe base64 with its type in snake case; what is neither is a 400."""
    path = "/v1/models/gemini-3.1-flash-image:generateContent"
    picture = {"data": base64.urlsafe_b64encode(BYTES).decode(), "mime_type": "image/png"}
    parts: list[Any] = [{"text": "a red mug"}, {"inlineData": picture}]
    asked = {
        "contents": [{"parts": parts, "role": "user"}],
        "generationConfig": {"responseModalities": ["IMAGE"]},
    }
    async with bench_of("gemini") as bench:
        told = await said(bench, path, asked)
        assert told["usageMetadata"]["promptTokenCount"] > 200  # the picture was counted
        parts[1] = {"inlineData": {"data": "AAAA"}}
        await said(bench, path, asked, 400)


async def test_google_writes_schemas_and_thinking_in_its_own_way() -> None:
    """Types are in capitals, a level's name is in snake case, and an answer fits the schema."""
    config = {
        "responseMimeType": "application/json",
        "responseSchema": {
            "type": "OBJECT",
            "properties": {"verdict": {"type": "STRING"}, "score": {"type": "INTEGER"}},
        },
        "thinkingConfig": {"thinking_level": "LOW"},
    }
    asked = {"contents": [{"parts": [{"text": "judge"}]}], "generationConfig": config}
    async with bench_of("gemini") as bench:
        told = await said(bench, "/v1/models/gemini-3.8-flash:generateContent", asked)
        [part] = told["candidates"][0]["content"]["parts"]
        assert json.loads(part["text"]) == {"verdict": "judge", "score": 7}
        assert told["usageMetadata"]["thoughtsTokenCount"] == 48
        config["thinkingConfig"] = {"thinkingLevel": "SOME"}
        await said(bench, "/v1/models/gemini-3.8-flash:generateContent", asked, 400)


async def test_google_wraps_what_is_asked_into_a_step() -> None:
    """An interaction's blocks come inside a step, or as words alone; nothing is asked of nobody."""
    blocks = [{"type": "text", "text": "a kettle"}]
    asked = {
        "model": "gemini-omni-1.1-flash",
        "background": True,
        "response_format": [{"type": "video"}],
    }
    async with bench_of("gemini_interactions") as bench:
        for given in ([{"type": "user_input", "content": blocks}], blocks, "a kettle"):
            told = await said(bench, "/v1/interactions", {**asked, "input": given})
            assert {"id", "status", "created", "updated", "steps"} <= told.keys()
        await said(bench, "/v1/interactions", {**asked, "input": []}, 400)
        assert len({order["input_sha256"] for order in await bench.book()}) == 1


async def test_openai_sends_one_picture_under_another_name() -> None:
    """A form with one picture calls it `image`, not `image[]`."""
    form = {"model": "gpt-image-2", "prompt": "blue", "quality": "low", "size": "1024x1024"}
    async with bench_of("openai") as bench:
        headers = {"authorization": f"Bearer {bench.key.secret}"}
        files = {"image": ("a.png", BYTES, "image/png")}
        answer = await bench.http.post("/v1/images/edits", data=form, files=files, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["usage"]["input_tokens_details"]["image_tokens"] > 0


async def test_fal_tells_a_place_in_the_queue() -> None:
    """Its client reads no status without one."""
    async with bench_of("fal") as bench:
        order = await bench.order("queue=9")
        submitted = await bench.provider.submit(order)
        headers = {"authorization": f"Key {bench.key.secret}"}
        status = (await bench.http.get(f"/{submitted.ticket}/status", headers=headers)).json()
    assert status["status"] == "IN_QUEUE"
    assert isinstance(status["queue_position"], int)


async def test_runway_takes_an_address_for_the_first_frame() -> None:
    """A first frame may be its address alone."""
    asked = {
        "model": "gen4_turbo",
        "promptText": "x",
        "promptImage": f"data:image/png;base64,{base64.b64encode(BYTES).decode()}",
        "ratio": "1280:720",
        "duration": 5,
    }
    async with bench_of("runway") as bench:
        assert (await said(bench, "/v1/image_to_video", asked))["estimatedCost"]


async def test_runware_waits_and_names_the_task_it_refuses() -> None:
    """A picture is waited for unless told otherwise, and an error says whose it is."""
    number = str(uuid.uuid4())
    task = {
        "taskType": "imageInference",
        "taskUUID": number,
        "model": "runware:100@1",
        "positivePrompt": "a red mug",
        "width": 512,
        "height": 512,
    }
    async with bench_of("runware") as bench:
        [made] = (await said(bench, "/v1", [task]))["data"]
        assert made["imageURL"]
        [error] = (await said(bench, "/v1", [task], 400))["errors"]
        assert (error["code"], error["taskUUID"]) == ("conflictTaskUUID", number)
        other = {**task, "taskUUID": str(uuid.uuid4()), "positivePrompt": "[[sim: refuse]]"}
        [error] = (await said(bench, "/v1", [other], 400))["errors"]
        assert error["taskUUID"] == other["taskUUID"]
