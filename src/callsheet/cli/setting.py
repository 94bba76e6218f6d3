"""`--set name=value`: inputs of models, as commands are given them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from callsheet.kernel.errors import FieldError, InvalidInputError

Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="An input of the model as name=value; may be repeated. Rows may say another."
    ),
]


def read_sets(pairs: Sequence[str] | None) -> dict[str, str]:
    """Read inputs by name. Raises InvalidInputError."""
    inputs = {}
    for each in pairs or ():
        name, equals, value = each.partition("=")
        if not equals:
            message = f"--set {each!r} needs the form name=value"
            raise InvalidInputError(message, [FieldError("--set", message, each)])
        inputs[name.strip()] = value
    return inputs
