"""A self-hosted production line for AI-generated media."""

__version__ = "0.1.0"
