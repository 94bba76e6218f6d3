"""reference/settings.md: every setting."""

from collections.abc import Iterable
from typing import Any

from pydantic import SecretStr

from callsheet.settings import Settings
from generating.marking import code, table


def page() -> str:
    """List every setting."""
    intro = (
        "# Settings\n\n"
        "A setting is read from the environment, then from `callsheet.toml` in the working"
        " directory, then its default holds. In the file it goes by its name in the first column:"
        " `port = 9091`. A flag of a command goes before all of them. `callsheet doctor` prints"
        " each setting with where it came from, secrets masked.\n\n"
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
    return intro + table(("setting", "environment", "default", "meaning"), rows) + outro


def _bounds(rules: Iterable[Any]) -> str:
    least = next((rule.ge for rule in rules if hasattr(rule, "ge")), None)
    most = next((rule.le for rule in rules if hasattr(rule, "le")), None)
    return "" if least is None else f" ({least:,} to {most:,})"
