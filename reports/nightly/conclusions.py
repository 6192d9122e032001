"""What the results say at one time, in rows that survive until the next build compares them with its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries

if TYPE_CHECKING:
    import duckdb


def _texts() -> dict[str, str]:
    """Return kind of conclusion -> the SQL that finds those that the newest results draw."""
    return {
        "count": queries.text("nightly/counts"),
        "winner": queries.text("nightly/winners"),
        "contrast": queries.text("nightly/contrasts"),
        "ranking": queries.text("nightly/rankings"),
        "landscape": queries.text("nightly/landscapes"),
        "importance": queries.text("nightly/importances"),
    }


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """One thing that the results say: which algorithm is better, how rugged a landscape is, how many runs there are."""

    kind: str
    subject: str
    item: str
    """What of the subject: with kind and subject it identifies the conclusion in every build."""
    verdict: str | None = None
    """contrast, ranking: `first`, `second` or `none` is better; winner, importance: whose rank is 1."""
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    p_value: float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    """What a sentence about it needs."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it in every build."""
        return self.kind, self.subject, self.item


COLUMNS = ("kind", "subject", "item", "verdict", "value", "lower", "upper", "p_value", "context")


def read_conclusions(connection: duckdb.DuckDBPyConnection) -> list[Conclusion]:
    """Return what the newest results of every analysis say now."""
    found = []
    for kind, query in _texts().items():
        for subject, item, verdict, value, lower, upper, p_value, context in connection.execute(
            f"select subject, item, verdict, value, lower, upper, p_value, context from ({query}\n) order by 1, 2"
        ).fetchall():
            given = json.loads(context)
            found.append(
                Conclusion(
                    kind=kind,
                    subject=subject,
                    item=item,
                    verdict=verdict,
                    value=value,
                    lower=lower,
                    upper=upper,
                    p_value=p_value,
                    context=given,
                )
            )
    return list({one.key: one for one in found}.values())


def store_conclusions(
    connection: duckdb.DuckDBPyConnection, nightly_id: int, found: list[Conclusion], keep: list[int]
) -> None:
    """Store the conclusions of a build, and drop those of all builds but `keep`."""
    import pyarrow as pa

    connection.execute("delete from ops.conclusion where nightly_id not in (select unnest(?))", [keep])
    columns = {
        name: pa.array([getattr(one, name) for one in found], pa.float64() if name in REAL else pa.string())
        for name in COLUMNS[:-1]
    }
    columns["context"] = pa.array([json.dumps(dict(one.context)) for one in found], pa.string())
    connection.register("_conclusion", pa.table(columns))
    try:
        listed = ", ".join(COLUMNS)
        connection.execute(
            f"insert into ops.conclusion (nightly_id, {listed}) select {int(nightly_id)}, {listed} from _conclusion"
        )
    finally:
        connection.unregister("_conclusion")


REAL = ("value", "lower", "upper", "p_value")


def stored_conclusions(connection: duckdb.DuckDBPyConnection, nightly_id: int) -> list[Conclusion]:
    """Return the conclusions that a build stored."""
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from ops.conclusion where nightly_id = ? order by kind, subject, item",
        [nightly_id],
    ).fetchall()
    return [Conclusion(**dict(zip(COLUMNS[:-1], row[:-1], strict=True)), context=json.loads(row[-1])) for row in rows]
