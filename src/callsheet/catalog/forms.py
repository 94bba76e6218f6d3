"""What most models' forms have in common; a card says the rest, and narrows what it must."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from callsheet.catalog.shapes import Bounds, SizeNotOfferedError, worded
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.pictures import ReferenceMode

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(ge=256, le=4096, description="pixels")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
FRAMES = (ReferenceMode.FIRST_FRAME, ReferenceMode.LAST_FRAME)


class Reference(BaseModel, extra="forbid", frozen=True):
    """A picture of ours that guides a model."""

    sha256: Sha256
    working: Sha256
    mode: ReferenceMode = ReferenceMode.SUBJECT


class Form(BaseModel, extra="forbid", frozen=True):
    """A prompt, and a size in pixels from which a model takes the shape that it offers."""

    prompt: Annotated[str, Field(min_length=1, max_length=8_000)]
    width: Side = 1024
    height: Side = 1024


class BoundedForm(Form, frozen=True):
    """A prompt, and a size in pixels that is made as it is, within bounds on the whole of it."""

    whole: ClassVar[Bounds]

    @model_validator(mode="after")
    def _size_fits(self) -> Self:
        bounds, size = bounds_of(type(self)), (self.width, self.height)
        if not bounds.hold(*size):
            raise SizeNotOfferedError(*size, worded(bounds.nearest(*size)))
        return self


class WideForm(Form, frozen=True):
    """A prompt and a size for a clip."""

    width: Side = 1920
    height: Side = 1080


class FramedForm(WideForm, frozen=True):
    """A clip that may begin with a given frame, and end with another."""

    references: tuple[Reference, ...] = ()

    @model_validator(mode="after")
    def _frames_fit(self) -> Self:
        modes = [each.mode for each in self.references]
        frames = [modes.count(mode) for mode in FRAMES]
        if max(frames) > 1:
            raise ValueError("a clip has one first frame and one last frame")
        if frames == [0, 1]:
            raise ValueError("a last frame needs a first frame")
        return self


class ShownForm(FramedForm, frozen=True):
    """A clip that has such frames, or shows what other references show, but not both."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if len({each.mode in FRAMES for each in self.references}) > 1:
            raise ValueError("frames and other references exclude each other")
        return self


class GivenForm(BaseModel, extra="forbid", frozen=True):
    """One picture that is worked on; words are for the sheet, as far as a card says nothing else.

    What comes out follows from the picture, whatever size is asked for.
    """

    prompt: Annotated[str, Field(max_length=8_000)] = ""
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


@functools.cache
def bounds_of(inputs: type[BaseModel]) -> Bounds:
    """Read from a form what sizes in pixels it takes."""
    told = inputs.model_json_schema()["properties"]["width"]
    return replace(
        getattr(inputs, "whole", Bounds()),
        least_side=told["minimum"],
        most_side=told["maximum"],
        step=told.get("multipleOf", 1),
    )


def slots(references: Sequence[Reference], *modes: ReferenceMode) -> list[ReferenceSlot]:
    """Name the places of those references that are meant in one of some modes."""
    return [ReferenceSlot.at(place) for place, each in enumerate(references) if each.mode in modes]
