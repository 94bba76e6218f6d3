"""What tests of the simulated Replicate ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.sim.simulated import Receiver, Simulated, quick, receiving, simulating


@pytest.fixture
async def sim() -> AsyncIterator[Simulated]:
    """Serve a simulator that does everything at once."""
    async with simulating(quick()) as simulated:
        yield simulated


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Listen for webhooks."""
    async with receiving() as listening:
        yield listening
