"""The tables of a new warehouse in one text: what all revisions make, without running them one by one.

`python tests/fresh.py` writes `migrations/fresh.sql` anew, after a revision was added. The text says of which revisions
it is. Where they are others, it is not used, and Alembic runs them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from hpowh.warehouse.names import identifier, literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

HEAD = "-- Written by tests/fresh.py of the revisions "


def fresh_tables(folder: Path) -> str | None:
    """Return the statements that make every table, or None where the text is not of the revisions in `folder`."""
    try:
        text = (folder / "fresh.sql").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    head, _, statements = text.partition("\n")
    return statements if head == HEAD + digest(folder) else None


def digest(folder: Path) -> str:
    """Return what tells revisions from others: their files' names and texts."""
    files = [*(folder / "versions").glob("*.py"), *(folder / "versions").glob("*/*.sql")]
    texts = sorted((file.relative_to(folder).as_posix(), file.read_text(encoding="utf-8")) for file in files)
    return sha256("\n".join(f"{name}\n{text}" for name, text in texts).encode()).hexdigest()[:32]


def statements_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the statements that make the schemas and tables that are there, with the revision they stand at.

    Raises:
        ValueError: there is something else than tables, such as a sequence, which these statements would leave out.
    """
    others = "select (select count(*) from duckdb_sequences()) + (select count(*) from duckdb_indexes()) + "
    others += "(select count(*) from duckdb_types() where not internal)"
    if connection.execute(others).fetchall() != [(0,)]:
        raise ValueError("There are sequences, indexes or types: `statements_of` has to learn them.")
    schemas = "select schema_name from duckdb_schemas() where not internal and schema_name <> 'main' order by all"
    found = [f"create schema {identifier(name)};" for (name,) in connection.execute(schemas).fetchall()]
    tables = "select schema_name, table_name, sql, comment from duckdb_tables() where not internal order by all"
    for schema, name, text, comment in connection.execute(tables).fetchall():
        found.append(text)
        if comment is not None:
            found.append(f"comment on table {schema}.{identifier(name)} is {literal(comment)};")
    ((revision,),) = connection.execute("select version_num from ops.revision").fetchall()
    found.append(f"insert into ops.revision values ({literal(revision)});")
    return "\n".join(found) + "\n"
