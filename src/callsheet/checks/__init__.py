"""Checks: facts in, a finding out. One file is one check; the folder is the list."""
