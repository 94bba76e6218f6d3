"""Read-only questions across rooms."""
