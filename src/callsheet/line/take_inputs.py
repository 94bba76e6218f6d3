"""From a row to the form of a model: what is filled in, and what was set by name."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from callsheet.jobs.model import Shot
from callsheet.kernel.digests import digest_of
from callsheet.kernel.money import Money
from callsheet.ports.models import ModelCard

_SEED_BITS: Final = 32
HOSTED_MODEL: Final = "hosted_model"  # an input of composites: who is asked first
# What `take_inputs` fills in from a row: nobody sets it by name, and this is said to who tries.
FILLED: Final[Mapping[str, str]] = {
    "prompt": "the column prompt sets it",
    "width": "the column size sets it",
    "height": "the column size sets it",
    "references": "the column references sets them",
    "variants": "the column variants sets it",
    # one that is set would make all variants alike; single generations set it
    "seed": "it follows from the row and the variant, so that variants differ and a run repeats",
    HOSTED_MODEL: "the column method and the settings of composites choose it",
    **dict.fromkeys(("answered", "fell_back"), "it is filled in from what a hosted model answers"),
    **dict.fromkeys(
        ("scene", "variant", "notes", "pictures", "most"), "it is filled in from the row"
    ),
}


def take_inputs(
    wanted: ModelCard,
    card: ModelCard,
    shot: Shot,
    variant: int,
    again: int = 0,
    told: Sequence[str] = (),
) -> dict[str, Any]:
    """Fill a model's form from a row. The seed follows from what is asked, so it repeats.

    Inputs that were set by name are the wanted model's: it gets all of them, so that one which it
    does not have is refused; a preview takes those that it can show. What is made `again` because
    it failed gets another seed, and in its prompt what it is `told`.
    """
    asked: dict[str, Any] = {"prompt": shot.prompt, "scene": shot.scene_id, "row": shot.row}
    asked |= {"variant": variant, "again": again} if again else {"variant": variant}
    seed = int(digest_of(asked)[: _SEED_BITS // 4], 16)
    offered: dict[str, Any] = {
        "prompt": " ".join([shot.prompt, *told]) if told else shot.prompt,
        "width": shot.width,
        "height": shot.height,
        "seed": seed,
        "references": list(shot.references.kept)[: card.max_references],
        "scene": shot.scene_id,
        "variant": variant,
        "variants": shot.variants,
        "notes": [] if wanted is card else [wanted.title],
        "pictures": len(shot.references.kept or shot.inputs.get("references", ())),
        "most": str(Money(shot.quoted.micros // shot.variants)),
    }
    if wanted is card:
        named, offered = dict(shot.inputs), {**offered, **shot.inputs}
    else:
        named, offered = {}, {**shot.inputs, **offered}
    known = card.inputs.model_fields
    return {**{name: value for name, value in offered.items() if name in known}, **named}
