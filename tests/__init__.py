"""The tests, one folder for each room; what they share stands here."""
