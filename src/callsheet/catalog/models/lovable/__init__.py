"""Models of the Lovable gateway."""
