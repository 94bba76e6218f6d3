"""Reaching addresses that users name, and only those on the public internet."""
