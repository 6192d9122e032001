"""`Session`: one warehouse, as `hpowh.open` gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.reports.door.analyses import Analyses
from hpowh.reports.door.html import paragraph, table
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import NotAWarehouseError
from hpowh.warehouse.store import default_path

if TYPE_CHECKING:
    from types import TracebackType

    import polars as pl

    from hpowh.reports.build import Build
    from hpowh.reports.door.found import Findings
    from hpowh.reports.door.loading import Loaded


class Session(Analyses):
    """A warehouse to load into, to ask and to analyse; `with` closes it, and so does the end of the process.

    Example:
        >>> with hpowh.open("study.duckdb") as study:
        ...     study.ingest("runs.csv", direction="min")
        ...     study.lmem()["contrast"]
    """

    def __init__(self, path: str | Path | None = None, *, wait: float = 0.0) -> None:
        """See `hpowh.open`."""
        self.path = Path(path) if path is not None else default_path()
        self._wait = wait
        self._opened: Warehouse | None = None

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse itself, for what this class does not offer.

        Raises:
            NotAWarehouseError: nothing was loaded yet.
        """
        if self._opened is None:
            if not self.path.is_file():
                raise NotAWarehouseError(f"There is no warehouse at {self.path} yet.", "Load something: .ingest(frame)")
            self._opened = Warehouse(self.path, wait=self._wait)
        return self._opened

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go, so that other processes can write; the next call opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def ingest(
        self,
        data: Any,
        kind: str | None = None,
        *,
        name: str | None = None,
        mapping: Mapping[str, str] | None = None,
        replace: bool = False,
        reject_to: str | Path | None = None,
        direction: str | None = None,
        experiment: str | None = None,
        space: str | None = None,
        benchmark: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Loaded:
        """Load a Polars, pandas or Arrow table, or what lies at a path; the first load makes the warehouse.

        Args:
            kind: `runs`, `grid`, `trials`, `features`, `optuna` …; by default the content says it.
            name: what the source is called in the warehouse; by default the file's name, else `frame`.
            mapping: column -> role, where a column's name does not say it (`{"optimizer": "algorithm"}`).
            replace: load anew in place of the source of this name.
            reject_to: a file for rows that are refused; without it one such row refuses all.
            direction: `min` or `max`: which values are better.
            experiment: what runs belong to; `space`, `benchmark`: what a grid is of. By default named as the source.
            options: what else the kind understands, as `--option` does: `{"unit": "percent", "failed-value": 999}`.

        Raises:
            HpowhError: it cannot be loaded; says why, and nothing was loaded.
        """
        from hpowh.reports.door.loading import load
        from hpowh.warehouse.ingest.making import made_if_missing

        named = {"direction": direction, "experiment": experiment, "space": space, "benchmark": benchmark}
        given = {name: value for name, value in named.items() if value is not None} | dict(options or {})
        with made_if_missing(self.path, wait=self._wait):
            try:
                return load(
                    self.warehouse,
                    data,
                    kind,
                    name=name,
                    mapping=mapping,
                    options=given,
                    replace=replace,
                    reject_to=reject_to,
                )
            except BaseException:
                self.close()  # a warehouse made for a load that failed is removed again
                raise

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Return the rows of a query, which may read files of yours too.

        Raises:
            NotAdmittedError: it is something else than queries, such as COPY, which could write over the warehouse.
            duckdb.Error: the query is wrong.
        """
        from hpowh.warehouse.gate import admitted

        admitted(query, may_read_files=True)
        return self.warehouse.sql(query, parameters).pl()

    def tables(self) -> pl.DataFrame:
        """Return the tables and views there are, and what one row of each is."""
        import polars as pl

        found = [(one.name, one.rows, one.grain) for one in self.warehouse.tables()]
        return pl.DataFrame(found, schema={"name": pl.String, "rows": pl.Int64, "one_row_is": pl.String}, orient="row")

    def findings(self, *subjects: str) -> Findings:
        """Return what the newest analyses found, of some experiments, sweeps or landscapes, or of all.

        Raises:
            HpowhError: nothing of that name was analysed.
        """
        from hpowh.analyses.findings.job import all_findings
        from hpowh.reports.door.found import Findings

        return Findings(all_findings(self.warehouse, subjects))

    def report(self, out: str | Path = "site", *, only: Sequence[str] = (), is_single_file: bool = False) -> Build:
        """Build the static site in the folder `out`; `.index` of what is returned is the page to open first."""
        from hpowh.reports.build import build_site

        return build_site(self.warehouse, Path(out), only=tuple(only), is_single_file=is_single_file)

    def __repr__(self) -> str:
        return f"<hpowh.Session on {self.path}{'' if self.path.is_file() else ' (not made yet)'}>"

    def _repr_html_(self) -> str:
        if not self.path.is_file():
            return paragraph(f"{self.path}: nothing was loaded yet.")
        return table(self.sql("select kind, name, row_count, ingested_at from core.source order by name"), "sources")
