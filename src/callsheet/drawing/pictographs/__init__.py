"""Flat pictures of things and animals, taken from the emoji set as shapes and found by words."""
