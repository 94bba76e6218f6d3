"""A brief as a value: what somebody wants to see, and what is fixed about it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from callsheet.ports.film import Colour, Known, RateText

SHORTEST_S, LONGEST_S = 5.0, 600.0
MOST_WORDS = 2_000
Quality = Literal["draft", "balanced", "quality"]
Ratio = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "4:5"]
Text = Annotated[str, Field(max_length=20_000)]
Short = Annotated[str, Field(max_length=200)]


class Brief(BaseModel):
    """What is to be made.

    `prompt` is the story in words. `voice_over` is what a narrator says, "" for the story's own
    sentences, "none" for silence. `music` is the bed's mood in words, "none" for none. `must_have`
    and `must_not` are things that must be seen, and must not. `height` is in pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Text
    title: Short = ""
    duration_s: Annotated[float, Field(ge=SHORTEST_S, le=LONGEST_S)] = 30.0
    aspect_ratio: Ratio = "16:9"
    rate: RateText = "24"
    height: Annotated[int, Field(ge=256, le=2_160)] = 1_080
    style: Short = ""
    mood: Short = ""
    audience: Short = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$|^$")] = ""
    must_have: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    must_not: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    known: Annotated[tuple[Known, ...], Field(max_length=50)] = ()
    voice_over: Text = ""
    music: Short = ""
    palette: Annotated[tuple[Colour, ...], Field(max_length=8)] = ()
    captions: bool = True
    quality: Quality = "balanced"


class Remark(BaseModel):
    """Something to know about a brief or a plan; `shot` names the shot it is about, "" for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    severity: Literal["note", "warning", "error"]
    message: str
    shot: str = ""
