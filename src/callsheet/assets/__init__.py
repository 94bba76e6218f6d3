"""Assets: the files we own, named by the SHA-256 of their bytes."""
