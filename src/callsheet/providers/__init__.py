"""One file, one outside service; `local` is our own studio."""
