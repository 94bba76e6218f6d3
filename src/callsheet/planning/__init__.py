"""Planning: a brief becomes a film plan. Nothing here reads a file or asks anybody."""
