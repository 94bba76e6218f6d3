"""Checks by measurement; see docs/reference/checks.md."""
