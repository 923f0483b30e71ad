"""The store over SQLAlchemy Core: SQLite for one machine, PostgreSQL for many."""
