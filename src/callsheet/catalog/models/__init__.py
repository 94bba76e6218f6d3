"""One folder per provider, one file per model; each file defines CARD."""
