"""The durable engine's one face to us: DBOS is imported here and nowhere else."""
