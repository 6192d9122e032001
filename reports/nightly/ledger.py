"""The ledger of nightly builds: `ops.nightly` and its steps, conclusions and changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.reports.nightly.changes import Change, compare
from hpowh.reports.nightly.conclusions import read_conclusions, store_conclusions, stored_conclusions
from hpowh.reports.nightly.looks import steadied
from hpowh.warehouse import queries
from hpowh.warehouse.migrate import program_version

if TYPE_CHECKING:
    from hpowh.reports.nightly.config import Config
    from hpowh.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a nightly build."""

    kind: str
    """`source`, `analysis`, `check`, `publish` or `site`."""
    name: str
    outcome: str
    """`done`, `unchanged`, `failed` or `skipped`."""
    seconds: float = 0.0
    sentence: str = ""
    """What came of it; where it failed, why."""
    detail: Mapping[str, Any] | None = None
    """More, for the summary."""

    @property
    def failure(self) -> str:
        """What a reader of the site is told when it failed."""
        return f"{self.kind} {self.name}: {self.sentence}"


def begin(warehouse: Warehouse, config: Config, started_at: datetime) -> int:
    """Enter a build; what an earlier one of this site left as running was killed. Returns the new build's id."""
    with warehouse.writing() as connection:
        connection.execute(
            "update ops.nightly set status = 'killed' where status = 'running' and site = ?", [str(config.site)]
        )
        number = connection.execute("select coalesce(max(nightly_id), 0) + 1 from ops.nightly").fetchall()[0][0]
        connection.execute(
            "insert into ops.nightly values (?, ?, ?, 'running', false, null, null, null, ?, null, ?, null)",
            [number, str(config.file), str(config.site), started_at, program_version()],
        )
    return int(number)


@dataclass(frozen=True)
class Past:
    """What the ledger says of the builds before."""

    base: int | None
    """The last build that gave this site its pages."""
    failed_count: int
    """Builds since then that failed or were killed: the next one's overview tells of them."""
    published: str | None
    """The state of the data at the last publication, with its places."""


def look_back(warehouse: Warehouse, config: Config, nightly_id: int) -> Past:
    """Return what the ledger says of this site's builds before this one."""
    site = str(config.site)
    base = warehouse.sql(queries.text("nightly/base"), {"site": site, "nightly": nightly_id}).one()
    failed = warehouse.sql(
        queries.text("nightly/failed_count"),
        {"site": site, "base": base or 0, "nightly": nightly_id},
    ).one()
    published = warehouse.sql(queries.text("nightly/published")).one()
    return Past(base, failed, published)


def note_steps(warehouse: Warehouse, nightly_id: int, steps: Sequence[Step]) -> None:
    """Write the steps so far; the site's own pages show them."""
    with warehouse.writing() as connection:
        _write_steps(connection, nightly_id, steps)


def note_conclusions(
    warehouse: Warehouse, nightly_id: int, base: int | None, steps: Sequence[Step], tolerance: float, keep: int
) -> list[Change]:
    """Write the steps so far, what the results say now, and what of it changed since the build `base`; return that."""
    with warehouse.writing() as connection:
        now = read_conclusions(connection)
        before = stored_conclusions(connection, base) if base is not None else []
        now = steadied(before, now)
        changes = compare(before, now, tolerance) if base is not None else []
        kept = connection.execute(
            queries.text("nightly/kept"),
            {"keep": keep},
        ).fetchall()
        store_conclusions(connection, nightly_id, now, [number for (number,) in kept])
        connection.execute("delete from ops.change where nightly_id = ?", [nightly_id])
        if changes:
            connection.executemany(
                "insert into ops.change values (?, ?, ?, ?, ?)",
                [(nightly_id, i, one.kind, one.subject, one.sentence) for i, one in enumerate(changes, start=1)],
            )
        connection.execute("update ops.nightly set base_nightly_id = ? where nightly_id = ?", [base, nightly_id])
        _write_steps(connection, nightly_id, steps)
    return changes


def _write_steps(connection: Any, nightly_id: int, steps: Sequence[Step]) -> None:
    connection.execute("delete from ops.nightly_step where nightly_id = ?", [nightly_id])
    if steps:
        connection.executemany(
            "insert into ops.nightly_step values (?, ?, ?, ?, ?, ?, ?)",
            [
                (nightly_id, position, one.kind, one.name, one.outcome, one.seconds, one.sentence)
                for position, one in enumerate(steps, start=1)
            ],
        )


def finish(
    warehouse: Warehouse,
    nightly_id: int,
    steps: Sequence[Step],
    *,
    is_ok: bool,
    folder: Path | None,
    is_new_site: bool,
    published: str | None,
    summary: Mapping[str, Any],
) -> None:
    """Close the entry of a build."""
    with warehouse.writing() as connection:
        _write_steps(connection, nightly_id, steps)
        connection.execute(
            queries.statement("nightly/finish"),
            {
                "status": "ok" if is_ok else "failed",
                "is_new_site": is_new_site,
                "folder": str(folder) if folder else None,
                "published": published,
                "summary": json.dumps(summary, default=str),
                "nightly": nightly_id,
            },
        )
