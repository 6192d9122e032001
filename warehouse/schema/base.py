"""What all tables share: one metadata object, four schemas, short column makers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Double, Integer, MetaData, Table, Text
from sqlalchemy.types import TIMESTAMP

METADATA = MetaData()
SCHEMAS = ("core", "mart", "result", "ops")
"""core: what was measured. mart: views. result: what the analyses found. ops: ledgers."""


def table(schema: str, name: str, grain: str, *columns: Any) -> Table:
    """Declare one table; `grain` says in a sentence what one row is and becomes the table's comment."""
    return Table(name, METADATA, *columns, schema=schema, comment=grain)


def key(name: str) -> Column[int]:
    """A surrogate key of a small table. Large facts have none: their index would outweigh them."""
    return Column(name, Integer, primary_key=True, autoincrement=False)


def integer(name: str, null: bool = False) -> Column[int]:
    """A 32-bit integer; references to other tables are such columns too (checked by `sql/checks`, not by the file)."""
    return Column(name, Integer, nullable=null)


def bigint(name: str, null: bool = False) -> Column[int]:
    """A 64-bit integer (configuration ranks, seeds, counts)."""
    return Column(name, BigInteger, nullable=null)


def real(name: str, null: bool = True) -> Column[float]:
    """A double; NULL where undefined, then with a reason beside it."""
    return Column(name, Double, nullable=null)


def text(name: str, null: bool = False) -> Column[str]:
    """Text of any length."""
    return Column(name, Text, nullable=null)


def boolean(name: str, null: bool = False) -> Column[bool]:
    """A truth value, named `is_…` or `has_…`."""
    return Column(name, Boolean, nullable=null)


def moment(name: str, null: bool = False) -> Column[Any]:
    """A point in time with its zone."""
    return Column(name, TIMESTAMP(timezone=True), nullable=null)


def one_of(column: str, *allowed: str) -> CheckConstraint:
    """A closed vocabulary: text and a check, because an enum that grows cannot be altered."""
    values = ", ".join(f"'{value}'" for value in allowed)
    return CheckConstraint(f"{column} in ({values})")
