"""Jobs, their shots and their journal: what is to be made and what has happened to it."""
