"""Moments as text."""

from datetime import UTC, datetime


def time_text(moment: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
