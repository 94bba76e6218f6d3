"""The database: connections to SQLite and PostgreSQL, schema, time and notifications."""
