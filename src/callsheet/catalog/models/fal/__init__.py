"""Models of fal."""
