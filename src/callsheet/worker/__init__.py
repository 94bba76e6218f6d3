"""The worker door: runs the line's works in a process of its own."""
