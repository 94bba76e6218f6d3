"""The tables of a job's moves and sums, tried with everything that can be asked of them."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rooms import a_job, a_shot

from callsheet.jobs.errors import IllegalMoveError
from callsheet.jobs.model import (
    DONE,
    FINISHED,
    JOB_MOVES,
    Counts,
    JobStatus,
    ShotStatus,
    check_move,
    finished_status,
    shot_id,
    shot_status,
)

SMALL = st.integers(0, 5)
COUNTS = st.builds(Counts, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL)


@given(st.sampled_from(JobStatus), st.sampled_from(JobStatus))
def test_only_moves_of_the_table_are_allowed(status: JobStatus, to: JobStatus) -> None:
    """Staying is no move, the table's moves pass, and every other is refused by name."""
    job = a_job(status=status)
    if to == status or to in JOB_MOVES[status]:
        check_move(job, to)
        return
    with pytest.raises(IllegalMoveError) as caught:
        check_move(job, to)
    assert (caught.value.name, caught.value.status, caught.value.to) == (job.id, status, to)
    assert job.id in str(caught.value)


def test_the_table_knows_every_state() -> None:
    """Every state has its moves, and work can always be cancelled or go on to an end."""
    assert set(JOB_MOVES) == set(JobStatus)
    for status in set(JobStatus) - FINISHED:
        assert JobStatus.CANCELLED in JOB_MOVES[status]
    assert not JOB_MOVES[JobStatus.SUCCEEDED]
    assert not JOB_MOVES[JobStatus.CANCELLED]


@given(st.data())
def test_every_path_can_end(data: st.DataObject) -> None:
    """From wherever legal moves lead, a finished state is at most two moves away."""
    status = JobStatus.QUEUED
    for _ in range(data.draw(st.integers(0, 12))):
        if not JOB_MOVES[status]:
            assert status in FINISHED
            break
        status = data.draw(st.sampled_from(sorted(JOB_MOVES[status])))
    ahead = {status} | JOB_MOVES[status]
    ahead |= {beyond for near in ahead for beyond in JOB_MOVES[near]}
    assert ahead & FINISHED


@given(COUNTS, st.integers(0, 3))
def test_how_a_job_ends(counts: Counts, failed_rows: int) -> None:
    """Nothing failed: succeeded. Something did: partial if there is any picture, else failed."""
    status = finished_status(counts, failed_rows)
    spotless = counts.failed == 0 and failed_rows == 0
    assert (status is JobStatus.SUCCEEDED) == spotless
    if not spotless:
        assert (status is JobStatus.PARTIAL) == (counts.succeeded > 0)
    assert status in FINISHED


# queued, running, in_doubt, succeeded, failed, cancelled -> the row
ROWS = [
    ((3, 0, 0, 0, 0, 0), ShotStatus.QUEUED),
    ((2, 1, 0, 0, 0, 0), ShotStatus.RUNNING),
    ((2, 0, 0, 1, 0, 0), ShotStatus.RUNNING),
    ((0, 0, 1, 2, 0, 0), ShotStatus.RUNNING),
    ((0, 0, 0, 3, 0, 0), ShotStatus.SUCCEEDED),
    ((0, 0, 0, 2, 1, 0), ShotStatus.PARTIAL),
    ((0, 0, 0, 0, 3, 0), ShotStatus.FAILED),
    ((0, 0, 0, 1, 0, 2), ShotStatus.CANCELLED),
    ((0, 0, 0, 1, 1, 1), ShotStatus.CANCELLED),
    ((0, 1, 0, 0, 2, 1), ShotStatus.RUNNING),
]


@pytest.mark.parametrize(("counts", "status"), ROWS)
def test_how_a_row_stands(counts: tuple[int, ...], status: ShotStatus) -> None:
    """A row is the sum of its takes, by this table."""
    assert shot_status(Counts(*counts)) is status


@given(COUNTS)
def test_a_row_with_open_takes_is_open(counts: Counts) -> None:
    """A row has ended exactly when it has takes and none of them is open."""
    ended = shot_status(counts) not in (ShotStatus.QUEUED, ShotStatus.RUNNING)
    assert ended == (counts.total > 0 and counts.open == 0)


@given(COUNTS, st.sampled_from(JobStatus))
def test_progress_is_a_share(counts: Counts, status: JobStatus) -> None:
    """Progress lies between 0 and 1, and is 1 for whatever has finished."""
    job = a_job(takes=counts, status=status)
    assert 0 <= job.progress <= 1
    assert status not in FINISHED or job.progress == 1
    assert counts.total == sum(asdict(counts).values())


def test_when_nothing_more_happens() -> None:
    """A job has ended when it is delivered or a defect stopped it, not when it is cancelled."""
    assert a_job(status=JobStatus.SUCCEEDED, stage=DONE).ended
    assert a_job(status=JobStatus.FAILED, stage="render").ended
    assert not a_job(status=JobStatus.CANCELLED, stage="deliver").ended


def test_a_shot_is_named_by_its_job_and_row() -> None:
    """Two rows of one job have different names over the API."""
    job = a_job()
    assert a_shot(job, 7).id == shot_id(job.id, 7) == f"{job.id}-7"
