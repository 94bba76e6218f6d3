"""Quality: findings, what they say together, and the tolerances they are judged by."""
