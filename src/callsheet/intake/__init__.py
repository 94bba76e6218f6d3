"""From a sheet or a request to a clean draft: input limits, sanitising, references merged."""
