"""The web door: parse, call one verb, render."""
