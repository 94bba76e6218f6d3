"""The models that the simulated Runware offers, with the prices of its price list.

Where the list has no price, what its partners ask elsewhere is taken.
"""

from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model, Spoken

_TASK = {
    **dict.fromkeys(("taskType", "taskUUID", "model"), Field("string", required=True)),
    **dict.fromkeys(("deliveryMethod", "outputFormat", "outputType"), Field("string")),
    "includeCost": Field("boolean"),
    "numberResults": Field("integer"),
    "upscaleFactor": Field("integer"),
    "webhookURL": Field("string"),
    "positivePrompt": Field("string", required=True),
    "width": Field("integer", least=128, most=4096),
    "height": Field("integer", least=128, most=4096),
    "seed": Field("integer"),
    "inputs.referenceImages": Field("array", uri=True),
    "inputs.frameImages": Field("array", uri=True),
    "inputs.image": Field("string"),
    "resolution": Field("string"),
    "audio": Field("boolean", default=True),
    "steps": Field("integer", default=28, least=1, most=100),
}


_SPEECH = {
    **{name: known for name, known in _TASK.items() if known.type != "array"},
    "positivePrompt": Field("string"),
    "prompt": Field("string", required=True),
    "speech.text": Field("string", required=True),
    "speech.voice": Field("string"),
}


def _offer(
    name: str, unit: str, makes: Makes = Makes.PICTURE, *, words: bool = True, **more: Any
) -> Model:
    run_s = 60.0 if makes is Makes.CLIP else 2.0
    fields = {**_TASK, **({"duration": Field("number", default=5)} if makes is Makes.CLIP else {})}
    if not words:
        del fields["positivePrompt"]
    return Model("", name, name, Money.usd(unit), run_s, fields, makes, **more)


def _clip(name: str, unit: str, **more: Any) -> Model:
    return _offer(name, unit, Makes.CLIP, **more)


def _veo(name: str, silent: str, heard: str) -> Model:
    return _clip(name, silent, unit_with_audio=Money.usd(heard), heard_by="audio")


OFFERED = (
    _offer("runware:101@1", "0.0038", usual_work=1024 * 1024 * 28),
    _offer("runware:100@1", "0.0006"),
    _offer("runware:400@1", "0.0134"),
    _offer("bytedance:5@0", "0.03"),
    _veo("google:3@2", "0.20", "0.40"),
    _veo("google:3@3", "0.10", "0.15"),
    _clip("bytedance:2@1", "0.10"),
    _clip("bytedance:2@2", "0.05"),
    _clip("bytedance:seedance@2.0", "0.30"),
    _clip("bytedance:1@1", "0.04"),
    _clip("klingai:5@3", "0.28"),
    _clip("klingai:6@1", "0.07"),
    _clip("minimax:4@1", "0.28", by_clip=True, rated_by="width", rates={"1920": Money.usd("0.49")}),
    _offer("runware:501@1", "0.01", words=False),
    _offer("runware:112@5", "0.005", words=False),
    Spoken("", "minimax:speech@2.8", "speech", Money.usd("0.10"), 2.0, _SPEECH, Makes.AUDIO),
)
