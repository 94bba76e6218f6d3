"""Replicate's own API over callsheet's models: its clients work with another address."""
