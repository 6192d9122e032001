"""`Session`: one warehouse, as `hpowh.open` gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.reports.door.html import paragraph, table
from hpowh.reports.door.results import Result, read_tables
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import NotAWarehouseError
from hpowh.warehouse.store import default_path

if TYPE_CHECKING:
    from types import TracebackType

    import polars as pl

    from hpowh.reports.build import Build
    from hpowh.reports.door.loading import Loaded

FORMULA = "log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
"""The default model: the last term lets the lead of an algorithm differ between benchmarks."""


class Session:
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
        **options: Any,
    ) -> Loaded:
        """Load a Polars, pandas or Arrow table, or what lies at a path; the first load makes the warehouse.

        Args:
            kind: `runs`, `grid`, `trials`, `features`, `optuna` …; by default the content says it.
            name: what the source is called in the warehouse; by default the file's name, else `frame`.
            mapping: column -> role, where a column's name does not say it (`{"optimizer": "algorithm"}`).
            replace: load anew in place of the source of this name.
            reject_to: a file for rows that are refused; without it one such row refuses all.
            options: what else the kind understands: `direction="min"`, `experiment="study"`, `space="fcnet"` …

        Raises:
            HpowhError: it cannot be loaded; says why, and nothing was loaded.
        """
        from hpowh.reports.door.loading import load
        from hpowh.warehouse.ingest.making import made_if_missing

        with made_if_missing(self.path, wait=self._wait):
            try:
                return load(
                    self.warehouse,
                    data,
                    kind,
                    name=name,
                    mapping=mapping,
                    options=options,
                    replace=replace,
                    reject_to=reject_to,
                )
            except BaseException:
                self.close()  # a warehouse made for a load that failed is removed again
                raise

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Return the rows of a query; raises DuckDB's error where it is wrong."""
        return self.warehouse.sql(query, parameters).pl()

    def tables(self) -> pl.DataFrame:
        """Return the tables and views there are, and what one row of each is."""
        import polars as pl

        found = [(one.name, one.rows, one.grain) for one in self.warehouse.tables()]
        return pl.DataFrame(found, schema={"name": pl.String, "rows": pl.Int64, "one_row_is": pl.String}, orient="row")

    def lmem(
        self,
        formula: str = FORMULA,
        *,
        experiment: str | None = None,
        where: str | None = None,
        metric: str | None = None,
        budget: float | str | None = "final",
        failures: str = "exclude",
        factor: str | None = None,
        by: Sequence[str] = (),
        contrasts: Sequence[str] = ("tukey",),
        is_reml: bool = True,
    ) -> Result:
        """Fit a linear mixed model and compare the levels of a factor; stored, and found again on the same rows.

        Args:
            formula: in lme4's language; the response is a metric, `regret`, `normalized_regret`, `log_regret`, `rank`
                or an SQL expression of these.
            experiment: which one, where there are several.
            where: an SQL condition on rows.
            budget: `final` (the largest that all runs have), `benchmark` (the same, benchmark by benchmark), a number,
                or None for all rows.
            failures: what a failed run counts: `exclude`, `last`, `impute` or `impute:ALGORITHM`.
            factor: whose marginal means; by default `algorithm`, else the first factor.
            by: factors whose levels are kept apart.
            contrasts: `tukey`, `holm`, `bh`, `none`, `dunnett:LEVEL`, or sums such as `A - 0.5*B - 0.5*C`.
            is_reml: by restricted maximum likelihood, else by maximum likelihood.
        """
        from hpowh.analyses.mixed_models.job import analyse_lmem
        from hpowh.analyses.mixed_models.studies.analysis import Question
        from hpowh.reports.verdict import verdict

        found = analyse_lmem(
            self.warehouse,
            formula,
            experiment=experiment,
            where=where,
            metric=metric,
            budget=budget,
            failures=failures,
            is_reml=is_reml,
            question=Question(factor=factor, by=tuple(by), contrasts=tuple(contrasts)),
        )
        said = verdict({name: frame.to_dicts() for name, frame in found.tables.items()})
        return Result(
            kind="lmem",
            subjects=[found.subject],
            run_ids=[found.analysis_run_id],
            tables=found.tables,
            sentences=said,
            warnings=found.warnings,
        )

    def rankings(
        self,
        *,
        experiment: str | None = None,
        response: str = "normalized_regret",
        block: str = "benchmark",
        rope: float = 0.0,
        where: str | None = None,
        metric: str | None = None,
        budget: float | str | None = "final",
        failures: str = "exclude",
    ) -> Result:
        """Rank algorithms over blocks and test without a model: Friedman, Nemenyi, Wilcoxon-Holm, Bayesian."""
        from hpowh.analyses.rankings.job import analyse_rankings

        found = analyse_rankings(
            self.warehouse,
            experiment,
            response=response,
            block=block,
            rope=rope,
            where=where,
            metric=metric,
            budget=budget,
            failures=failures,
        )
        agreement = found.tables.get("ranking_agreement")
        said = [] if agreement is None else agreement["sentence"].to_list()
        return Result(
            kind="rankings",
            subjects=[found.subject],
            run_ids=[found.analysis_run_id],
            tables=found.tables,
            sentences=said,
            warnings=[sentence for sentence in found.warnings if sentence not in said],
        )

    def traces(self, experiment: str | None = None) -> Result:
        """Follow incumbents, regret and ranks over the budget, of one experiment or of all."""
        from hpowh.analyses.traces.job import analyse

        return self._stored("trace", "traces", [(o.experiment, o.analysis_run_id) for o in
                                                analyse(self.warehouse, experiment)])  # fmt: skip

    def sweeps(self, names: str | Sequence[str] = (), *, metrics: Sequence[str] = ()) -> Result:
        """Say what mattered in sweeps and what to try next; of those named, else of all that are no runs."""
        from hpowh.analyses.sweeps.job import analyse

        chosen = [names] if isinstance(names, str) else list(names)
        found = analyse(self.warehouse, chosen, list(metrics))
        return self._stored("sweep", "sweeps", [(one.sweep, one.analysis_run_id) for one in found])

    def landscapes(
        self,
        *,
        space: str | None = None,
        benchmark: str | None = None,
        metric: str | None = None,
        split: str | None = None,
        fidelity: float | None = None,
        seed: int | None = None,
    ) -> Result:
        """Characterise loss landscapes: ruggedness, neutrality, optima, importances; what none can say is a warning."""
        from hpowh.analyses.landscapes.job import Selection, Settings, analyse

        chosen = Selection(
            space=space, benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed
        )  # fmt: skip
        found = analyse(self.warehouse, chosen, Settings())
        result = self._stored("landscape", "landscapes", [
            (one.subject, one.analysis_run_id) for one in found if one.analysis_run_id is not None
        ])  # fmt: skip
        refused = [f"{one.subject}: {one.error}" for one in found if one.error is not None]
        return replace(result, warnings=[*refused, *result.warnings])

    def report(self, out: str | Path = "site", *, only: Sequence[str] = (), is_single_file: bool = False) -> Build:
        """Build the static site in the folder `out`; `.index` of what is returned is the page to open first."""
        from hpowh.reports.build import build_site

        return build_site(self.warehouse, Path(out), only=tuple(only), is_single_file=is_single_file)

    def _stored(self, family: str, kind: str, runs: Iterable[tuple[str, int]]) -> Result:
        """Return what is stored of analysis runs: the family's tables, each row with its subject, and warnings."""
        import json

        from hpowh.warehouse.names import identifier

        known = dict(runs)
        ids = list(known.values())
        names = self.warehouse.sql(
            "select table_name from duckdb_tables() where schema_name = 'result' and starts_with(table_name, ?) "
            "order by table_name",
            [f"{family}_"],
        ).rows()
        tables = {}
        for (name,) in names:
            frame = self.sql(
                f"select r.subject, t.* from result.{identifier(name)} as t join ops.analysis_run as r "
                "using (analysis_run_id) where list_contains(?, t.analysis_run_id) order by all",
                [ids],
            )
            if frame.height:
                tables[name] = frame
        said = self.warehouse.sql(
            "select subject, warnings from ops.analysis_run where list_contains(?, analysis_run_id) order by 1", [ids]
        ).rows()
        warnings = [f"{subject}: {sentence}" for subject, text in said for sentence in json.loads(text)]
        return replace(read_tables(tables, family, kind, list(known), ids), warnings=warnings)

    def __repr__(self) -> str:
        return f"<hpowh.Session on {self.path}{'' if self.path.is_file() else ' (not made yet)'}>"

    def _repr_html_(self) -> str:
        if not self.path.is_file():
            return paragraph(f"{self.path}: nothing was loaded yet.")
        return table(self.sql("select kind, name, row_count, ingested_at from core.source order by name"), "sources")
