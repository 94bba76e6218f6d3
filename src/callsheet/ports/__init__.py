"""Protocols that rooms ask for, and the values that cross them. No behaviour lives here."""
