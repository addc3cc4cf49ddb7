"""The `sql` driver: PostgreSQL, MySQL, MariaDB, and SQLite."""
