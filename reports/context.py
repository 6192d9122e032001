"""`SiteContext`: what a page module may ask for while it makes its pages."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field, fields
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hpowh.reports.blocks import Block, Explorer, Figure, Table, Warnings, flat
from hpowh.reports.charts.palette import Colours
from hpowh.reports.finding import Finding, Key
from hpowh.reports.inputs import Notes, WatchedWarehouse
from hpowh.reports.numbers import better
from hpowh.reports.page import Failure, Page
from hpowh.reports.query import Query, with_values
from hpowh.warehouse import queries
from hpowh.warehouse.errors import WarehouseLockedError
from hpowh.warehouse.migrate import program_version

if TYPE_CHECKING:
    from hpowh.warehouse import Warehouse

UNITS = {"percent": "%", "share": "0 to 1", "s": "s", "bytes": "bytes"}
"""A metric's unit -> how an axis or a heading says it; a metric without unit says nothing."""


@dataclass(frozen=True, kw_only=True)
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


@dataclass(kw_only=True)
class SiteContext:
    """One build of the site, as page modules see it."""

    opened: InitVar[Warehouse]
    built_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pages: dict[Key, Page] = field(default_factory=dict)
    """All pages by their keys, complete when the first is built. Of another page show no lead that is not plain from
    its key: a page is taken over from the build before while keys, titles, sections and orders are the same."""
    all_findings: list[Finding] = field(default_factory=list)
    all_failures: list[Failure] = field(default_factory=list)
    flaws: Mapping[int, str] = field(default_factory=dict)
    """Analysis run -> the sentence of a check that failed for its results; every page that shows them says so."""
    additions: list[Callable[[SiteContext, Key], Sequence[Block]]] = field(default_factory=list)
    """What modules add to the end of any page, by its key."""
    notes: Notes | None = None
    """Where it is noted what the page that is being built looks at."""

    def __post_init__(self, opened: Warehouse) -> None:
        self.warehouse = WatchedWarehouse(opened)

    @property
    def findings(self) -> list[Finding]:
        """All modules' findings; complete when pages are built."""
        self._see("findings")
        return self.all_findings

    @property
    def failures(self) -> list[Failure]:
        """What could not be built so far; the overview is built last and sees all."""
        self._see("failures")
        return self.all_failures

    @property
    def colours(self) -> Colours:
        """The colour of each algorithm: the same on every page, and while no algorithm is added, in every build."""
        self._see("colours")
        return self._colours

    @contextmanager
    def watched(self, notes: Notes) -> Iterator[None]:
        """Note what is looked at within: answers of the warehouse, and what else of the site."""
        before, self.notes = self.notes, notes
        try:
            with self.warehouse.watching(notes):
                yield
        finally:
            self.notes = before

    def _see(self, name: str) -> None:
        if self.notes is not None:
            self.notes.seen[name] = self.sight(name)

    def sight(self, name: str) -> str:
        """Return a hash of one of the things that pages share: `findings`, `failures` or `colours`."""
        shared: dict[str, Callable[[], Any]] = {
            "findings": lambda: self.all_findings,
            "failures": lambda: self.all_failures,
            "colours": lambda: self._algorithms,
        }
        return hashlib.sha256(repr(shared[name]()).encode("utf-8", "surrogatepass")).hexdigest()

    def _flaws(self, blocks: Sequence[Block]) -> list[Block]:
        """Return the warning of a page that shows results of an analysis run whose check failed; none elsewhere."""
        shown = [one.analysis_run_id for one in flat(blocks) if isinstance(one, Figure | Table | Explorer)]
        sentences = [sentence for run, sentence in sorted(self.flaws.items()) if run in shown]
        return [Warnings(sentences, "A check of these results failed")] if sentences else []

    def fail(self, what: str, error: Exception, key: Key = ()) -> None:
        """Note that a page, or a module's part in it, could not be built."""
        self.all_failures.append(Failure(what, sentence_of(error), key))

    def query(self, sql: str, /, **parameters: Any) -> Query:
        """Run a query with named parameters (`$name`) and return its rows with the SQL as anyone can run it."""
        text = re.sub(r"\n{2,}", "\n", _dedent(sql))
        frame = self.warehouse.sql(text, parameters or None).pl()
        return Query(frame, with_values(text, parameters))

    def rows(self, sql: str, /, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query whose SQL is not shown, and return its rows as tuples."""
        return self.warehouse.sql(sql, parameters or None).rows()

    def metric(self, name: str, direction: str) -> str:
        """Return what every label of a metric says: its name, its unit where it has one, which direction is better."""
        unit = next((UNITS.get(unit) for (unit,) in self.rows(queries.text("ledger/unit"), metric=name)), None)
        return f"{name} ({f'{unit}, ' if unit else ''}{better(direction)})"

    def href(self, key: Sequence[str], anchor: str = "") -> str | None:
        """Return the relative address of a page (and a block on it), or None where this build has no such page."""
        page = self.pages.get(tuple(key))
        return None if page is None else page.file + (f"#{anchor}" if anchor else "")

    @cached_property
    def _algorithms(self) -> list[str]:
        with self.warehouse.watching(None):
            return [name for (name,) in self.rows(queries.text("ledger/algorithms"))]

    @cached_property
    def _colours(self) -> Colours:
        return Colours(self._algorithms)

    @cached_property
    def program_version(self) -> str:
        """The version of hpowh that builds the site."""
        return program_version()

    def newest_run(self, job: str, subject: str) -> int | None:
        """Return the newest analysis run of a job on a subject, or None where it has not been run."""
        found = self.rows(
            queries.text("ledger/newest_run"),
            job=job,
            subject=subject,
        )
        return found[0][0]

    def provenance(self, analysis_run_id: int) -> Provenance:
        """Return what is known of an analysis run."""
        (row,) = self.rows(queries.text("ledger/analysis_run"), run=analysis_run_id)
        known = dict(zip((field.name for field in fields(Provenance)), row, strict=True))
        return Provenance(**{**known, "warnings": json.loads(known["warnings"])})

    def blocks(self, page: Page) -> list[Block]:
        """Build a page: its own blocks, then what other modules add to it; an addition that fails says so."""
        found = [*page.build()]
        for addition in self.additions:
            try:
                found += addition(self, page.key)
            except Exception as error:  # noqa: BLE001 - one module must not take another's page down
                if is_fatal(error):
                    raise
                self.fail(f"{page.title} ({addition.__module__.rpartition('.')[2]})", error, page.key)
                found.append(Warnings([f"A part of this page could not be built: {sentence_of(error)}"], "Not built"))
        return [*self._flaws(found), *found]

    def announce(self, pages: Iterable[Page]) -> None:
        """Add pages to the site.

        Raises:
            ValueError: two pages have the same key.
        """
        for page in pages:
            if page.key in self.pages:
                raise ValueError(f"two pages have the key {page.key}")
            self.pages[page.key] = page


CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def is_fatal(error: Exception) -> bool:
    """Return whether an error ends the build and not only a page: memory, disk or warehouse are not to be had."""
    return isinstance(error, MemoryError | WarehouseLockedError) or (
        isinstance(error, OSError) and error.errno in CANNOT_WRITE
    )


def sentence_of(error: Exception) -> str:
    """Return an error as a sentence for a page: its kind and its first line."""
    first = (str(error).splitlines() or [""])[0]
    text = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _dedent(sql: str) -> str:
    from textwrap import dedent

    return dedent(sql).strip()
