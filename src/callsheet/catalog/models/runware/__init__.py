"""Models of Runware."""
