"""Profiles: read with line and key, bounded, and judged by."""

from pathlib import Path

import pytest

from callsheet.checks.registry import all_checks
from callsheet.ports.findings import Severity
from callsheet.quality.errors import InvalidProfileError, ProfileNotFoundError
from callsheet.quality.profiles import Profile, built_in, load_profile, read_profile


def read(text: str) -> Profile:
    """Read a profile of a workspace."""
    return read_profile("own", text, all_checks())


@pytest.mark.parametrize("name", built_in())
def test_profiles_that_come_along_are_sound(name: str) -> None:
    """Each has a title and says where it comes from."""
    profile = load_profile(name, all_checks())
    assert profile.title
    assert profile.source


def test_the_six_profiles_are_there() -> None:
    """As they are asked for, and the one of batches."""
    wanted = {"web", "social-vertical", "broadcast-ebu-r128", "product-still", "preview", "takes"}
    assert wanted == set(built_in())


@pytest.mark.parametrize(
    ("text", "line", "key", "reason"),
    [
        ("titel = 'x'\n", 1, "titel", "no such key"),
        ("title = 3\n", 1, "title", "must be a text"),
        ("\n[checks.bitrat]\nmax_mbit_s = 3\n", 2, "checks.bitrat", "no such check"),
        ("[checks.bitrate]\nmax_mbits = 3\n", 2, "checks.bitrate.max_mbits", "no such key"),
        ("[checks.bitrate]\n\nmax_mbit_s = 'x'\n", 3, "checks.bitrate.max_mbit_s", "a number"),
        ("[checks.bitrate]\nmax_mbit_s = -1\n", 2, "checks.bitrate.max_mbit_s", "0 to inf"),
        ("[checks.bitrate]\nmax_mbit_s = nan\n", 2, "checks.bitrate.max_mbit_s", "0 to inf"),
        ("[checks.freeze]\nholds = 1\n", 2, "checks.freeze.holds", "true or false"),
        ("[checks.codec]\nvideo = 'h264'\n", 2, "checks.codec.video", "must be a list"),
        ("[checks.resolution]\nshape = 'round'\n", 2, "checks.resolution.shape", "one of any"),
        ("[checks.black]\nseverity = 'bad'\n", 2, "checks.black.severity", "one of info"),
        ("[checks.black]\nat_most = 'pass'\n", 2, "checks.black.at_most", "warn or fail"),
        ("[checks.black]\nenabled = 'no'\n", 2, "checks.black.enabled", "true or false"),
        ("extends = 'nothing'\n", 1, "extends", "one of broadcast"),
        ("checks = 3\n", 1, "checks", "a table"),
        ("[checks]\nblack = 3\n", 2, "checks.black", "must be a table"),
        ("a = \n", 1, "", "no TOML"),
    ],
)
def test_mistake_is_told_with_line_and_key(text: str, line: int, key: str, reason: str) -> None:
    """Each mistake names where it stands and what would be right."""
    with pytest.raises(InvalidProfileError, match=reason) as caught:
        read(text)
    assert (caught.value.line, caught.value.key) == (line, key)
    assert f"line {line}" in str(caught.value)


def test_profile_extends_another() -> None:
    """What it does not say holds as there; what it says holds beside."""
    profile = read('extends = "social-vertical"\n[checks.resolution]\nmin_short_side = 1440\n')
    rule = profile.rules["resolution"]
    assert rule.tolerances.min_short_side == 1440
    assert rule.tolerances.shape == "portrait"
    assert profile.rules["loudness"].tolerances.target == -14


def test_common_keys_hold_for_every_check() -> None:
    """How grave it is, whether it may fail a file, and whether it is asked at all."""
    text = "[checks.{}]\nenabled = true\nseverity = 'info'\nat_most = 'warn'\n"
    for check in all_checks():
        rule = read(text.format(check.name)).rules[check.name]
        assert rule.severity is Severity.INFO
        assert rule.only_warns


def test_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    """Neither a built-in name nor a file."""
    for name in ("wbe", str(tmp_path / "none.toml"), str(tmp_path)):
        with pytest.raises(ProfileNotFoundError, match="social-vertical"):
            load_profile(name, all_checks())


def test_file_is_read_by_its_path(tmp_path: Path) -> None:
    """And named so where it is wrong."""
    path = tmp_path / "house.toml"
    path.write_text("[checks.black]\nmax_s = 2.5\n")
    assert load_profile(str(path), all_checks()).rules["black"].tolerances.max_s == 2.5
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidProfileError, match="cannot be read"):
        load_profile(str(path), all_checks())
