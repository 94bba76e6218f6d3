"""What we state of a file: who made it how, of what. Nothing is made up, and no prompt is told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from callsheet.assets.model import Asset, extension_of
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.ports.models import IN_PROCESS, Kind
from callsheet.ports.provenance import Ingredient, Relationship, SourceType, Statement
from callsheet.takes.model import Take

_MODELS: Final = frozenset({SourceType.MODEL, SourceType.MODEL_COMPOSITE})
# of a picture that was there before, a model changes a part
_CHANGES: Final = frozenset({Kind.COMPOSITE, Kind.UPSCALE, Kind.BACKGROUND_REMOVAL})
_PRODUCT: Final = "product"
_SAID: Final = {
    SourceType.MODEL: "Made by a trained model",
    SourceType.MODEL_COMPOSITE: "Composed of pictures, with parts that a trained model made",
    SourceType.COMPOSITE: "Composed of pictures by a program that is no trained model",
    SourceType.ALGORITHM: "A preview drawn by a program that is no trained model",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A reference that a take used: its name, its mode, and whether a model is known to be in it.

    `manifest` tells of its own manifest: its state, and its name where it has one.
    """

    sha256: Sha256
    mode: str
    content: bytes
    media_type: str
    by_model: bool
    manifest: Mapping[str, Any]


def references_of(take: Take) -> list[tuple[Sha256, str]]:
    """List the references of a take with their modes, each once, in order."""
    listed = take.inputs.get("references") or ()
    found = {
        Sha256(each["sha256"]): str(each.get("mode", ""))
        for each in listed
        if isinstance(each, Mapping) and each.get("sha256")
    }
    return list(found.items())


def source_type_of(take: Take, modes: Collection[str], *, by_model: bool) -> SourceType:
    """Say how a take's file came about; `by_model` is whether a model made one of its references.

    A hosted model makes its picture anew, however references guide it, unless it changes one that
    is there: a product is placed, a background cut away. What we draw ourselves no model made.
    """
    if take.provider in IN_PROCESS:
        if not modes:
            return SourceType.ALGORITHM
        return SourceType.MODEL_COMPOSITE if by_model else SourceType.COMPOSITE
    changes = take.flight.use in _CHANGES or _PRODUCT in modes
    return SourceType.MODEL_COMPOSITE if changes else SourceType.MODEL


def ingredients_of(take: Take, used: Sequence[Used]) -> list[Ingredient]:
    """Word what went in: we place pictures, a model is given them."""
    placed = take.provider in IN_PROCESS
    relationship = Relationship.COMPONENT if placed else Relationship.INPUT
    return [
        Ingredient(
            sha256=each.sha256,
            title=f"{each.sha256[:16]}.{extension_of(each.media_type)}",
            media_type=each.media_type,
            relationship=relationship,
            role=each.mode,
            content=each.content,
        )
        for each in used
    ]


def statement_of(asset: Asset, take: Take, used: Sequence[Used], version: str) -> Statement:
    """Word what we state of a take's file."""
    modes = [each.mode for each in used]
    source_type = source_type_of(take, modes, by_model=any(each.by_model for each in used))
    facts = {
        "take": take.id,
        "model": take.model,
        "provider": take.provider,
        "promptSha256": sha256_of(str(take.inputs.get("prompt", "")).encode()),
        "inputsSha256": take.digests.inputs,
        "unsignedSha256": asset.sha256,
        "digitalSourceType": source_type.term,
        "ingredients": [
            {"sha256": each.sha256, "role": each.mode, "manifest": dict(each.manifest)}
            for each in used
        ],
    }
    return Statement(
        uuid=str(uuid4()),
        title=f"{asset.sha256[:16]}.{extension_of(asset.media_type)}",
        media_type=asset.media_type,
        source_type=source_type,
        description=_SAID[source_type],
        made_at=take.times.finished_at or asset.created_at,
        software=take.model,
        generator=version,
        facts=facts,
    )


def is_by_model(maker: Take | None, source_types: Collection[str]) -> bool:
    """Tell whether a model made a file: by the take that made it, or by what its manifest says."""
    said = {each.value for each in _MODELS} & set(source_types)
    return bool(said) or (maker is not None and maker.provider not in IN_PROCESS)
