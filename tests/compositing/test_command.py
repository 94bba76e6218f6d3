"""`callsheet composite`, from outside."""

import json
import os
import subprocess
from pathlib import Path

from PIL import Image
from tests.compositing.making import table, tin
from tests.support.hosted import simulating
from tests.support.warm import CALLSHEET


def ran(
    folder: Path, *arguments: str, command: str = "composite", **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    line = [CALLSHEET, *command.split(), *arguments]
    return subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_one_product_in_one_scene(tmp_path: Path) -> None:
    """The picture is written, and JSON tells how sure it is; no database is made for it."""
    table().save(tmp_path / "table.png")
    tin().save(tmp_path / "tin.png")

    done = ran(
        tmp_path,
        "--product",
        "tin.png",
        "--scene",
        "table.png",
        "--place",
        "left third",
        "--out",
        "made.jpg",
        "--json",
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)[0]
    assert told["confidence"] == 1
    assert not told["needs_person"]
    assert size_of(tmp_path / "made.jpg") == (640, 420)
    assert not (tmp_path / ".callsheet").exists()


def test_folder_against_folder_with_one_that_fails(tmp_path: Path) -> None:
    """Every pair is tried; what fails is told, on the contact sheet too, and the rest is made."""
    (tmp_path / "products").mkdir()
    (tmp_path / "scenes").mkdir()
    tin().save(tmp_path / "products" / "tin.png")
    (tmp_path / "products" / "broken.png").write_bytes(b"<html>")
    table().save(tmp_path / "scenes" / "table.png")

    done = ran(tmp_path, "--product", "products", "--scene", "scenes", "--out", "made")

    assert done.returncode == 1
    assert "HTML page" in done.stderr
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == ["0002-tin-table.jpg", "contact_sheet.png"]


def test_wrong_arguments_name_what_is_wrong(tmp_path: Path) -> None:
    table().save(tmp_path / "table.png")
    missing = ran(tmp_path, "--product", "no.png", "--scene", "table.png", "--out", "a.png")
    assert "does not exist" in missing.stderr
    ending = ran(tmp_path, "--product", "table.png", "--scene", "table.png", "--out", "a.bmp")
    assert "must end in .png" in ending.stderr


def test_file_that_is_too_large_is_refused_by_its_size(tmp_path: Path) -> None:
    """Half a gigabyte is not read to find that out."""
    table().save(tmp_path / "table.png")
    with (tmp_path / "huge.tif").open("wb") as file:
        file.truncate(500_000_000)
    done = ran(tmp_path, "--product", "huge.tif", "--scene", "table.png", "--out", "a.png")
    assert done.returncode == 1
    assert "has 500,000,000 bytes, at most 167,772,160 are read" in done.stderr


def test_hosted_composite_is_agreed_to_and_falls_back(tmp_path: Path) -> None:
    """Without a yes nothing is ordered; with one, a picture comes whatever is answered."""
    table().save(tmp_path / "table.png")
    tin().save(tmp_path / "tin.png")
    names = ("--product", "tin.png", "--scene", "table.png", "--out", "made.png")
    off = ran(tmp_path, *names, "--method", "kontext")
    assert off.returncode == 1
    assert "USE_KONTEXT_COMPOSITE" in off.stderr
    with simulating(tmp_path) as sim:
        settings = sim.settings(USE_KONTEXT_COMPOSITE="true")
        ran(tmp_path, "replicate/multi-image-kontext-pro", command="models on", **settings)
        unasked = ran(tmp_path, *names, **settings)
        assert unasked.returncode == 1
        assert "at most $0.08" in unasked.stderr
        assert sim.orders() == []

        done = ran(tmp_path, *names, "--yes", **settings)

        assert done.returncode == 0, done.stderr
        assert "hosted answer refused" in done.stderr
        assert len(sim.orders()) == 1
    assert size_of(tmp_path / "made.png") == (640, 420)
