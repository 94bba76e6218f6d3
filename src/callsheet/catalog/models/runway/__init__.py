"""Models of Runway."""
