"""The cost of work on GPUs of one's own: the formula's figures, its directions, its bounds."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.catalog.own_gpus import Framework, GpuTier, GpuWork, Quantization
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.money import Money

WORK = GpuWork(complexity=1.0, duration_s=10.0)
works = st.builds(
    GpuWork,
    complexity=st.floats(0, 1),
    duration_s=st.floats(0.01, 3_600),
    quantization=st.sampled_from(Quantization),
    tier=st.sampled_from(GpuTier),
    batch_size=st.integers(1, 64),
    gpus=st.integers(1, 8),
    framework=st.sampled_from(Framework),
    spot=st.booleans(),
)


def test_reference_work_costs_its_seconds() -> None:
    """Ten seconds of an A100 at 1.79 dollars an hour, and a quarter of it for the simplest work."""
    assert WORK.seconds == 10.0
    assert WORK.cost() == Money(4_973)
    assert replace(WORK, complexity=0.0).seconds == 2.5
    assert Money.per_hour(10.0, WORK.usd_per_hour) == WORK.cost()


def test_each_parameter_has_its_figure() -> None:
    """What the sources say of each, beside the reference."""
    assert replace(WORK, framework=Framework.TENSORRT).seconds == pytest.approx(7.0)
    assert replace(WORK, quantization=Quantization.FP32).seconds == pytest.approx(20.0)
    assert replace(WORK, tier=GpuTier.T4).seconds == pytest.approx(48.0)
    assert replace(WORK, tier=GpuTier.H100).seconds == pytest.approx(4.796, rel=1e-3)
    assert replace(WORK, batch_size=4).seconds == pytest.approx(10 * 4**0.85)
    assert replace(WORK, gpus=4).seconds == pytest.approx(10 / 4**0.9)
    assert replace(WORK, spot=True).cost() == Money(2_984)


@given(works)
def test_directions_are_right(work: GpuWork) -> None:
    """Spot is cheaper, a batch is cheaper by the item, more GPUs are faster and never cheaper."""
    assert replace(work, spot=True).cost() <= replace(work, spot=False).cost()
    doubled = replace(work, batch_size=work.batch_size * 2)
    assert doubled.cost_of_one() <= work.cost_of_one()
    more = replace(work, gpus=work.gpus * 2)
    assert more.seconds < work.seconds
    assert more.cost() >= work.cost()
    assert work.cost() >= Money(0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("complexity", 1.1),
        ("complexity", -0.1),
        ("complexity", float("nan")),
        ("duration_s", float("inf")),
        ("batch_size", 0),
        ("gpus", 65),
    ],
)
def test_impossible_work_is_named(name: str, value: float) -> None:
    """A parameter out of its range is refused with the range."""
    given: dict[str, Any] = {"complexity": 1.0, "duration_s": 10.0, name: value}
    with pytest.raises(InvalidInputError, match=f"{name}: must be from"):
        GpuWork(**given)
