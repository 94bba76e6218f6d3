"""What most models' forms have in common; a card says the rest, and narrows what it must."""

from typing import Annotated

from pydantic import BaseModel, Field

from callsheet.ports.pictures import ReferenceMode

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(ge=256, le=4096, description="pixels")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


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


class WideForm(Form, frozen=True):
    """A prompt and a size for a clip."""

    width: Side = 1920
    height: Side = 1080
