"""How the values of a column are spelt: numbers where every spelling is that of a number, else texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.numbers import (
    EXACT,
    MISSING_TEXTS,
    is_whole_type,
    number,
    plain,
    plain_list,
    rounded,
)

if TYPE_CHECKING:
    import duckdb

DIGITS = "^([^0-9]*)([0-9]{1,18})([^0-9]*)$"
"""A text seed with one number in it."""


def factor(name: str, sql_type: str, form: str) -> str:
    """Return SQL for a factor's value: a double where its form is a number, else a text."""
    if form == "number":
        return number(name, sql_type)
    if form == "rounded":
        return rounded(number(name, sql_type))
    text = f"nullif(trim({name}::varchar), '')"
    if form == "truth":
        return f"case lower({text}) when 'true' then 'True' when 'false' then 'False' end"
    if form == "list":
        return plain_list(text)
    if sql_type in ("DOUBLE", "FLOAT"):
        return plain(f"{name}::double")
    return text


def form_of(connection: duckdb.DuckDBPyConnection, name: str, kind: str, relation: str) -> str:
    """Return how a column's values are read, from all that a relation holds of it.

    `truth`, `number` (`rounded`, where two agree in 12 digits and are one level), `list` (some texts are lists) or
    `text`. Texts are numbers only if each is a spelling of a number and of nothing else: `01` is a label, so is a
    version `1.10` beside `1.9`, and a whole number that a double cannot hold.
    """
    value = number(name, kind) if _readable(kind) else "null::double"
    is_truth, is_number, is_label, is_list, is_twin = connection.execute(
        f"""
        select bool_and(lower(trim(t)) in ('true', 'false')), bool_and(v is not null),
          bool_or(regexp_full_match(trim(t), '[+-]?0[0-9].*') or (abs(v) > {EXACT} and {_is_digits(kind)}))
            or (count(distinct {DECIMALS}) > 1 and bool_or(regexp_full_match(trim(t), '[^eE]*\\.[0-9]+0'))),
          bool_or(t like '[%'), count(distinct {rounded("v")}) < count(distinct v)
        from (select distinct {name}::varchar as t, {value} as v from {relation}) where trim(t) <> ''
        """  # noqa: S608
    ).fetchall()[0]
    if is_truth:
        return "truth"
    if is_number and not is_label:
        return "rounded" if is_twin else "number"
    return "list" if is_list else "text"


DECIMALS = "length(regexp_extract(trim(t), '\\.([0-9]*)$', 1))"


def _readable(kind: str) -> bool:
    return kind == "VARCHAR" or kind in ("DOUBLE", "FLOAT") or is_whole_type(kind) or kind.startswith("DECIMAL")


def _is_digits(kind: str) -> str:
    """Return SQL: whether a value is written with all its digits (a double never has more than it holds)."""
    return "false" if kind in ("DOUBLE", "FLOAT") else "regexp_full_match(trim(t), '[+-]?[0-9]+')"


def seed_form(
    connection: duckdb.DuckDBPyConnection, name: str, relation: str = "hpowh_keys"
) -> tuple[str, list[tuple[str, int]]]:
    """Return how seeds are read, and for texts the first of them with their numbers.

    Seeds are texts where none of them is a number: `seed_3` is 3 where all have the same letters around their digits;
    any other text gets a number from its hash, the same one in every file.
    """
    missing = ", ".join(map(literal, MISSING_TEXTS))
    text = f"trim({name}::varchar)"
    texts = f"(select distinct {text} as t from {relation} where lower({text}) not in ({missing}))"  # noqa: S608
    count, numbers, frames, with_digits = connection.execute(
        f"select count(*), count(try_cast(t as double)), "  # noqa: S608
        f"count(distinct regexp_extract(t, '{DIGITS}', 1) || ' ' || regexp_extract(t, '{DIGITS}', 3)), "
        f"count(*) filter (where regexp_full_match(t, '{DIGITS}')) from {texts}"
    ).fetchall()[0]
    if not count or numbers:
        return "number", []
    form = "digits" if with_digits == count and frames == 1 else "hash"
    shown = connection.execute(f"select t, {seed_of_text('t', form)} from {texts} order by t limit 3").fetchall()  # noqa: S608
    return form, shown


def seed_of_text(name: str, form: str) -> str:
    """Return SQL for the number that stands for a text seed."""
    text = f"nullif(trim({name}::varchar), '')"
    if form == "digits":
        return f"try_cast(regexp_extract({text}, '{DIGITS}', 2) as bigint)"
    return f"(md5_number_lower({text}) % {EXACT})::bigint"
