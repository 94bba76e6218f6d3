"""What a team finds usual: robust centre and spread, and what is said of what is far from it."""

from statistics import NormalDist

import pytest

from callsheet.ports.findings import Finding, Severity, Status
from callsheet.quality.usual import ENOUGH, Usual, unusual_in, usual_of, values_of


def measured(check: str, value: float | str | None, unit: str = "") -> Finding:
    """Word a finding that passed."""
    return Finding(check, 1, Status.PASS, Severity.MAJOR, "", value=value, unit=unit)


def test_centre_and_spread_of_a_normal_distribution() -> None:
    """They come to its mean and deviation, and a few odd takes move neither by much."""
    values = NormalDist(20.0, 2.0).samples(4_000, seed=7)
    clean, spoilt = usual_of(values), usual_of([*values, *[1e6] * 200])
    assert clean is not None
    assert spoilt is not None
    assert (clean.centre, clean.spread) == pytest.approx((20.0, 2.0), abs=0.1)
    assert (spoilt.centre, spoilt.spread) == pytest.approx((20.0, 2.0), abs=0.25)


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0], [0.0] * 40])
def test_nothing_is_usual_yet(values: list[float]) -> None:
    """Too few takes, or nothing but nothing."""
    assert usual_of(values) is None


def test_equal_values_leave_room() -> None:
    """Takes that are all alike do not make every other one odd."""
    assert usual_of([10.0] * 20) == Usual(10.0, 0.5, 20)


@pytest.mark.parametrize(
    ("value", "takes", "asks", "said"),
    [
        (1.2, 30, False, ""),
        (2.9, 30, True, "It has 2.9 times the usual blur (over 30 takes of this model and size"),
        (2.9, ENOUGH - 1, False, "with 12 of them this will say more"),
        (1.6, 30, False, "It has 1.6 times the usual blur"),
        (0.2, 30, False, "Its blur is 0.2 px, where 1 is usual"),
    ],
)
def test_what_is_far_from_it_is_said(value: float, takes: int, *, asks: bool, said: str) -> None:
    """As a ratio where there is one; a person looks only where enough takes were approved."""
    found = unusual_in([measured("blur", value, "px")], {"blur": Usual(1.0, 0.1, takes)})
    assert found.asks is asks
    assert [said in each.sentence for each in found.observations] == [True] * bool(said)


def test_words_have_no_centre() -> None:
    """Only numbers are compared."""
    findings = [measured("codec", "h264"), measured("size", None), measured("blur", 2)]
    assert values_of(findings) == {"blur": 2.0}
