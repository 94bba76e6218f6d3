"""What a shot shows, by digest: whether what was approved, or made, is still what is asked for."""

from collections.abc import Sequence
from typing import Any, Final

from callsheet.jobs.model import Shot
from callsheet.kernel.digests import Sha256, digest_of

_OF_CHANCE: Final = "seed"  # another one shows the same thing in another way


def content_digest(shot: Shot, upstream: Sequence[Shot] = ()) -> Sha256:
    """Digest what a shot shows and its direct upstream: without provider, model and seed.

    `upstream` are the shots that it depends on, in the order in which it names them: what they
    show themselves counts, not what they depend on.
    """
    return digest_of({**_shown(shot), "upstream": [digest_of(_shown(each)) for each in upstream]})


def _shown(shot: Shot) -> dict[str, Any]:
    return {
        "prompt": shot.prompt,
        "width": shot.width,
        "height": shot.height,
        "duration_s": shot.plan.duration_s,
        "references": [
            {"sha256": each.get("sha256"), "mode": each.get("mode")}
            for each in shot.references.kept
        ],
        "inputs": {name: value for name, value in shot.inputs.items() if name != _OF_CHANCE},
    }
