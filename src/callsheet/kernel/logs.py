"""Log events, not prose: a dotted name and its fields, for stdlib logging's `extra`."""

from typing import Any


def event(**fields: Any) -> dict[str, Any]:
    """Wrap fields for `extra=`; the formatter writes them beside the event's name."""
    return {"fields": fields}
