"""What can be wrong with a profile."""

from typing import ClassVar

from callsheet.kernel.errors import FieldError, InvalidInputError, NotFoundError, shown


class InvalidProfileError(InvalidInputError):
    """A profile of tolerances has a mistake; it names the file, the line and the key."""

    code: ClassVar[str] = "invalid_profile"

    def __init__(self, source: str, line: int | None, key: str, reason: str) -> None:
        where = f"{source}, line {line}" if line else source
        said = f"profile {where}: {key}: {reason}" if key else f"profile {where}: {reason}"
        super().__init__(shown_whole(said), [FieldError(key or "profile", reason)])
        self.line, self.key, self.reason = line, key, reason


class ProfileNotFoundError(NotFoundError):
    """There is no profile by this name."""

    code: ClassVar[str] = "profile_not_found"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        hint = f"there are {', '.join(known)}, or give the path of a TOML file"
        super().__init__("profile", name, hint)


def shown_whole(text: str) -> str:
    """Spell a text so that it stays in its line."""
    return "".join(each if each.isprintable() else shown(each) for each in text)
