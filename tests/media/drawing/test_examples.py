"""The example sheet and its pictures: complete, repeatable, with the duplicates it promises."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

from callsheet.ports.pictures import ReferenceMode

EXAMPLES = Path(__file__).parents[3] / "examples"


def _rows() -> list[dict[str, str]]:
    with (EXAMPLES / "launch.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _pixels(name: str) -> tuple[tuple[int, int], bytes]:
    with Image.open(EXAMPLES / "references" / name) as picture:
        return picture.size, picture.convert("RGBA").tobytes()


def test_sheet_has_what_the_tour_shows() -> None:
    """A dozen rows or more, the team's own columns, variants, sizes and models."""
    rows = _rows()
    assert len(rows) >= 12
    assert {"owner", "notes"} <= set(rows[0])
    assert {row["variants"] for row in rows} == {"1", "2", "3"}
    assert {"", "1024x1024", "1536x864", "864x1536", "2048x1152"} == {row["size"] for row in rows}
    assert {"", "local/storyboard"} == {row["model"] for row in rows}


def test_every_reference_exists_and_has_a_mode() -> None:
    """Each entry is a file beside the sheet, with one of the modes or none."""
    for row in _rows():
        for entry in row["references"].split():
            path, _, mode = entry.partition("|")
            assert (EXAMPLES / path).is_file(), entry
            assert not mode or ReferenceMode(mode)


def test_duplicates_are_real() -> None:
    """Equal bytes under two names, and equal pixels in other files."""
    folder = EXAMPLES / "references"
    for name, copy in (
        ("brand_card.png", "brand_card_copy.png"),
        ("mug.png", "mug_hero_FINAL.png"),
    ):
        assert (folder / name).read_bytes() == (folder / copy).read_bytes()
    for name, again in (
        ("brand_card.png", "brand_card_resaved.png"),
        ("mug.png", "mug_lossless.webp"),
    ):
        assert (folder / name).read_bytes() != (folder / again).read_bytes()
        assert _pixels(name) == _pixels(again)


def test_script_draws_the_same_pictures_again(tmp_path: Path) -> None:
    """The committed pictures are what the script draws; lossless ones to the pixel."""
    script = shutil.copy(EXAMPLES / "draw_references.py", tmp_path)
    subprocess.run([sys.executable, script], check=True)
    drawn = {path.name for path in (tmp_path / "references").iterdir()}
    assert drawn == {path.name for path in (EXAMPLES / "references").iterdir()}
    for name in sorted(name for name in drawn if name.endswith(".png")):
        with Image.open(tmp_path / "references" / name) as picture:
            assert (picture.size, picture.convert("RGBA").tobytes()) == _pixels(name)


def test_pictures_stay_small() -> None:
    """The set costs a checkout less than 3 MB."""
    assert sum(path.stat().st_size for path in (EXAMPLES / "references").iterdir()) < 3_000_000
