"""Jobs written down in the store, and built again from it when the database is gone."""
