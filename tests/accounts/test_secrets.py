"""Secrets from outside: what stands around them is left away, what cannot be sent is refused."""

import json

import pytest

from callsheet.ports.keys import ProviderKey, UnusableSecretError
from callsheet.settings import SettingsError, read_settings
from callsheet.wiring.providers import keys_from_outside

TORN = {
    "inner line end": "SECRET\r\nX-Evil: 1",
    "inner tab": "SECRET\tSECRET",
    "null": "SECRET\0",
    "beyond ASCII": "SECR\u00c9T-SECRET",
    "look-alikes": "SECRET-\u0405\u0415\u0421",
    "no-width space": "SECRET\u200bSECRET",
    "absurdly long": "SECRET" * 2_000,
}


@pytest.mark.parametrize("given", TORN.values(), ids=TORN.keys())
def test_key_that_no_request_can_carry_is_refused_by_name(given: str) -> None:
    """The error says where the key came from and what is wrong, and holds none of it."""
    with pytest.raises(UnusableSecretError, match="OPENAI_API_KEY: ") as caught:
        ProviderKey.read(given, "OPENAI_API_KEY")
    assert "SECRET" not in str(caught.value) + repr(caught.value.errors) + repr(caught.value.args)


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} ", "\ufeff{}", "\u00a0{}\t"])
def test_white_space_around_a_key_of_the_environment_is_left_away(
    around: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line end from a file is the usual one; under our own name and the provider's alike."""
    monkeypatch.setenv("OPENAI_API_KEY", around.format("sk-theirs"))
    monkeypatch.setenv("CALLSHEET_PROVIDER_FAL_KEY", around.format("fal-ours"))
    monkeypatch.setenv("CALLSHEET_PROVIDER_LUMA_KEY", around.format(""))
    monkeypatch.setenv("LUMAAI_API_KEY", around.format("luma-theirs"))
    keys = keys_from_outside(read_settings())
    assert keys["openai"].secret == "sk-theirs"
    assert keys["fal"].secret == "fal-ours"
    assert keys["luma"].secret == "luma-theirs"


def test_torn_key_of_the_environment_stops_the_start_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which variable holds it is told."""
    monkeypatch.setenv("RUNWAYML_API_SECRET", "SECRET\nSECRET")
    with pytest.raises(UnusableSecretError, match="RUNWAYML_API_SECRET: ") as caught:
        keys_from_outside(read_settings())
    assert "SECRET\n" not in str(caught.value)


def test_service_account_may_stand_on_many_lines() -> None:
    """Google's key files do; what is kept is one line that says the same."""
    account = {"type": "service_account", "private_key": "-----BEGIN\nx\n-----END\n"}
    key = ProviderKey.read(json.dumps(account, indent=2) + "\n", "VERTEX_API_KEY")
    assert json.loads(key.secret) == account
    assert "\n" not in key.secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLSHEET_PROVIDER_OPENAI_SECRET", "SECRET"),
        ("CALLSHEET_PROVIDER_OPENAI_BASE_URL", "ftp://maya:SECRET@gateway.example"),
        ("CALLSHEET_PROVIDER", '{"openai": {"key": ["SECRET"]}}'),
        ("CALLSHEET_STORE_OPTIONS", '{"secret_access_key": ["SECRET"]}'),
    ],
)
def test_setting_that_cannot_be_read_is_named_without_its_secret(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is printed nor what is kept of the error holds it."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert "SECRET" not in str(caught.value).replace(name, "") + repr(
        [(each.message, each.value) for each in caught.value.errors]
    )
