"""Google's own services: signing in to them, and secrets that are kept there."""
