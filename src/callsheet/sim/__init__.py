"""Protocol-faithful outside services for tests, demos and load; never part of the product."""
