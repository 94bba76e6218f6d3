"""Hosted models on the line: orders go out once, are followed, and what they made is downloaded."""
