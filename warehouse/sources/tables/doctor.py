"""What looks odd in a table: made-up costs, names that are nearly the same, columns that are no settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.naming import NAMES, plain_name
from hpowh.warehouse.sources.tables.numbers import LARGEST
from hpowh.warehouse.sources.tables.roles import listed
from hpowh.warehouse.sources.tables.units import IN_PERCENT, is_share

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Problem

AT_ONCE = 25
"""Columns whose distinct values one query counts."""
FEWEST = 10
"""So many rows a column must differ in before that says something."""
FAR = 100
"""A value that occurs again and again and is so many times all others stands for something else."""
FARTHER = 1_000
"""The same of a value that occurs once, if it is one that programs write for a failure."""
USUAL_PENALTIES = frozenset({9_999.0, 1e4, 99_999.0, 1e5, 999_999.0, 1e6, 2_147_483_647.0, 1e9, 1e10, 1e12, 1e15, 1e20})
MOST_PAIRS = 30
"""So many columns are compared with one another."""
TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:.*"


def penalties(connection: duckdb.DuckDBPyConnection, relation: str, column: str, value: str) -> list[str]:
    """Return a sentence about one value that is repeated far beyond all others: a made-up cost of failures.

    Args:
        relation: where the values are.
        value: SQL of the value as a double.
    """
    finite = f"(select {value} as v from {relation} where abs({value}) <= {LARGEST!r})"  # noqa: S608
    found = []
    extremes = connection.execute(f"select max(v), min(v) from {finite}").fetchall()[0]  # noqa: S608
    for extreme in extremes:
        if extreme is None or extreme == 0:
            continue
        is_near = f"select 1 from {finite} where abs(v) > $1 and v <> $2 limit 1"  # noqa: S608
        if connection.execute(is_near, [abs(extreme) / FAR, extreme]).fetchall():  # the first ends the search
            continue
        count, others = connection.execute(
            f"select count(*) filter (where v = $1), max(abs(v)) filter (where v <> $1) from {finite}",  # noqa: S608
            [extreme],
        ).fetchall()[0]
        if not others:
            continue
        times = abs(extreme) / others
        if (count > 1 and times >= FAR) or (abs(extreme) in USUAL_PENALTIES and times >= FARTHER):
            are = "1 value is" if count == 1 else f"{count:,} values are"
            written = str(int(extreme)) if extreme == int(extreme) and abs(extreme) < 1e15 else repr(extreme)
            found.append(
                f"{column}: {are} {written}, at least {10 ** math.floor(math.log10(times)):,} times all others: "
                f"a penalty for failed evaluations? --option failed-value={written} keeps them as failed."
            )
    return found


def no_settings(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, str],
    combinations_of: str | None = None,
) -> list[str]:
    """Return sentences about columns (name -> SQL) that are hardly settings.

    Those are identifiers (texts with a value of their own in every row), time stamps, and columns that say the same.

    Args:
        combinations_of: a smaller relation with each combination of the columns' cells once, where there is one; then
            no column has a value of its own in every row.
    """
    if not columns:
        return []
    repeats = combinations_of not in (None, relation)
    looked_at = combinations_of or relation
    row: list[Any] = []
    parts = list(columns.values())
    # A few at a time: each count of distinct values holds its column in memory.
    for start in range(0, len(parts), AT_ONCE):
        tests = ", ".join(
            f"count({sql}) >= {FEWEST} and count(distinct {sql}) = count(*) "
            f"and count(try_cast({sql}::varchar as double)) < count(*), "
            f"count({sql}) > 1 and coalesce(bool_and(regexp_full_match({sql}::varchar, {literal(TIME)})), false), "
            f"count(distinct {sql}::varchar), count(*) > 1 and count({sql}) = count(*)"
            for sql in parts[start : start + AT_ONCE]
        )
        row += connection.execute(f"select {tests} from {looked_at}").fetchall()[0]  # noqa: S608
    names = list(columns)
    times = [name for at, name in enumerate(names) if row[4 * at + 1]]
    identifiers = [name for at, name in enumerate(names) if row[4 * at] and name not in times and not repeats]
    constant = [name for at, name in enumerate(names) if row[4 * at + 2] == 1 and row[4 * at + 3]]
    found = []
    if identifiers:
        found.append(
            f"A value of its own in every row: {listed(identifiers)}. An identifier is no setting: --map COLUMN=ignore."
        )
    if times:
        found.append(f"Time stamps: {listed(times)}. A time is no setting: --map COLUMN=ignore.")
    if constant:
        found.append(f"The same in every row, so that it explains nothing: {listed(constant, 5)}.")
    levels = {name: row[4 * at + 2] for at, name in enumerate(names) if row[4 * at + 2] > 1}
    return found + _same(connection, relation, {name: columns[name] for name in levels}, levels)


def _same(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], levels: Mapping[str, int]
) -> list[str]:
    """Return a sentence about columns of which each value goes with one value of the other.

    That says nothing where every row, or every combination that is repeated, has a value of its own in both, as numbers
    drawn at random have: then one must rise (or fall) with the other.
    """
    compared = dict(list(columns.items())[:MOST_PAIRS])
    pairs = [(a, b) for a, b in combinations(compared, 2) if levels[a] == levels[b]]
    if not pairs:
        return []
    every = ", ".join(f"{sql}::varchar" for sql in compared.values())
    total, combined = connection.execute(
        f"select count(*), count(distinct ({every})) from {relation}"  # noqa: S608
    ).fetchall()[0]
    pairs = [(a, b) for a, b in pairs if levels[a] < total]
    same = []
    for start in range(0, len(pairs), AT_ONCE):
        part = pairs[start : start + AT_ONCE]
        counts = ", ".join(f"count(distinct ({columns[a]}::varchar, {columns[b]}::varchar))" for a, b in part)
        row = connection.execute(f"select {counts} from {relation}").fetchall()[0]  # noqa: S608
        for (a, b), count in zip(part, row, strict=True):
            many = levels[a] == combined or levels[a] > FEWEST
            if count == levels[a] and not (many and _are_crossed(connection, relation, columns[a], columns[b])):
                same.append(f"{a} and {b}")
    return [f"One says what the other does: {listed(same, 5)}; their effects cannot be told apart."] if same else []


def _are_crossed(connection: duckdb.DuckDBPyConnection, relation: str, one: str, other: str) -> bool:
    """Whether both hold numbers, and the second neither rises nor falls with the first throughout."""
    number = "try_cast({}::varchar as double)"
    pairs = f"(select distinct {number.format(one)} as a, {number.format(other)} as b from {relation})"  # noqa: S608
    row = connection.execute(
        f"select count(*) = count(a) and count(*) = count(b), bool_and(step > 0) or bool_and(step < 0) "  # noqa: S608
        f"from (select a, b, b - lag(b) over (order by a) as step from {pairs})"
    ).fetchall()[0]
    return bool(row[0]) and row[1] is False


def mixed_units(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str, value: str, benchmark: str | None
) -> list[str]:
    """Return a sentence where a share is a fraction on some benchmarks and in percent on others."""
    if benchmark is None or not is_share(column):
        return []
    fractions, percents = connection.execute(
        f"select count(*) filter (where high <= 1), count(*) filter (where high > {10 * IN_PERCENT}) from ("  # noqa: S608
        f"select max({value}) as high from {relation} where isfinite({value}) group by {benchmark})"
    ).fetchall()[0]
    if not fractions or not percents:
        return []
    return [
        f"{column}: at most 1 on {fractions:,} benchmarks and above {10 * IN_PERCENT:g} on {percents:,}: fractions and "
        "percent in one column? Regrets of such benchmarks are comparable only when normalised."
    ]


def seeds_that_are_folds(column: str | None) -> list[str]:
    """Return a sentence where the column of seeds is called like one of folds."""
    if column is None or plain_name(column) not in NAMES["fold"]:
        return []
    return [f"{column!r} is read as the seed: what is called a spread over seeds will be one over folds."]


def grouped(problems: Iterable[tuple[str, str, int, int, str]]) -> list[str]:
    """Return one line for each kind of refused row: (column, reason, count, first row, its value)."""
    lines = []
    for column, reason, count, row, value in problems:
        rows = "1 row would be refused" if count == 1 else f"{count:,} rows would be refused"
        lines.append(f"{rows}: column {column!r}: {reason} (first: row {row:,}, value {value!r}).")
    return lines


def grouped_problems(problems: Sequence[Problem]) -> list[str]:
    """Return the same of rows that were refused one by one."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.column, problem.reason), []).append(problem)
    return grouped(
        (column, reason, len(found), found[0].row, found[0].value) for (column, reason), found in kinds.items()
    )
