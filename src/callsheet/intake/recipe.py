"""How a sheet of somebody's own is to be read, said once and kept: a recipe, as TOML.

prompt = "{Product}, {Style?}, on {Background}"
skip_blank = true
join = "Handle"          # rows without a prompt bring pictures to the row above of that handle

[map]
"Shot" = "scene_id"
"Image Src" = "references"
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from callsheet.intake.columns import KNOWN_NAMES, field_named
from callsheet.intake.errors import BatchInputError, ProblemCode, RowProblem
from callsheet.kernel.errors import shown
from callsheet.ports.sheets import SheetChoice, title_key

MAX_RECIPE_CHARS: Final = 65_536
_PLACE: Final = re.compile(r"\{([^{}]+?)(\?)?\}")


class Recipe(BaseModel, frozen=True, extra="forbid"):
    """What each part says: which sheet, how it is written, what its columns mean."""

    map: Mapping[str, str] = Field(default_factory=dict)  # column -> field, or "extra"
    prompt: str = Field(default="", max_length=8_000)
    sheet: str = Field(default="", max_length=255)
    header_row: int = Field(default=0, ge=0, le=1_048_576)
    delimiter: str = Field(default="", max_length=20)
    encoding: str = Field(default="", max_length=40)
    skip_blank: bool = False
    keep_going: bool = False
    join: str = Field(default="", max_length=200)

    def but(self, **given: Any) -> "Recipe":
        """Change what is given; a blank says nothing, and a mapping is added to this one."""
        said = {name: value for name, value in given.items() if value}
        said["map"] = {**self.map, **given.get("map", {})}
        return checked_recipe({**self.model_dump(), **said})

    @property
    def template(self) -> "Template | None":
        """The prompt that is put together from columns."""
        return Template.of(self.prompt) if self.prompt else None

    @property
    def choice(self) -> SheetChoice:
        """What a reader of sheets needs of it."""
        named = {title_key(title): field_named(meant) or "" for title, meant in self.map.items()}
        names = {**KNOWN_NAMES, **named}
        if self.template:
            names |= dict.fromkeys(map(title_key, self.template.titles), "prompt")
        return SheetChoice(self.sheet, self.header_row, self.delimiter, self.encoding, names)


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with columns in braces; `{Style?}` may be blank, and any other must not be."""

    text: str
    places: tuple[tuple[str, bool], ...]  # title, whether it may be blank

    @classmethod
    def of(cls, text: str) -> "Template":
        """Read a template. Raises BatchInputError."""
        places = tuple((match[1].strip(), bool(match[2])) for match in _PLACE.finditer(text))
        if not places:
            raise _refused(
                "prompt", 'name columns in braces, as in "{Product} on {Background}"', text
            )
        return cls(text, places)

    @property
    def titles(self) -> tuple[str, ...]:
        """The columns that it names."""
        return tuple(title for title, _ in self.places)

    def filled(self, cells: Mapping[str, str]) -> tuple[str, list[str]]:
        """Put cells in, by key of their titles; answers the prompt and the columns left blank."""
        blank = [
            title
            for title, optional in self.places
            if not optional and not cells.get(title_key(title), "").strip()
        ]
        text = _PLACE.sub(lambda match: cells.get(title_key(match[1]), "").strip(), self.text)
        text = re.sub(r"\s*,(?:\s*,)+", ",", text).strip(" ,")
        return (text, blank)


def read_recipe(text: str) -> Recipe:
    """Read a recipe written as TOML. Raises BatchInputError."""
    if len(text) > MAX_RECIPE_CHARS:
        raise _refused("recipe", f"it has {len(text)} characters, {MAX_RECIPE_CHARS} are allowed")
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused("recipe", f"this is no TOML: {error}") from error
    return checked_recipe(said)


def checked_recipe(said: Mapping[str, Any]) -> Recipe:
    """Check the parts of a recipe. Raises BatchInputError."""
    try:
        recipe = Recipe.model_validate(dict(said), strict=True)
    except ValidationError as error:
        raise BatchInputError(
            [
                RowProblem(
                    ".".join(map(str, each["loc"])),
                    f"{each['msg']}; a recipe may say {', '.join(Recipe.model_fields)}",
                    shown(each["input"]),
                    ProblemCode.INVALID_RECIPE,
                )
                for each in error.errors(include_url=False)
            ]
        ) from error
    if recipe.prompt:
        Template.of(recipe.prompt)
    return recipe


def _refused(field: str, message: str, value: object = "") -> BatchInputError:
    return BatchInputError([RowProblem(field, message, shown(value), ProblemCode.INVALID_RECIPE)])
