"""Where the master key comes from: the same text is the same key in every place."""

import asyncio
from pathlib import Path

import pytest

from callsheet.ports.master_key import MasterKeyRefusedError
from callsheet.settings import Settings
from callsheet.wiring.master_key import master_keys
from tests.support.processes import Place

HEX = "00112233445566778899AABBCCDDEEFF" * 2


def key(tmp_path: Path, text: str) -> bytes:
    """Read the key that a setting names."""
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "master_key": text})
    return asyncio.run(master_keys(settings)).current


def test_key_is_the_same_wherever_it_is_kept(tmp_path: Path) -> None:
    """In the setting, in a file, in the data folder; hexadecimal digits stand for bytes."""
    made = key(tmp_path, "")
    assert len(made) == 32
    assert key(tmp_path, "") == made
    own = tmp_path / "data" / "master.key"
    assert own.stat().st_mode & 0o077 == 0
    assert key(tmp_path, own.read_text()) == key(tmp_path, f"file://{own}") == made
    given = tmp_path / "a key"
    for text in (HEX, "words of sixteen bytes and more", "/" + "x" * 5_000):
        given.write_text(f"{text}\n")
        assert key(tmp_path, f"file://{given}") == key(tmp_path, text)
    assert key(tmp_path, HEX) == bytes.fromhex(HEX)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("file://{}/absent", "No such file"),
        ("file://{}", "directory"),
        ("file://{}/short", "openssl rand"),
        ("file://{}/empty", "has 0 bytes"),
        ("file://relative", "write file://"),
        ("{}/short", "write file://"),
        ("too-short", "openssl rand"),
        ("aws-secret://prod/callsheet", "gcp-secret://"),
        ("gcp-secret://projects/p", "versions/VERSION"),
    ],
)
def test_place_without_a_key_is_named(tmp_path: Path, text: str, advice: str) -> None:
    """Nothing that looks like a place is ever taken for the key; what to do is said."""
    (tmp_path / "short").write_text("hush-hush")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(MasterKeyRefusedError, match=advice) as caught:
        key(tmp_path, text.format(tmp_path))
    assert "hush-hush" not in str(caught.value) + repr(caught.value.errors)
    assert "too-short" not in str(caught.value) + repr(caught.value.errors)


def test_command_ends_with_the_reason(tmp_path: Path) -> None:
    """A process whose key is not there does not start, and makes no other key."""
    place = Place(tmp_path, settings={"CALLSHEET_MASTER_KEY": f"file://{tmp_path}/absent"})
    done = place.run("doctor")
    assert done.returncode == 1
    assert "[master_key_refused]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "master.key").exists()
