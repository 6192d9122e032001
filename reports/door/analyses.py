"""The analyses that a session offers, each with its answer as a `Result`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hpowh.reports.door.results import Result
from hpowh.warehouse import queries

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import polars as pl

    from hpowh.analyses.mixed_models.job import Outcome
    from hpowh.warehouse import Warehouse

FORMULA = "log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
"""The default model: the last term lets the lead of an algorithm differ between benchmarks."""


WIDTH = 460.0
"""Of a figure in a notebook, in points."""


class Analyses:
    """What can be asked of the warehouse of a session."""

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse that is asked."""
        raise NotImplementedError

    def sql(self, query: str, parameters: Sequence[Any] | None = None) -> pl.DataFrame:
        """Return the rows of a query."""
        raise NotImplementedError

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
        return replace(self._kept("lmem", found), **self._paper(found))

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
        return self._kept("rankings", found)

    def tiers(
        self,
        *,
        experiment: str | None = None,
        response: str | None = None,
        where: str | None = None,
        metric: str | None = None,
        budget: float | str | None = "final",
        failures: str = "exclude",
    ) -> Result:
        """Say which ranks each algorithm may have and who may be first, beside Elo, win rate and improvability."""
        from hpowh.analyses.rankings.job import analyse_tiers

        found = analyse_tiers(
            self.warehouse,
            experiment,
            response=response,
            where=where,
            metric=metric,
            budget=budget,
            failures=failures,
        )
        return self._kept("tiers", found)

    def anytime(
        self,
        *,
        experiment: str | None = None,
        response: str | None = None,
        budgets: Sequence[float] = (),
        where: str | None = None,
        metric: str | None = None,
        failures: str = "exclude",
    ) -> Result:
        """Say who leads whom from which budget on, corrected for all pairs and all budgets.

        Args:
            response: None: the response of the model that was last fitted, else `normalized_regret`.
        """
        from hpowh.analyses.mixed_models.studies.job import analyse_anytime

        found = analyse_anytime(
            self.warehouse,
            experiment,
            response=response,
            budgets=budgets,
            where=where,
            metric=metric,
            failures=failures,
        )
        return self._kept("anytime", found)

    def calibrate(
        self,
        formula: str = FORMULA,
        *,
        experiment: str | None = None,
        shuffles: int = 200,
        where: str | None = None,
        metric: str | None = None,
        budget: float | str | None = "fitted",
        failures: str = "exclude",
        on: Executor | None = None,
    ) -> Result:
        """Say whether the comparison holds its level on this design: labels are shuffled within benchmarks.

        Args:
            formula, budget: by default those of the model that was last fitted.
            on: an executor that fits the shuffled experiments; the numbers are the same.
        """
        from hpowh.analyses.mixed_models.studies.job import analyse_calibration

        found = analyse_calibration(
            self.warehouse,
            formula,
            experiment,
            count=shuffles,
            where=where,
            metric=metric,
            budget=budget,
            failures=failures,
            on=on,
        )
        return self._kept("calibrate", found)

    def traces(self, experiment: str | None = None) -> Result:
        """Follow incumbents, regret and ranks over the budget, of one experiment or of all."""
        from hpowh.analyses.traces.job import analyse

        return self._stored("trace", "traces", [(o.experiment, o.analysis_run_id) for o in
                                                analyse(self.warehouse, experiment)])  # fmt: skip

    def sweeps(
        self, names: str | Sequence[str] = (), *, metrics: Sequence[str] = (), on: Executor | None = None
    ) -> Result:
        """Say what mattered in sweeps and what to try next; of those named, else of all that are no runs.

        Args:
            on: an executor that analyses the sweeps, one a task; the numbers are the same.
        """
        from hpowh.analyses.sweeps.job import analyse

        chosen = [names] if isinstance(names, str) else list(names)
        found = analyse(self.warehouse, chosen, list(metrics), on=on)
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
        on: Executor | None = None,
    ) -> Result:
        """Characterise loss landscapes: ruggedness, neutrality, optima, importances; what none can say is a warning.

        Args:
            on: an executor that characterises the landscapes, one a task; the numbers are the same.
        """
        from hpowh.analyses.landscapes.job import Selection, Settings, analyse

        chosen = Selection(
            space=space, benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed
        )  # fmt: skip
        found = analyse(self.warehouse, chosen, Settings(), on=on)
        result = self._stored("landscape", "landscapes", [
            (one.subject, one.analysis_run_id) for one in found if one.analysis_run_id is not None
        ])  # fmt: skip
        refused = [f"{one.subject}: {one.error}" for one in found if one.error is not None]
        maps = {
            one.subject: partial(self._map, one.subject, one.analysis_run_id)
            for one in found
            if one.analysis_run_id is not None and one.subject in result.subjects
        }
        return replace(result, warnings=[*refused, *result.warnings], drawers=maps)

    def _map(self, subject: str, run: int) -> str:
        from hpowh.reports.pictures.stored import stored_map

        return stored_map(self.warehouse, run, runs=None, title=subject).markup

    def _kept(self, kind: str, found: Outcome) -> Result:
        """Return the result of a study of an experiment; a sentence that is a finding is no warning."""
        from hpowh.analyses.findings.job import findings_of

        told = findings_of(self.warehouse, found.analysis_run_id)
        said = {one.sentence for one in told}
        return Result(
            kind=kind,
            subjects=[found.subject],
            run_ids=[found.analysis_run_id],
            tables=found.tables,
            findings=told,
            warnings=[sentence for sentence in found.warnings if sentence not in said],
        )

    def _paper(self, found: Outcome) -> dict[str, Any]:
        """Return what draws a model's figures and writes its table; nothing of one that compares no levels."""
        from hpowh.reports.paper.drawing import svg
        from hpowh.reports.paper.figures import Look, cd_sheet, ranking_sheet
        from hpowh.reports.paper.study import read_study
        from hpowh.reports.paper.tables import latex
        from hpowh.warehouse.errors import UsageError

        try:
            study = read_study(self.warehouse, found.subject, found.analysis_run_id)
        except UsageError:
            return {}
        look = Look(width=WIDTH, size=9.0, font="sans")
        return {
            "drawers": {
                "ranking": lambda: svg(ranking_sheet(study, look)),
                "cd": lambda: svg(cd_sheet(study, look)),
            },
            "written": partial(latex, study, f"tab:{found.subject}"),
        }

    def _stored(self, family: str, kind: str, runs: Iterable[tuple[str, int]]) -> Result:
        """Return what is stored of analysis runs: the family's tables, each row with its subject, and warnings."""
        import json

        from hpowh.analyses.findings.job import findings_of
        from hpowh.warehouse.names import identifier

        known = dict(runs)
        ids = list(known.values())
        names = self.warehouse.sql(queries.text("catalogue/tables_of_family"), {"beginnings": [f"{family}_"]}).rows()
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
        found = [one for run in ids for one in findings_of(self.warehouse, run)]
        said_ = {one.sentence for one in found}
        return Result(
            kind=kind,
            subjects=list(known),
            run_ids=ids,
            tables=tables,
            findings=found,
            warnings=[sentence for sentence in warnings if sentence not in said_],
        )
