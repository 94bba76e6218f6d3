"""Takes: each paid attempt to make one variant of one shot, from intent to charge."""
