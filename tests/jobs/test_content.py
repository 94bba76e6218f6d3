"""What a shot shows, by digest."""

from typing import Any

import pytest
from tests.support.rooms import a_job, a_shot, altered

from callsheet.jobs.content import content_digest

JOB = a_job()
SHOT = a_shot(JOB, inputs={"seed": 1, "style": "oil"})


@pytest.mark.parametrize(
    "other",
    [
        {"model": "runware/flux-schnell"},
        {"inputs": {"seed": 2, "style": "oil"}},
        {"scene_id": "another"},
        {"variants": 3},
        {"order_key": "x"},
        {"extra": {"column": "cell"}},
    ],
)
def test_chance_and_place_do_not_count(other: dict[str, Any]) -> None:
    """Another model, seed, scene or place shows the same."""
    assert content_digest(altered(SHOT, **other)) == content_digest(SHOT)


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "a blue boat"},
        {"width": 512},
        {"duration_s": 3.0},
        {"inputs": {"seed": 1, "style": "ink"}},
        {"kept": ({"sha256": "a" * 64, "working": "b" * 64, "mode": "subject"},)},
    ],
)
def test_what_is_seen_counts(other: dict[str, Any]) -> None:
    """Words, size, length, inputs and references make another content."""
    assert content_digest(altered(SHOT, **other)) != content_digest(SHOT)


def test_only_direct_upstream_counts() -> None:
    """What a shot begins from is part of it; what that begins from is not."""
    first, second = a_shot(JOB, 1), altered(a_shot(JOB, 2), depends_on=(1,))
    third = altered(a_shot(JOB, 3), depends_on=(2,))
    changed = altered(first, prompt="night")
    assert content_digest(second, [first]) != content_digest(second, [changed])
    assert content_digest(second, [first]) != content_digest(second)
    assert content_digest(third, [second]) == content_digest(
        third, [altered(second, depends_on=())]
    )
