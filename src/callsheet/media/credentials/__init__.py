"""Content credentials, written and read in locked-down processes."""
