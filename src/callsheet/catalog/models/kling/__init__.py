"""Models of Kling's own API."""
