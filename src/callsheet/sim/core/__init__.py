"""What all simulated providers have in common: orders, clocks, faults, books, pictures."""
