"""Finding a bucket: from a URL and options to an obstore client with bounded patience."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from obstore.exceptions import BaseError, UnknownConfigurationKeyError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from callsheet.blobs.errors import (
    InvalidStoreOptionError,
    InvalidStoreUrlError,
    UnknownStoreSchemeError,
)
from callsheet.blobs.names import checked_key
from callsheet.kernel.errors import InvalidInputError

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore.store import ClientConfig, RetryConfig

CLOUD_SCHEMES = ("s3", "gs", "az")

_CLIENT_OPTIONS = ("proxy_url", "proxy_excludes", "proxy_ca_certificate", "root_certificate")
_GOOGLE = "https://storage.googleapis.com"
_YES = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a bucket is waited for. obstore's own default is 10 tries in 3 minutes."""

    connect_s: float = 5.0
    silence_s: float = 20.0  # between two bytes; the whole of a large object may take long
    retries: int = 3
    retry_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """A client for one bucket or one folder of it."""

    url: str
    store: S3Store | GCSStore | AzureStore | MemoryStore


def find_bucket(url: str, options: Mapping[str, str], patience: Patience) -> Bucket:
    """Read ``scheme://bucket/folder`` and make its client; nothing is contacted yet.

    `options` are obstore's own settings for the kind of store (such as ``endpoint``,
    ``access_key_id``, ``service_account_key``, ``account_name``) and of its HTTP client
    (``allow_http``, ``proxy_url``, ``root_certificate``). Keys that they leave out are looked for
    where the cloud's own clients look, so that a machine's role is enough; addresses are not.
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return _memory(url, options)
    if parts.scheme not in CLOUD_SCHEMES:
        raise UnknownStoreSchemeError(parts.scheme, (*CLOUD_SCHEMES, "memory"))
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidStoreUrlError("holds keys or a query; give them as options")
    folder = parts.path.strip("/")
    if not parts.netloc:
        raise InvalidStoreUrlError(f"names no bucket; write {parts.scheme}://bucket")
    if folder and ("%" in folder or checked_key(folder) != folder):
        raise InvalidStoreUrlError("has a percent sign in its folder")
    store = _client(parts.scheme, parts.netloc, folder or None, options, patience)
    return Bucket(f"{parts.scheme}://{parts.netloc}" + (f"/{folder}" if folder else ""), store)


def _memory(url: str, options: Mapping[str, str]) -> Bucket:
    if url.rstrip("/") != "memory:":
        raise InvalidStoreUrlError("for memory is just memory://")
    for option in options:
        raise InvalidStoreOptionError("memory://", option, "a store in memory has no options")
    return Bucket("memory://", MemoryStore())


def _client(
    scheme: str, bucket: str, folder: str | None, options: Mapping[str, str], patience: Patience
) -> S3Store | GCSStore | AzureStore:
    client_options = _client_options(options, patience)
    # obstore's option types are typed dictionaries; ours come from a person and it checks them
    config = cast("Any", _pinned(scheme, _without(options, client_options)))
    retry = _retry(patience)
    try:
        if scheme == "s3":
            return S3Store(
                bucket,
                prefix=folder,
                config=config,
                client_options=client_options,
                retry_config=retry,
            )
        if scheme == "gs":
            return GCSStore(
                bucket,
                prefix=folder,
                config=config,
                client_options=client_options,
                retry_config=retry,
            )
        return AzureStore(
            bucket,
            prefix=folder,
            config=config,
            client_options=client_options,
            retry_config=retry,
        )
    except (BaseError, ValueError, TypeError) as error:
        raise _refused(f"{scheme}://{bucket}", options, error) from None  # may repeat a secret


def _without(options: Mapping[str, str], others: Container[str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name not in others}


def _pinned(scheme: str, options: dict[str, str]) -> dict[str, str]:
    """Say where the bucket is, which obstore would otherwise let the environment decide."""
    if scheme == "gs":
        address = next((v for k, v in options.items() if k.endswith("base_url")), _GOOGLE)
        return {**options, "base_url": address}
    given = (v for k, v in options.items() if "endpoint" in k and "metadata" not in k)
    address = next(given, "")
    if scheme == "s3":
        region = options.get("region") or options.get("aws_region") or "us-east-1"
        address = address or f"https://s3.{region}.amazonaws.com"
        return {**options, "region": region, "endpoint": address, "aws_endpoint_url_s3": address}
    account = options.get("account_name") or options.get("azure_storage_account_name")
    if account and not address and "use_emulator" not in options:
        return {**options, "endpoint": f"https://{account}.blob.core.windows.net"}
    return options


def _client_options(options: Mapping[str, str], patience: Patience) -> "ClientConfig":
    chosen = {name: options[name] for name in _CLIENT_OPTIONS if name in options}
    plain = any(
        value.startswith("http://")
        for name, value in options.items()
        if "endpoint" in name or "base_url" in name
    )  # whoever writes http:// in an endpoint means it
    allow_http = plain or options.get("allow_http", "").lower() in _YES
    return cast(
        "ClientConfig",
        {
            **chosen,
            "allow_http": allow_http,
            "connect_timeout": timedelta(seconds=patience.connect_s),
            "read_timeout": timedelta(seconds=patience.silence_s),
            "timeout": timedelta(days=1),  # a limit on the whole would cut large objects off
        },
    )


def _retry(patience: Patience) -> "RetryConfig":
    return {
        "max_retries": patience.retries,
        "retry_timeout": timedelta(seconds=patience.retry_s),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=2),
            "base": 2,
        },
    }


def _refused(store: str, options: Mapping[str, str], error: Exception) -> InvalidInputError:
    text = str(error)
    if isinstance(error, UnknownConfigurationKeyError):
        unknown = next((name for name in options if f"'{name}'" in text), "?")
        return InvalidStoreOptionError(store, unknown, "there is no such option")
    named = next((name for name in options if name in text), ", ".join(sorted(options)) or "none")
    reason = "it is missing or has no usable value"
    if "Account must be specified" in text:
        named, reason = "account_name", "it is missing"
    return InvalidStoreOptionError(store, named, reason)
