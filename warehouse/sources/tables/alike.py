"""Names that are nearly the same: in another case, with other blanks or dashes, or characters that nobody sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Characters without a width: soft hyphen, zero-width space and joiners, byte-order mark."""
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
BLANKS = r"[\s\x{00a0}\x{2000}-\x{200a}\x{202f}\x{3000}]+"
IS_NAME = "trim({0}) <> '' and lower(trim({0})) not in ('true', 'false')"
AT_ONCE = 25
"""Columns that one query looks at: one a query would look through the names of all each time."""
MOST = 2
"""So many names of a column are shown."""


def alike(text: str) -> str:
    """Return what names that are nearly the same have in common."""
    seen = "".join("-" if sign in DASHES else sign for sign in text if sign not in UNSEEN)
    return " ".join(unicodedata.normalize("NFC", seen).lower().split())


def _alike_sql(text: str) -> str:
    """Return SQL for the same; DuckDB knows the blanks by their numbers."""
    seen = f"regexp_replace(translate({text}, '{DASHES}', '{'-' * len(DASHES)}'), '[{UNSEEN}]', '', 'g')"
    return f"lower(nfc_normalize(trim(regexp_replace({seen}, '{BLANKS}', ' ', 'g'))))"


def difference(one: str, other: str) -> str:
    """Return in words how two names that are nearly the same differ."""
    if alike(one) != alike(other):
        return ""
    if unicodedata.normalize("NFC", one).lower() == unicodedata.normalize("NFC", other).lower():
        return "case or in their Unicode form"
    if one.strip() == other.strip():
        return "blanks at their ends"
    odd = {sign for sign in one + other if sign in UNSEEN + DASHES or (sign.isspace() and sign != " ")}
    if odd:
        return f"characters that are hard to see ({', '.join(f'U+{ord(sign):04X}' for sign in sorted(odd))})"
    return "blanks"


def near_names(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], *, are_trimmed: bool = False
) -> list[str]:
    """Return sentences for each column (name -> SQL) with texts that are nearly the same.

    Args:
        are_trimmed: blanks at the ends are left out when the texts are stored, so that some of them are one.
    """
    found = []
    for column in _suspected(connection, relation, columns):
        groups = connection.execute(
            f"select list(t order by t) from (select distinct {columns[column]}::varchar as t from {relation}) "  # noqa: S608
            f"where {IS_NAME.format('t')} group by {_alike_sql('t')} having count(*) > 1 order by 1"
        ).fetchall()
        apart, one = list[tuple[str, str]](), list[tuple[str, str]]()
        for (texts,) in groups:
            kept = sorted({text.strip(" ") for text in texts}) if are_trimmed else texts
            if len(kept) > 1:
                apart.append((kept[0], kept[1]))
            if len(kept) < len(texts):
                first = next(text for text in texts if text != text.strip(" "))
                one.append((first.strip(" "), first))
        for pairs, end in ((apart, "they stay apart"), (one, "they are one")):
            if pairs:
                more = f" (and {len(pairs) - 1:,} more such names)" if len(pairs) > 1 else ""
                first_pair = " and ".join(map(repr, pairs[0]))
                how = difference(*pairs[0])
                found.append(f"{column}: {first_pair} differ in {how} only{more}; {end}.")
    return found


def _suspected(connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str]) -> list[str]:
    """Return the columns with more texts than there are when those that are nearly the same are one."""
    found = []
    names = list(columns)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        tests = ", ".join(
            f"count(distinct t{at}) filter ({is_name}) > count(distinct {_alike_sql(f't{at}')}) filter ({is_name})"
            for at in range(len(some))
            for is_name in [IS_NAME.format(f"t{at}")]
        )
        texts = ", ".join(f"{columns[name]}::varchar as t{at}" for at, name in enumerate(some))
        answers = connection.execute(f"select {tests} from (select {texts} from {relation})").fetchall()[0]  # noqa: S608
        found += [name for name, answer in zip(some, answers, strict=True) if answer]
    return found


def near_headings(names: Iterable[str]) -> list[str]:
    """Return a sentence where headings differ in blanks or unseen characters only; `lr` and `LR` may be two things."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(alike(name), []).append(name)
    pairs = [(a, b) for a, b, *_ in (sorted(group) for group in groups.values() if len(group) > 1)]
    pairs = [(a, b) for a, b in pairs if not difference(a, b).startswith("case")]
    if not pairs:
        return []
    listed = "; ".join(f"{a!r} and {b!r} differ in {difference(a, b)} only" for a, b in pairs[:MOST])
    return [f"Headings: {listed}. They are two columns."]
