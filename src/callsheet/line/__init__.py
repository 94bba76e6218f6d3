"""The order of the rooms: stages, transitions and the durable work that moves a job along."""
