"""`SiteContext`: what a page module may ask for while it makes its pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hpowh.reports.blocks import Block
from hpowh.reports.charts.palette import Colours
from hpowh.reports.page import Finding, Key, Page
from hpowh.warehouse.migrate import program_version
from hpowh.warehouse.names import literal

if TYPE_CHECKING:
    import polars

    from hpowh.warehouse import Warehouse


@dataclass(frozen=True)
class Query:
    """The rows behind a figure or table, and the SQL that anyone can run to get them again."""

    frame: polars.DataFrame
    sql: str

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return self.frame.to_dicts()


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from: one row of `ops.analysis_run`."""

    analysis_run_id: int
    job: str
    subject: str
    job_version: str
    parameters: str
    input_fingerprint: str
    seed: int | None
    ended_at: datetime
    warnings: list[str]
    program_version: str


@dataclass
class SiteContext:
    """One build of the site, as page modules see it."""

    warehouse: Warehouse
    built_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pages: dict[Key, Page] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """All modules' findings; complete when pages are built."""
    additions: list[Callable[[SiteContext, Key], Sequence[Block]]] = field(default_factory=list)
    """What modules add to the end of any page, by its key."""

    def query(self, sql: str, /, **parameters: Any) -> Query:
        """Run a query with named parameters (`$name`) and return its rows with the SQL as anyone can run it."""
        text = re.sub(r"\n{2,}", "\n", _dedent(sql))
        frame = self.warehouse.sql(text, parameters or None).pl()
        return Query(frame, _with_values(text, parameters))

    def rows(self, sql: str, /, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query whose SQL is not shown, and return its rows as tuples."""
        return self.warehouse.sql(sql, parameters or None).rows()

    def href(self, key: Sequence[str], anchor: str = "") -> str | None:
        """Return the relative address of a page (and a block on it), or None where this build has no such page."""
        page = self.pages.get(tuple(key))
        return None if page is None else page.file + (f"#{anchor}" if anchor else "")

    @cached_property
    def colours(self) -> Colours:
        """The colour of each algorithm: the same on every page, and while no algorithm is added, in every build."""
        return Colours([name for (name,) in self.rows("select name from core.algorithm order by algorithm_id")])

    @cached_property
    def program_version(self) -> str:
        """The version of hpowh that builds the site."""
        return program_version()

    def newest_run(self, job: str, subject: str) -> int | None:
        """Return the newest analysis run of a job on a subject, or None where it has not been run."""
        found = self.rows(
            "select max(analysis_run_id) from ops.analysis_run where job = $job and subject = $subject",
            job=job,
            subject=subject,
        )
        return found[0][0]

    def provenance(self, analysis_run_id: int) -> Provenance:
        """Return what is known of an analysis run."""
        row = self.rows(
            "select analysis_run_id, job, subject, job_version, parameters, input_fingerprint, seed, ended_at, "
            "warnings, program_version from ops.analysis_run where analysis_run_id = $run",
            run=analysis_run_id,
        )[0]
        *known, warnings, version = row
        values: list[Any] = [*known, json.loads(warnings), version]
        return Provenance(*values)

    def blocks(self, page: Page) -> list[Block]:
        """Build a page: its own blocks, then what other modules add to it."""
        added = [block for addition in self.additions for block in addition(self, page.key)]
        return [*page.build(), *added]

    def announce(self, pages: Iterable[Page]) -> None:
        """Add pages to the site.

        Raises:
            ValueError: two pages have the same key.
        """
        for page in pages:
            if page.key in self.pages:
                raise ValueError(f"two pages have the key {page.key}")
            self.pages[page.key] = page


def _dedent(sql: str) -> str:
    from textwrap import dedent

    return dedent(sql).strip()


def _with_values(sql: str, parameters: Mapping[str, Any]) -> str:
    """Return the SQL with each `$name` replaced by its value as a literal."""

    def written(match: re.Match[str]) -> str:
        return sql_value(parameters[match[1]]) if match[1] in parameters else match[0]

    return re.sub(r"\$([a-z_]\w*)", written, sql)


def sql_value(value: Any) -> str:
    """Write a Python value as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(sql_value(one) for one in value) + "]"
    return literal(str(value))
