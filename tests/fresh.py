"""Writes `migrations/fresh.sql`, all tables of a new warehouse, of the revisions here: python tests/fresh.py."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hpowh.warehouse.connection import connect
from hpowh.warehouse.fresh import HEAD, digest, statements_of
from hpowh.warehouse.migrate import initialise
from hpowh.warehouse.revisions import migrations_folder


def main() -> None:
    """Let Alembic run the revisions, and write down what they made."""
    folder = migrations_folder()
    text = folder / "fresh.sql"
    text.unlink(missing_ok=True)
    with TemporaryDirectory(prefix="hpowh-fresh-") as name:
        path = Path(name) / "fresh.duckdb"
        initialise(path)
        connection = connect(path, read_only=True)
        try:
            statements = statements_of(connection)
        finally:
            connection.close()
    text.write_text(f"{HEAD}{digest(folder)}\n{statements}", encoding="utf-8", newline="\n")
    print(text)


if __name__ == "__main__":
    main()
