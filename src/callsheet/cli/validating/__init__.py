"""Validation of a deployment from outside: what its users and its operator would meet."""
