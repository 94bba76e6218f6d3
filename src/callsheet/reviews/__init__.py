"""Reviews: what people say about what a job made."""
