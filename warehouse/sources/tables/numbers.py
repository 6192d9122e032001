"""Numbers and what stands in their place: SQL that reads them exactly, and says what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse.names import literal

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.tables.staging import Staged

MISSING_TEXTS = ("", "na", "n/a", "#n/a", "#na", "<na>", "null", "none", "-", "--", "\u2013", "\u2014", "n.a.", "?")
"""Texts that mean "no number" in a column of numbers, among them those of spreadsheets and of ARFF."""
LARGEST = 1e150
"""A value beyond it stands for infinity: its square is no number, so nothing can be averaged with it."""
EXACT = 2**53
"""Whole numbers up to this are exact as doubles."""


def is_numeric_type(sql_type: str) -> bool:
    """Whether a DuckDB type holds numbers."""
    return sql_type in ("DOUBLE", "FLOAT", "INTEGER") or sql_type.endswith("INT") or sql_type.startswith("DECIMAL")


def is_whole_type(sql_type: str) -> bool:
    """Whether a DuckDB type holds whole numbers only."""
    return sql_type == "INTEGER" or sql_type.endswith("INT")


def number(name: str, sql_type: str) -> str:
    """Return SQL that reads a column (its SQL name) as a double; NULL where it is missing or no number."""
    if sql_type in ("DOUBLE", "FLOAT"):
        return f"{name}::double"
    return f"try_cast({name} as double)"


def whole(name: str, sql_type: str) -> str:
    """Return SQL that reads a column as a whole number of 64 bits, exactly; NULL where it is none or does not fit.

    A text such as `7.0` is read through a double, which is exact up to 2^53; beyond, only plain digits are.
    """
    exact = f"case when abs({{0}}) <= {EXACT} and {{0}} = trunc({{0}}) then {{0}}::bigint end"
    if is_whole_type(sql_type):
        return f"try_cast({name} as bigint)"
    if sql_type in ("DOUBLE", "FLOAT") or sql_type.startswith("DECIMAL"):
        return exact.format(f"{name}::double")
    digits = f"regexp_full_match(trim({name}::varchar), '[+-]?[0-9]+')"
    double = f"try_cast({name} as double)"
    return f"case when {digits} then try_cast(trim({name}::varchar) as bigint) else {exact.format(double)} end"


def numeric_columns(connection: duckdb.DuckDBPyConnection, staged: Staged, among: Sequence[str]) -> list[str]:
    """Return those of the columns whose cells are numbers, as types or as texts; empty ones aside."""
    all_numbers, first = {}, {}
    for column in among:
        name = staged.columns.sql(column)
        if is_numeric_type(staged.columns[column]):
            all_numbers[column] = f"count({name}) > 0"
            continue
        no_number = f"trim({name}::varchar) <> '' and try_cast({name}::varchar as double) is null"
        first[column] = f"coalesce(bool_or({no_number}), false)"
        all_numbers[column] = f"count(nullif(trim({name}::varchar), '')) > 0 and not {first[column]}"
    gone = _those(connection, f"(select * from {staged.relation} limit {FIRST})", first)  # noqa: S608
    return _those(connection, staged.relation, {c: test for c, test in all_numbers.items() if c not in gone})


FIRST = 100
"""So many rows are looked at first: a text among them that is no number saves reading all others."""


def _those(connection: duckdb.DuckDBPyConnection, relation: str, tests: Mapping[str, str]) -> list[str]:
    """Return the keys whose aggregate over the relation is true."""
    if not tests:
        return []
    row = connection.execute(f"select {', '.join(tests.values())} from {relation}").fetchall()[0]  # noqa: S608
    return [key for key, holds in zip(tests, row, strict=True) if holds]


def not_a_number(name: str, sql_type: str) -> str | None:
    """Return SQL that is true where a column holds something that is no number, or None where that cannot be."""
    if is_numeric_type(sql_type) or sql_type == "BOOLEAN":
        return None
    missing = ", ".join(literal(text) for text in MISSING_TEXTS)
    return (
        f"({name} is not null and try_cast({name} as double) is null "
        f"and lower(trim({name}::varchar)) not in ({missing}))"
    )


def status_of(value: str) -> str:
    """Return SQL for the status that a number's own form gives it."""
    return (
        f"case when {value} is null then 'missing' when isnan({value}) then 'nan' "
        f"when {value} > {LARGEST!r} then 'inf' when {value} < -{LARGEST!r} then 'neg_inf' else 'ok' end"
    )


def finite(value: str) -> str:
    """Return SQL for the number where it is finite, else NULL."""
    return f"case when abs({value}) <= {LARGEST!r} then {value} end"


def plain(value: str) -> str:
    """Return SQL for the one spelling of a double that stands for a level: `1`, not `1.0`; `0.5`, not `5e-1`."""
    return (
        f"case when abs({value}) <= {EXACT} and {value} = trunc({value}) then {value}::bigint::varchar "
        f"else {value}::varchar end"
    )


def rounded(value: str) -> str:
    """Return SQL for a double to 12 significant digits, so that 0.3 and 0.1 + 0.2 are one level."""
    return f"format('{{:.12g}}', {value})::double"


def plain_list(text: str) -> str:
    """Return SQL in which the two spellings `[64,32]` and `[64, 32]` of a list of numbers are one."""
    return (
        f"case when regexp_full_match({text}, '\\[[-+0-9.eE,\\s]*\\]') "
        f"then replace(regexp_replace({text}, '\\s+', '', 'g'), ',', ', ') else {text} end"
    )


def beyond_notes(connection: duckdb.DuckDBPyConnection, relation: str, values: Mapping[str, str]) -> list[str]:
    """Return a sentence for each column (name -> SQL of its number) with values that stand for infinity."""
    counts = ", ".join(
        f"count(*) filter (where abs({value}) > {LARGEST!r} and isfinite({value}))" for value in values.values()
    )
    found = connection.execute(f"select {counts} from {relation}").fetchall()[0]  # noqa: S608
    return [beyond_note(column, count) for column, count in zip(values, found, strict=True) if count]


def beyond_note(column: str, count: int) -> str:
    """Return the sentence about values that stand for infinity."""
    are = "1 value is" if count == 1 else f"{count:,} values are"
    return (
        f"{are} beyond {LARGEST:g} in {column!r}: read as infinite, since nothing can be averaged with such a number."
    )
