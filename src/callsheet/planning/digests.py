"""Digests of shots: what one shows, and exactly what one was asked for.

A changed model or seed leaves `content_digest` as it is, so nothing that was paid for becomes old
by a setting.
"""

from collections.abc import Mapping
from typing import Any, Final

from callsheet.kernel.digests import Sha256, digest_of
from callsheet.ports.film import FilmPlan

_SEEN: Final = {"setup", "parent", "variation", "size", "angle", "move", "subject", "action",
                "lighting", "prompt", "known", "continuity"}  # fmt: skip


def content_digest(plan: FilmPlan, shot_id: str) -> Sha256:
    """Digest what a shot shows, with what of the bible is in it. Raises KeyError."""
    shot = next(each for each in plan.shots if each.id == shot_id)
    scene = plan.scene_of(shot_id)
    known = [each.model_dump(mode="json") for each in plan.bible if each.name in shot.known]
    return digest_of(
        {
            "shot": shot.model_dump(mode="json", include=set(_SEEN)),
            "scene": [scene.place, scene.time, scene.light_side],
            "style": plan.style,
            "known": known,
        }
    )


def inputs_digest(plan: FilmPlan, shot_id: str, model: str, inputs: Mapping[str, Any]) -> Sha256:
    """Digest exactly what is ordered of a model for a shot."""
    return digest_of(
        {"content": content_digest(plan, shot_id), "model": model, "inputs": dict(inputs)}
    )
