"""Films: frames, sound and words become one file, segment by segment."""
