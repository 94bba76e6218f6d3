"""Models of the local studio."""
