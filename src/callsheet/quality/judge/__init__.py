"""The judge: questions for a model that sees, and the rules by which its answers count."""
