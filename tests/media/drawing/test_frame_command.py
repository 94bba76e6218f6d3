"""`callsheet frame`: a picture from a description, and what was understood of it."""

from pathlib import Path

import pytest
from tests.media.drawing.pictures import opened
from typer.testing import CliRunner

from callsheet.cli.alone import app
from callsheet.cli.frame import PromptError

RAINCOAT = "A dog in a yellow raincoat jumps over a puddle, no text"


def test_frame_is_written_and_explained(tmp_path: Path) -> None:
    """It says who does what, what was left out and what it does not know."""
    out = tmp_path / "dog.png"
    result = CliRunner().invoke(
        app,
        ["frame", RAINCOAT, "--explain", "--out", str(out), "--width", "320", "--height", "256"],
    )
    assert result.exit_code == 0
    assert "dog: jump, wearing raincoat" in result.output
    assert "left out     text" in result.output
    assert opened(out.read_bytes()).size == (320, 256)


@pytest.mark.parametrize("prompt", ["  ", "x" * 8_001])
def test_description_out_of_bounds_is_refused(prompt: str) -> None:
    """The refusal names the field."""
    result = CliRunner().invoke(app, ["frame", prompt])
    assert isinstance(result.exception, PromptError)
    assert result.exception.errors[0].field == "prompt"
