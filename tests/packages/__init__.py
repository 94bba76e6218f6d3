"""Packages of what jobs made."""
