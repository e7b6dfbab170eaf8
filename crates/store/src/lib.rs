//! Databases: one SQL text over SQLite and PostgreSQL, migrations, jobs, sealed columns.
