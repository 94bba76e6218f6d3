"""One frozen object of settings: environment, then `callsheet.toml`, then defaults."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as UnreadableValueError

from callsheet.kernel.environment import PREFIX, heeded, nearest
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.masking import MASK, is_secret_name, masked_url

FILE: Final = "callsheet.toml"


class SettingsError(InvalidInputError):
    """A setting cannot be read; names the variable and the value."""

    code: ClassVar[str] = "invalid_settings"


_PROVIDER: Final = "CALLSHEET_PROVIDER_"


class ProviderSettings(BaseModel, frozen=True, extra="forbid"):
    """How one hosted provider is reached: CALLSHEET_PROVIDER_<NAME>_<FIELD>.

    `base_url` is where its API is, if not where the provider says; `key` its key for us. At most
    `concurrent` orders are out at a time, and so many are sent in a minute, an hour, a day; one
    process asks `reads_per_minute` times about them. After `settles_s` seconds an order that was
    sent has arrived, or never will.
    """

    base_url: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    key: SecretStr = SecretStr("")
    concurrent: Annotated[int, Field(ge=1)] | None = None
    per_minute: Annotated[int, Field(ge=1)] | None = None
    per_hour: Annotated[int, Field(ge=1)] | None = None
    per_day: Annotated[int, Field(ge=1)] | None = None
    reads_per_minute: Annotated[int, Field(ge=1)] | None = None
    settles_s: Annotated[float, Field(ge=1, le=1_800)] | None = None


class _ProviderSource(PydanticBaseSettingsSource):
    """Reads what the environment says about providers."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # the signature is given
        """Answer nothing: the whole is read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read all providers' fields."""
        found: dict[str, dict[str, str]] = {}
        fields = sorted(ProviderSettings.model_fields, key=len, reverse=True)
        for name, value in heeded(os.environ).items():
            if not name.upper().startswith(_PROVIDER):
                continue
            rest = name[len(_PROVIDER) :].lower()
            known = next((each for each in fields if rest.endswith(f"_{each}")), None)
            if known is None:
                offered = ", ".join(each.upper() for each in sorted(fields))
                raise _unknown({name: f"; after the provider's name comes {offered}"})
            found.setdefault(rest.removesuffix(f"_{known}"), {})[known] = value
        return {"provider": found} if found else {}


def _unknown(names: Mapping[str, str]) -> SettingsError:
    """Word that settings do not exist, each with a hint. Their values may be secrets."""
    message = "; ".join(f"{name}: no such setting{hint}" for name, hint in names.items())
    return SettingsError(message, [FieldError(name, "no such setting") for name in names])


_LEVELS: Final = {
    **dict.fromkeys(("TRACE", "VERBOSE", "10"), "DEBUG"),
    **dict.fromkeys(("INFORMATION", "NOTICE", "20"), "INFO"),
    **dict.fromkeys(("WARN", "30"), "WARNING"),
    **dict.fromkeys(("ERR", "CRITICAL", "CRIT", "FATAL", "40", "50"), "ERROR"),
}


def _level(given: object) -> object:
    name = str(given).strip().upper()
    return _LEVELS.get(name, name)


def _named(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class Settings(BaseSettings):
    """Every setting, by its name in lower case; see docs/reference/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True
    )

    data_dir: Path = Field(Path(".callsheet"), description="Where the embedded default keeps all")
    database_url: str = Field("", description="sqlite:// or postgresql://; empty: in data_dir")
    store_url: str = Field("", description="file, memory, s3, gs or az URL; empty: in data_dir")
    store_options: dict[str, str] = Field({}, description="Options of the store's client, as JSON")
    host: str = Field("127.0.0.1", description="Address the web server binds")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        9090,
        validation_alias=_named("CALLSHEET_PORT", "PORT", "port"),
        description="Port the web server binds; 0 takes a free one",
    )
    public_url: str = Field(
        "",
        validation_alias=_named("CALLSHEET_PUBLIC_URL", "WEB_APP_URL", "public_url"),
        description="How the outside reaches us, for links",
    )
    root_path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*/?$")] = Field(
        "",
        description="Path that a proxy serves us under, e.g. /callsheet; empty: that of public_url",
    )
    max_connections: Annotated[int, Field(ge=16, le=100_000)] = Field(
        4_096,
        description="Connections of the web server at a time, or what open files allow",
    )
    max_upload_bytes: Annotated[int, Field(ge=1024**2, le=64 * 1024**2)] = Field(
        64 * 1024**2, description="Largest sheet that may be uploaded"
    )
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(10, description="Rows in one batch")
    max_variants: Annotated[int, Field(ge=1, le=100)] = Field(3, description="Variants of one row")
    workers: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="Drawing processes; 0: one for each core"
    )
    migrate: Literal["auto", "never"] = Field(
        "auto", description="never: servers leave the schema to `callsheet migrate`"
    )
    require_lockdown: bool = Field(
        False, description="Start only where every lock on decoders holds; see docs/why/security.md"
    )
    fetch_allow: tuple[str, ...] = Field(
        (), description="host:port pairs that references may be fetched from though not public"
    )
    daily_budget_usd: Annotated[Decimal, Field(ge=0)] | None = Field(
        None, description="Most that one workspace may commit in a day (UTC), in US dollars"
    )
    credits_per_usd: Annotated[int, Field(ge=1)] = Field(
        100, description="Credits that stand for one US dollar where credits are shown"
    )
    qa_technical: Literal["on", "off"] = Field(
        "on", description="Whether live batches that do not say so have their takes examined"
    )
    openai_run_mode: Literal["dry_run", "live"] = Field(
        "dry_run",
        description="What requests at `/v1` and `/replicate` are: previews, or orders",
    )
    openai_model: str = Field(
        "", max_length=200, description="The model of requests at `/v1` that name none"
    )
    use_kontext_composite: bool = Field(
        False,
        validation_alias=_named(
            "CALLSHEET_USE_KONTEXT_COMPOSITE", "USE_KONTEXT_COMPOSITE", "use_kontext_composite"
        ),
        description="Whether composites may be ordered from the hosted model",
    )
    composite_method: Annotated[str, Field(pattern="^(auto|kontext|pil)$")] = Field(
        "auto",
        validation_alias=_named(
            "CALLSHEET_COMPOSITE_METHOD", "COMPOSITE_METHOD", "composite_method"
        ),
        description="How composites are made that name no method: auto, kontext or pil",
    )
    kontext_model_id: str = Field(
        "replicate/multi-image-kontext-pro",
        validation_alias=_named(
            "CALLSHEET_KONTEXT_MODEL_ID", "KONTEXT_MODEL_ID", "kontext_model_id"
        ),
        description="The hosted model for composites, of `callsheet models`",
    )
    kontext_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        100.0,
        validation_alias=_named("CALLSHEET_KONTEXT_PERCENT", "KONTEXT_PERCENT", "kontext_percent"),
        description="Of a hundred composites, how many are hosted; by their pictures, so that the"
        " same ones always are",
    )
    kontext_timeout_seconds: Annotated[float, Field(ge=1, le=86_400)] = Field(
        120.0,
        validation_alias=_named(
            "CALLSHEET_KONTEXT_TIMEOUT_SECONDS",
            "KONTEXT_TIMEOUT_SECONDS",
            "kontext_timeout_seconds",
        ),
        description="Seconds after which a local composite takes a hosted one's place",
    )
    max_concurrent_kontext: Annotated[int, Field(ge=0)] = Field(
        4,
        validation_alias=_named(
            "CALLSHEET_MAX_CONCURRENT_KONTEXT", "MAX_CONCURRENT_KONTEXT", "max_concurrent_kontext"
        ),
        description="Hosted composites under way at a time; beyond them single ones are local, and"
        " rows of a batch wait",
    )
    max_kontext_per_hour: Annotated[int, Field(ge=0)] = Field(
        100,
        validation_alias=_named(
            "CALLSHEET_MAX_KONTEXT_PER_HOUR", "MAX_KONTEXT_PER_HOUR", "max_kontext_per_hour"
        ),
        description="Hosted composites in an hour; beyond them composites are local",
    )
    kontext_daily_generation_limit: Annotated[int, Field(ge=0)] = Field(
        500,
        validation_alias=_named(
            "CALLSHEET_KONTEXT_DAILY_GENERATION_LIMIT",
            "KONTEXT_DAILY_GENERATION_LIMIT",
            "kontext_daily_generation_limit",
        ),
        description="Hosted composites in a day (UTC); beyond them composites are local",
    )
    provider: dict[str, ProviderSettings] = Field({}, description="Hosted providers, by name")
    master_key: SecretStr = Field(
        SecretStr(""),
        description="Seals providers' keys and signs links: the key, or where it is kept: "
        "`file:///PATH` or `gcp-secret://projects/P/secrets/S/versions/V`; empty: made in data_dir",
    )
    former_master_key: SecretStr = Field(
        SecretStr(""), description="The key before `master_key`, until `callsheet keys reseal` ran"
    )
    sign: Annotated[str, Field(pattern="^(always|ask|never)$")] = Field(
        "ask",
        description="Whether what is delivered is signed (C2PA): always, where a job asks for it,"
        " or never",
    )
    provenance_key: Path | None = Field(
        None,
        description="PEM file of the key that signs; empty: that of `callsheet provenance init`",
    )
    provenance_cert: Path | None = Field(
        None,
        description="PEM file of its certificates, its own first; empty: as for the key",
    )
    provenance_roots: Path | None = Field(
        None,
        description="PEM file of the roots whose signatures count as ours; empty: as for the key",
    )
    ca_file: str = Field(
        "", description="PEM file of authorities that are trusted beside the system's"
    )
    ca_bundle: str = Field(
        "",
        validation_alias=_named(
            "CALLSHEET_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "ca_bundle"
        ),
        description="PEM file (or folder) of authorities that are trusted instead of the system's",
    )
    ca_dir: str = Field(
        "",
        validation_alias=_named("CALLSHEET_CA_DIR", "SSL_CERT_DIR", "ca_dir"),
        description="Folders (parted by `:`) of authorities that are trusted instead of the"
        " system's, each certificate named by its hash",
    )
    https_proxy: SecretStr = Field(
        SecretStr(""),
        description="HTTP proxy for providers' https calls and outputs,"
        " `http://[user:password@]host:port`, or `environment` for `HTTPS_PROXY`; not for hosts in"
        " `NO_PROXY`, nor for references; empty: none",
    )
    google_credentials: Path | None = Field(
        None,
        validation_alias=_named(
            "CALLSHEET_GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "google_credentials"
        ),
        description="A service account's key file that opens Google Secret Manager; empty: the "
        "machine's own account",
    )
    google_metadata: str = Field(
        "metadata.google.internal",
        validation_alias=_named(
            "CALLSHEET_GOOGLE_METADATA", "GCE_METADATA_HOST", "google_metadata"
        ),
        description="Host (and port) that tells who a machine in Google Cloud is",
    )
    google_secrets_url: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = Field(
        "", description="Where Google Secret Manager is, if not where Google says"
    )
    shutdown_grace_s: Annotated[float, Field(ge=0, le=3_600)] = Field(
        30.0,
        description="Seconds in which orders that are out may be answered when a process is told to"
        " stop",
    )
    worker_host: str = Field("127.0.0.1", description="Address on which a worker tells its health")
    worker_port: Annotated[int, Field(ge=0, le=65_535)] | None = Field(
        None,
        description="Port on which a worker tells its health and metrics; 0 takes a free one;"
        " empty: none",
    )
    log_level: Annotated[
        str, BeforeValidator(_level), Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    ] = Field(
        "INFO",
        validation_alias=_named("CALLSHEET_LOG_LEVEL", "LOG_LEVEL", "log_level"),
        description="DEBUG, INFO, WARNING or ERROR",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is given
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is given
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read flags first, then the environment, then the file."""
        assert isinstance(env_settings, EnvSettingsSource)  # noqa: S101  # so it is documented
        env_settings.env_vars = heeded(env_settings.env_vars)  # type: ignore[arg-type]
        _refuse_unknown_variables(settings_cls)
        toml = InitSettingsSource(settings_cls, _from_file(settings_cls))
        return init_settings, env_settings, _ProviderSource(settings_cls), toml

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'callsheet.db').absolute()}"

    @property
    def keeps_data(self) -> bool:
        """Whether something is kept in the data folder."""
        return not (self.database_url and self.store_url and self.master_key.get_secret_value())

    @property
    def provenance_folder(self) -> Path:
        """Where `callsheet provenance init` keeps its chain."""
        return self.data_dir / "provenance"

    @property
    def store(self) -> str:
        """The store URL in force."""
        return self.store_url or f"file://{(self.data_dir / 'store').absolute()}"

    @property
    def prefix(self) -> str:
        """The path that a proxy serves us under, without a slash at its end; "" for none."""
        return (self.root_path or urlsplit(self.public_url).path).rstrip("/")

    @property
    def drawing_processes(self) -> int:
        """How many drawing processes to run."""
        return self.workers or os.cpu_count() or 1


def _names(settings: type[BaseSettings]) -> Iterator[str]:
    """List every name that a setting goes by, in the environment or in the file."""
    for name, field in settings.model_fields.items():
        yield name
        yield from getattr(field.validation_alias, "choices", (f"{PREFIX}{name.upper()}",))


def _refuse_unknown_variables(settings: type[BaseSettings]) -> None:
    known = {name for name in _names(settings) if name.startswith(PREFIX)}
    unknown = {
        name: nearest(name.upper(), known)
        for name in heeded(os.environ)
        if name.upper().startswith(PREFIX)
        and not name.upper().startswith(_PROVIDER)
        and name.upper() not in known
    }
    if unknown:
        raise _unknown(unknown)


def _from_file(settings: type[BaseSettings]) -> dict[str, Any]:
    """Read the file, if there is one. Raises SettingsError."""
    path = Path(FILE)
    try:
        found = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:  # not to be read, not UTF-8, not TOML
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"{FILE} cannot be read: {reason}"
        raise SettingsError(message, [FieldError(FILE, str(reason))]) from error
    known = set(_names(settings))
    unknown = {f"{FILE}: {name}": nearest(name, known) for name in found if name not in known}
    for provider, given in _tables(found.get("provider")):
        fields = ProviderSettings.model_fields
        for name in set(given) - set(fields):
            unknown[f"{FILE}: provider.{provider}.{name}"] = nearest(name, fields)
    if unknown:
        raise _unknown(unknown)
    return _without_empty(found)


def _tables(found: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(found, dict):
        yield from ((name, each) for name, each in found.items() if isinstance(each, dict))


def _without_empty(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in found.items()
        if not (isinstance(value, str) and not value.strip())
    }


def outside_key(name: str) -> str:
    """Read a provider's key under the name that its own tools look for."""
    return os.environ.get(name, "") if name else ""


def outside_proxy() -> str:
    """Read the proxy for https that the environment names."""
    return getproxies().get("https", "")


def passes_proxy_by(place: str) -> bool:
    """Tell whether the environment's NO_PROXY names a host (``host:port``)."""
    return bool(proxy_bypass(place))


def read_settings(**flags: Any) -> Settings:
    """Read the settings once, at the door. Raises SettingsError naming what is wrong."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except UnreadableValueError as error:  # one that is to be JSON; its text names the field
        reason = str(error).partition(" from source")[0]
        message = f"settings cannot be used: {reason}: it is not JSON"
        raise SettingsError(message, [FieldError("settings", reason)]) from error
    except ValidationError as error:
        faults = [_fault(fault["loc"], fault["msg"], fault["input"]) for fault in error.errors()]
        listed = "; ".join(f"{fault.field}: {fault.message} ({fault.value})" for fault in faults)
        raise SettingsError(f"settings cannot be used: {listed}", faults) from error


def _fault(place: tuple[int | str, ...], message: str, given: object) -> FieldError:
    """Word one fault, with the value that was given unless it may hold a secret."""
    named = ".".join(map(str, place))
    plain = isinstance(given, str | int | float) and not any(map(is_secret_name, map(str, place)))
    return FieldError(named, message, shown(masked_url(str(given))) if plain else MASK)
