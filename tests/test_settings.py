"""Settings: what is refused, what is passed over, and what is understood."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from callsheet.settings import Settings, SettingsError, read_settings
from tests.support.processes import Place

Read = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read settings with this environment and file, in a folder of their own."""
    monkeypatch.chdir(tmp_path)

    def reading(environment: Mapping[str, str] | None = None, file: str = "") -> Settings:
        for name, value in (environment or {}).items():
            monkeypatch.setitem(os.environ, name, value)
        if file:
            (tmp_path / "callsheet.toml").write_text(file)
        return read_settings()

    return reading


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CALLSHEET_DAILY_BUDGET", "CALLSHEET_DAILY_BUDGET_USD"),
        ("CALLSHEET_DAILYBUDGET_USD", "CALLSHEET_DAILY_BUDGET_USD"),
        ("callsheet_daily_budget", "CALLSHEET_DAILY_BUDGET_USD"),
        ("CALLSHEET_MASTERKEY", "CALLSHEET_MASTER_KEY"),
        ("CALLSHEET_PROVIDER_FAL_KEYS", "KEY"),
        ("CALLSHEET_SOMETHING_ELSE", "no such setting"),
    ],
)
def test_misspelt_variable_is_refused_with_the_nearest(read: Read, name: str, meant: str) -> None:
    """No setting is silently without effect; its value, which may be a secret, is not repeated."""
    with pytest.raises(SettingsError, match=meant) as refused:
        read({name: "hunter2"})
    assert name in str(refused.value)
    assert "hunter2" not in f"{refused.value} {refused.value.errors}"


@pytest.mark.parametrize(
    ("file", "meant"),
    [
        ("daily_budget = 5", "daily_budget_usd"),
        ("DAILY_BUDGET_USD = 5", "no such setting"),
        (
            "[provider.fal]\nkeyy = 'hunter2'",
            "provider.fal.keyy: no such setting; did you mean key",
        ),
        ("[providers.fal]\nkey = 'hunter2'", "did you mean provider"),
    ],
)
def test_misspelt_key_of_the_file_is_refused_with_the_nearest(
    read: Read, file: str, meant: str
) -> None:
    """In `callsheet.toml` as in the environment."""
    with pytest.raises(SettingsError, match=meant) as refused:
        read(file=file)
    assert "hunter2" not in f"{refused.value} {refused.value.errors}"


def test_misspelt_provider_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """A key for a provider that there is not would never be used."""
    place = Place(tmp_path, settings={"CALLSHEET_PROVIDER_REPLICAT_KEY": "hunter2"})
    done = place.run("jobs", "list")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "did you mean replicate?" in line
    assert "hunter2" not in line


LINKS = {
    "CALLSHEET_SERVICE_HOST": "10.0.0.7",
    "CALLSHEET_SERVICE_PORT": "9090",
    "CALLSHEET_SERVICE_PORT_HTTP": "9090",
    "CALLSHEET_PORT": "tcp://10.0.0.7:9090",
    "CALLSHEET_PORT_9090_TCP": "tcp://10.0.0.7:9090",
    "CALLSHEET_PORT_9090_TCP_PROTO": "tcp",
    "CALLSHEET_PORT_9090_TCP_PORT": "9090",
    "CALLSHEET_PORT_9090_TCP_ADDR": "10.0.0.7",
    "CALLSHEET_WORKER_SERVICE_HOST": "10.0.0.8",
    "CALLSHEET_WORKER_PORT": "tcp://10.0.0.8:9091",
    "CALLSHEET_WORKER_PORT_9091_UDP_ADDR": "10.0.0.8",
    "CALLSHEET_PROVIDER_SIM_PORT": "tcp://10.0.0.9:80",
    "CALLSHEET_PROVIDER_SIM_SERVICE_HOST": "10.0.0.9",
}


def test_links_of_kubernetes_are_passed_over(read: Read) -> None:
    """Services that are named like us put variables under our prefix; they are no settings."""
    settings = read(LINKS)
    assert settings.port == 9090
    assert settings.worker_port is None
    assert settings.provider == {}


def test_port_is_read_beside_a_link(read: Read) -> None:
    """Where Kubernetes has taken our name, the other one counts, and so does the file."""
    assert read({**LINKS, "PORT": "8123"}).port == 8123
    assert read(file="worker_port = 8124").worker_port == 8124


def test_empty_value_is_an_unset_one(read: Read) -> None:
    """Compose passes `NAME=` on for what nobody has set; the file and the default count then."""
    empty = ("DATABASE_URL", "PORT", "WORKERS", "DAILY_BUDGET_USD", "STORE_OPTIONS", "FETCH_ALLOW")
    environment = {f"CALLSHEET_{name}": "" for name in empty}
    environment |= {"CALLSHEET_LOG_LEVEL": " ", "CALLSHEET_PROVIDER_FAL_PER_MINUTE": ""}
    settings = read(environment, file="workers = 3\nstore_url = ''\nport = ''")
    assert settings.workers == 3
    assert settings.port == 9090
    assert settings.provider == {}
    assert not settings.model_fields_set & {name.lower() for name in empty if name != "WORKERS"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [("warn", "WARNING"), ("Warning", "WARNING"), ("TRACE", "DEBUG"), ("fatal", "ERROR")],
)
@pytest.mark.parametrize("name", ["LOG_LEVEL", "CALLSHEET_LOG_LEVEL"])
def test_usual_spellings_of_a_log_level(read: Read, name: str, written: str, meant: str) -> None:
    """As other programs call their levels, in any case."""
    assert read({name: written}).log_level == meant


@pytest.mark.parametrize("command", ["up", "web", "worker", "doctor", "migrate", "run"])
@pytest.mark.parametrize(
    ("environment", "file", "words"),
    [
        ({"CALLSHEET_PORT": "many"}, b"", "PORT"),
        ({"CALLSHEET_STORE_OPTIONS": "{secret_key: hunter2"}, b"", "store_options"),
        ({"CALLSHEET_PROVIDER_FAL_BASE_URL": "htp://u:hunter2@gw"}, b"", "base_url"),
        ({"LOG_LEVEL": "loud"}, b"", "LOG_LEVEL"),
        ({}, b"port = \nx", "callsheet.toml cannot be read"),
        ({}, b"host = '\xff'", "callsheet.toml cannot be read"),
    ],
)
def test_setting_that_cannot_be_read_ends_a_start_in_one_line(
    command: str, environment: dict[str, str], file: bytes, words: str, tmp_path: Path
) -> None:
    """Exit 1, one line with the code and the setting, and no secret in it."""
    (tmp_path / "callsheet.toml").write_bytes(file)
    (tmp_path / "sheet.csv").write_text("prompt\na lighthouse\n")
    arguments = [command, "sheet.csv"] if command == "run" else [command]
    done = Place(tmp_path, settings=environment).run(*arguments)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "invalid_settings" in line
    assert words in line
    assert "hunter2" not in line


SECRETS = {
    "CALLSHEET_DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:9/db?sslpassword=hunter2",
    "CALLSHEET_STORE_OPTIONS": '{"secret_access_key": "hunter2", "access_key_id": "hunter2",'
    ' "endpoint": "http://u:hunter2@127.0.0.1:9", "allow_http": "true", "region": "eu-1"}',
    "CALLSHEET_PROVIDER_FAL_BASE_URL": "https://user:hunter2@gateway.example/fal",
    "CALLSHEET_PROVIDER_FAL_KEY": "hunter2",
    "CALLSHEET_PUBLIC_URL": "https://hunter2@callsheet.example",
    "CALLSHEET_HTTPS_PROXY": "http://user:hunter2@proxy.example:3128",
    "CALLSHEET_MASTER_KEY": "hunter2" * 8,
    "CALLSHEET_FORMER_MASTER_KEY": "hunter2" * 9,
}


@pytest.mark.parametrize("json", [True, False])
def test_doctor_shows_every_setting_and_no_secret(tmp_path: Path, *, json: bool) -> None:
    """Where a database, a store and a gateway are is shown; what opens them is not."""
    settings = {**SECRETS, "CALLSHEET_STORE_URL": "s3://bucket/prefix", "COLUMNS": "999"}
    settings["CALLSHEET_DATABASE_URL"] = f"sqlite:///{tmp_path}/db?password=hunter2"
    done = Place(tmp_path, settings=settings).run("doctor", *(["--json"] if json else []))
    assert "hunter2" not in done.stdout + done.stderr
    for shown in ("gateway.example/fal", "region=eu-1", "db?password=***"):
        assert shown in done.stdout


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_setting_that_is_of_no_use_is_refused_without_its_secret(name: str, tmp_path: Path) -> None:
    """Whatever a start fails at, the secret in a setting is not in what it says."""
    place = Place(tmp_path, settings={name: SECRETS[name].replace("://", ":/") + "\x7f"})
    for command in ("doctor", "migrate"):
        done = place.run(command)
        assert "hunter2" not in done.stdout + done.stderr
