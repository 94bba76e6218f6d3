"""Models of Luma."""
