"""reference/settings.md: every setting."""

from collections.abc import Iterable
from typing import Any

from pydantic import SecretStr

from callsheet.settings import ProviderSettings, Settings
from callsheet.wiring.providers import adapters
from generating.marking import code, table


def page() -> str:
    """List every setting."""
    intro = (
        "# Settings\n\n"
        "A setting is read from the environment, then from `callsheet.toml` in the working"
        " directory, then its default holds. In the file it goes by its name in the first column:"
        " `port = 9091`. A flag of a command goes before all of them. `callsheet doctor` prints"
        " each setting with where it came from, secrets masked.\n\n"
        "A name that is none of these, in the environment under `CALLSHEET_` or in the file, is"
        " refused with the nearest that is: a budget that is misspelt would hold nobody. An empty"
        " value is an unset one. What Kubernetes tells of services that are named like us"
        " (`CALLSHEET_PORT=tcp://...`, `CALLSHEET_SERVICE_HOST`) is passed over.\n\n"
    )
    rows = []
    for name, field in Settings.model_fields.items():
        choices = getattr(field.validation_alias, "choices", None)
        names = [each for each in choices or (f"CALLSHEET_{name.upper()}",) if each != name]
        default = field.default
        secret = isinstance(default, SecretStr)
        shown = default.get_secret_value() if secret else default
        bounds = _bounds(field.metadata)
        rows.append(
            (
                code(name),
                ", ".join(map(code, names)),
                code(shown) if shown not in ("", (), {}) else "empty",
                f"{field.description}{bounds}",
            )
        )
    outro = (
        "\nCommands that people watch (`run`, `jobs`, ...) log only errors unless"
        " `CALLSHEET_LOG_LEVEL` is set; servers and workers log from `INFO` on."
        " `callsheet run` takes up to 100,000 rows unless `max_rows` is set: the default of 10"
        " guards the web server.\n"
    )
    outro += _providers()
    return intro + table(("setting", "environment", "default", "meaning"), rows) + outro


def _providers() -> str:
    """Write the table of what can be set for each hosted provider."""
    rows = [
        (
            code(f"CALLSHEET_PROVIDER_<NAME>_{name.upper()}"),
            code(str(field.default)) if field.default not in (None, "") else "empty",
        )
        for name, field in ProviderSettings.model_fields.items()
        if name != "key"
    ]
    rows.append((code("CALLSHEET_PROVIDER_<NAME>_KEY"), "empty"))
    names = [(each.key_setting, name) for name, each in adapters().items() if each.key_setting]
    keys = ", ".join(f"{code(name)} ({provider})" for name, provider in names)
    text = " ".join((ProviderSettings.__doc__ or "").split())
    return (
        f"\n## Hosted providers\n\n{text}\n\n{table(('environment', 'default'), rows)}"
        f"\nKeys are read under the names that the field knows, too: {keys}. In `callsheet.toml` it"
        " is a table `[provider.<name>]`.\n"
    )


def _bounds(rules: Iterable[Any]) -> str:
    least = next((rule.ge for rule in rules if hasattr(rule, "ge")), None)
    most = next((rule.le for rule in rules if hasattr(rule, "le")), None)
    if least is None:
        return ""
    return f" ({least:,} or more)" if most is None else f" ({least:,} to {most:,})"
