"""Measuring untrusted clips, sounds and pictures in locked-down processes, from files."""
