"""What may happen at all: switches, and requests that were answered already."""
