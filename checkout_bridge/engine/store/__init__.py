"""The engine's database: tables, migrations, and the statements that read and move them."""
