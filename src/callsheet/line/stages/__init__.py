"""One file, one stage."""
