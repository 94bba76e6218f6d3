"""Builds every service from settings and shelves."""

from callsheet.wiring.build import build
from callsheet.wiring.services import CHECK_S, Callsheet

__all__ = ["CHECK_S", "Callsheet", "build"]
