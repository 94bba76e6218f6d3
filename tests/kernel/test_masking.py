"""Addresses are shown without what opens them, in form or not."""

import pytest

from callsheet.kernel.masking import is_secret_name, masked_url


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://callsheet:hunter2@db:5432/name", "postgresql://callsheet:***@db:5432/name"),
        ("postgresql+psycopg://u:hunter2@h1,h2/name", "postgresql+psycopg://u:***@h1,h2/name"),
        ("postgresql://callsheet@db/name", "postgresql://callsheet@db/name"),
        ("postgresql://u:hunter2@p/a:s@db/name", "postgresql://u:***@db/name"),
        ("postgres//u:hunter2@db", "***@db"),
        (
            "postgresql://db/name?user=u&password=hunter2",
            "postgresql://db/name?user=u&password=***",
        ),
        ("postgresql://db/n?sslpassword=hunter2#x", "postgresql://db/n?sslpassword=***#x"),
        ("host=db password=hunter2 dbname=n", "host=db password=*** dbname=n"),
        ("u:hunter2@db", "u:***@db"),
        ("https://hunter2@gateway/v1", "https://***@gateway/v1"),
        ("https://u:hunter2@gateway/v1?api_key=hunter2", "https://***@gateway/v1?api_key=***"),
        ("s3://bucket/a?secret_access_key=hunter2", "s3://bucket/a?secret_access_key=***"),
        ("sqlite:////data/callsheet.db", "sqlite:////data/callsheet.db"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_secret_in_an_address_is_masked(given: str, shown: str) -> None:
    """Passwords, tokens and secret parameters are not shown; the rest is."""
    assert masked_url(given) == shown


@pytest.mark.parametrize("name", ["secret_access_key", "AWS_SESSION_TOKEN", "password", "sas_key"])
def test_secret_is_known_by_its_name(name: str) -> None:
    """What goes by such a name is not shown at all."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["region", "google_secrets_url", "credits_per_usd", "endpoint"])
def test_plain_setting_is_known_by_its_name(name: str) -> None:
    """Everything else is shown."""
    assert not is_secret_name(name)
