"""The crash matrix on one provider of each kind: at once, by looking, by webhook, by our own id.

Which points a take passes depends on the kind, so that each is run once without a kill. It takes
minutes: `pytest --all`.
"""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.hosted.test_crash_matrix import POINTS, start_worker
from tests.hosted.test_recourses import decide, killed, order_one, orders, served
from tests.support.processes import stop
from tests.support.scale import scaled
from tests.support.truth import check_books

KINDS = {
    "openai": "openai/gpt-image-2",  # the picture comes in the answer; nobody finds a lost one
    "runway": "runway/muse-image",  # followed by looking; nobody finds a lost one either
    "fal": "fal/flux-schnell",  # called back, found by the webhook
    "runware": "runware/flux-dev",  # ordered under an id of ours, found by it
}
NOTHING_SENT = ("intend/after commit", "send/before submit")
SENT = ("send/while submitting", "send/after submit", "_write_tickets/before commit")
BY_NOBODY = ("openai", "runway")
NO_PROOF_OF_ABSENCE = (*BY_NOBODY, "fal")


def points_of(folder: Path, name: str) -> list[str]:
    """Run without a kill; the points of the matrix that such a take passes."""
    with served(folder, name) as (server, _):
        worker = start_worker(server.place, "points")
        server.wait_for(order_one(server, KINDS[name]), ["succeeded"])
        assert stop(worker) == 0
    passed = set((folder / "points").read_text().splitlines())
    return [point for point in POINTS if point in passed]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", scaled([], sorted(KINDS)))
def test_every_point_is_survived(tmp_path: Path, name: str) -> None:
    """Ordered once, paid once, made once; what nobody can know waits for a person."""
    (tmp_path / "first").mkdir()
    points = points_of(tmp_path / "first", name)
    assert {*NOTHING_SENT, *SENT} <= {*points}
    for number, point in enumerate(points):
        folder = tmp_path / str(number)
        folder.mkdir()
        with killed(folder, name, KINDS[name], point) as (server, sim, job):
            kept = name == "openai" and point == "_write_tickets/before commit"
            lost = name in BY_NOBODY and point in SENT and not kept
            if lost:
                decide(server, job, "--spent")
            elif name in NO_PROOF_OF_ABSENCE and point in NOTHING_SENT:
                decide(server, job, "--never-ordered")
            state = server.wait_for(job, ["failed" if lost else "succeeded"])
            ordered = orders(sim)
            check_books(server.place.database_url, job)
        cost = state["cost"]
        assert (len(ordered), cost["held"]) == (1, "0.000000"), (point, ordered, cost)
        charged = Decimal(cost["charged"]) * 1_000_000
        assert charged == ordered[0]["charged_micros"] or lost, (point, cost)
