"""Read cells, counts and values of one experiment; anything with `sql` and `connection` will do for a warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.reading.by_run import RunPlan, plan_by_run
from hpowh.analyses.mixed_models.reading.catalogue import (
    DERIVED,
    NAMED,
    RANK,
    Catalogue,
    Selection,
    identifier,
    mentioned,
)
from hpowh.analyses.mixed_models.reading.counts import (
    common_budgets_query,
    direction_query,
    level_counts_query,
    repeats_query,
    values_query,
    within_query,
)
from hpowh.analyses.mixed_models.reading.ends import (
    End,
    absent_sentence,
    ends_query,
    failure_sentence,
    failures_query,
    grid_query,
    grid_sentence,
    settle,
    settle_points,
    whole_runs,
)
from hpowh.analyses.mixed_models.reading.experiment import (
    BOUNDS,
    KINDS,
    Source,
    fingerprint,
    read_catalogue,
)
from hpowh.analyses.mixed_models.reading.found import Found, finite_means, rank_correlation, residual_sums_of
from hpowh.analyses.mixed_models.reading.moments import cells_from_moments
from hpowh.analyses.mixed_models.reading.observations import direction_of, response_of
from hpowh.analyses.mixed_models.reading.overview import overview_query
from hpowh.analyses.mixed_models.reading.query import Plan, excluded_query, plan
from hpowh.analyses.mixed_models.reading.runs import Sums, cells_from_runs, is_exact_enough
from hpowh.analyses.mixed_models.reading.suspects import (
    alike_query,
    averaged_sentence,
    codes_query,
    lonely_query,
    same_query,
    suspect_sentences,
    twin_sentences,
    twins_query,
    zeros_query,
    zeros_sentence,
)
from hpowh.warehouse import queries

POLICIES = ("exclude", "last", "impute")
"""What a failed run may count."""
MONOTONE = 0.99
"""With a rank correlation beyond this an expression is as good as a monotone function of its metric."""


@dataclass
class Reader:
    """Reads one experiment; remembers names, fingerprint and the sums of runs from one question to the next.

    `names`: for `algorithm` and `benchmark`, the name of every id.
    """

    warehouse: Source
    catalogue: Catalogue
    names: Mapping[str, Mapping[int, str]]
    _sums: dict[str, Sums | None] = field(default_factory=dict, repr=False)
    _settled: dict[Any, tuple[Selection, list[str]]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, warehouse: Source, experiment: str | None) -> Reader:
        """Return the reader of an experiment; the only one where none is named.

        Raises:
            DataError: there is none of that name, or which is meant is open.
        """
        by_kind: dict[str, list[tuple[str, int, str]]] = {kind: [] for kind in KINDS}
        for kind, number, name, direction in warehouse.sql(queries.text("model_input/named")).rows():
            by_kind[kind].append((name, number, direction))
        experiments = sorted(by_kind["experiment"])
        chosen = [(number, name) for name, number, _ in experiments if experiment in (None, name)]
        listed = ", ".join(name for name, _, _ in experiments)
        if not experiments:
            raise DataError("There is no experiment in the warehouse. Load runs first: hpowh ingest runs FILE")
        if not chosen:
            raise DataError(f"There is no experiment {experiment!r}. There are: {listed}.")
        if len(chosen) > 1:
            raise DataError(f"There are several experiments. Say which: --experiment NAME, one of {listed}.")
        metrics = {name: (number, direction) for name, number, direction in sorted(by_kind["metric"])}
        names = {kind: {number: name for name, number, _ in by_kind[kind]} for kind in NAMED}
        return cls(warehouse, read_catalogue(warehouse, *chosen[0], metrics, is_alone=len(experiments) == 1), names)

    @cached_property
    def _overviews(self) -> dict[tuple[int, str], str]:
        """The tables of `_overview`, by connection and question."""
        return {}

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The least and the greatest run_id of the experiment."""
        low, high = self.warehouse.sql(BOUNDS, [self.catalogue.experiment_id]).rows()[0]
        return int(low or 0), int(high or 0)

    @cached_property
    def _seen(self) -> list[Any]:
        """The connections that have such tables, kept so that no other one has the number of any."""
        return []

    @cached_property
    def _repeats(self) -> dict[str, int]:
        """The answers of `rows_per_run`, by question."""
        return {}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the states of all sources that an analysis of the experiment rests on."""
        return fingerprint(self.warehouse, self.catalogue.experiment_id)

    def settle(self, selection: Selection, response: str) -> Selection:
        """Return the selection with the budget at which its runs are compared, where one was asked for.

        Every question of this reader settles its selection, so no two of them can look at other budgets.
        """
        return self._settle(selection, response)[0]

    def known_of(self, selection: Selection, response: str) -> list[str]:
        """Return what to know of a selection's rows: where runs end, who failed, what looks like a code.

        Raises DataError.
        """
        said = self._settle(selection, response)[1]
        rows = self.failed(selection, response)
        settled = self.settle(selection, response)
        failed, absent = failure_sentence(rows, selection), absent_sentence(rows, settled)
        grid = self._grid(selection, response)
        zeros = self._zeros(selection, response)
        return [*said, *grid, *[one for one in (failed, absent) if one], *self.suspects(selection, response), *zeros]

    def _zeros(self, selection: Selection, response: str) -> list[str]:
        """Return that a logarithm of regret ties the best with the second best, where many rows have no regret."""
        if not mentioned(response, ("log_regret",)):
            return []
        settled, metric = self.settle(selection, response), response_of(response, selection)[1]
        found = zeros_sentence(*self._ask(zeros_query(settled, metric)).rows()[0])
        return [found] if found else []

    def _grid(self, selection: Selection, response: str) -> list[str]:
        """Return that a mean over all points is over other budgets for one algorithm than for another."""
        if selection.budget is not None or selection.is_literal or self.rows_per_run(selection, response) < 2:
            return []
        settled, metric = self.settle(selection, response), response_of(response, selection)[1]
        found = grid_sentence(self._ask(grid_query(self._overview(settled, metric))).rows())
        return [found] if found else []

    def suspects(self, selection: Selection, response: str) -> list[str]:
        """Return what values of a selection look like codes; as they were measured, whatever failed runs count."""
        settled = self._settle(replace(selection, failures="exclude"), response)[0]
        said = []
        for metric in self.catalogue.parts(response_of(response, selection)[1]):
            overview = self._overview(settled, metric)
            codes = self._ask(codes_query(settled, metric)).rows() if self._ask(lonely_query(overview)).one() else []
            said += suspect_sentences(
                metric, codes, self._ask(same_query(settled, metric, overview)).rows(), self.names
            )
            if self._ask(alike_query(overview)).one():
                said += twin_sentences(self._ask(twins_query(settled, metric)).rows(), self.names)
        return said

    def failed(self, selection: Selection, response: str) -> list[tuple[str, str, int, int]]:
        """Return algorithm, reason, number of failed rows and of all its rows, for every algorithm that failed."""
        settled = self._settle(replace(selection, failures="exclude"), response)[0]
        metric = response_of(response, selection)[1]
        overview, whole = self._overview(settled, metric), self._overview(whole_runs(selection), metric)
        rows: list[tuple[str, str, int, int]] = self._ask(failures_query(settled, overview, whole)).rows()
        return rows

    def _overview(self, selection: Selection, metric: str) -> str:
        """Return the name of a table with the answer of `overview_query`; it goes with the connection."""
        query = overview_query(selection, metric, self._bounds)
        connection = self.warehouse.connection
        key = (id(connection), query)
        if key not in self._overviews:
            name = f"overview_{len(self._overviews)}_of_{self.catalogue.experiment_id}"
            self._ask(f"create or replace temp table {name} as {query}")
            self._overviews[key] = name
            self._seen.append(connection)
        return self._overviews[key]

    def _settle(self, selection: Selection, response: str) -> tuple[Selection, list[str]]:
        self._refuse(selection)
        if selection.at is not None:
            return selection, []
        is_open = selection.budget is None
        if is_open and (selection.is_literal or mentioned(selection.where or "", ["budget"])):
            return selection, []
        metric = response_of(response, selection)[1]
        key = (metric, selection.where, selection.budget)
        if key not in self._settled:
            names = ("benchmark_id", "benchmark", "algorithm", "run_count", "lasts", "reached", "lower", "budget")
            rows = self._ask(ends_query(self._overview(whole_runs(selection), metric))).rows()
            ends = [End(**dict(zip(names, row, strict=True)) | {"lasts": row[4] or []}) for row in rows]
            self._settled[key] = settle_points(selection, ends, metric) if is_open else settle(selection, ends)
        found, said = self._settled[key]
        return replace(selection, at=found.at, where=found.where), said

    def _refuse(self, selection: Selection) -> None:
        """Raise DataError for a condition that is not one, or a policy about failures that means nothing here."""
        if ";" in (selection.where or ""):
            raise DataError("A condition is one SQL expression, without a semicolon.")
        if selection.policy not in POLICIES or (selection.baseline and selection.policy != "impute"):
            raise DataError(
                f"Failed runs are one of exclude, last, impute, impute:ALGORITHM, not {selection.failures!r}."
            )
        if selection.policy != "exclude" and selection.budget is None:
            raise DataError("What a failed run counts needs one value a run: choose a budget (--budget final).")
        known = sorted(self.names["algorithm"].values())
        if selection.baseline is not None and selection.baseline not in known:
            raise DataError(f"There is no algorithm {selection.baseline!r}; there are: {', '.join(known)}.")

    def cells(self, formula: Formula | str, selection: Selection) -> Cells:
        """Return the cells of a formula on a selection. Raises DataError, FormulaError."""
        return self.find(formula, selection).cells

    def find(self, formula: Formula | str, selection: Selection) -> Found:
        """Return the cells of a formula on a selection, with how they were found. Raises DataError, FormulaError."""
        parsed = parse_formula(formula) if isinstance(formula, str) else formula
        selection = self.settle(selection, parsed.response)
        planned = plan(parsed, selection)
        by_run = plan_by_run(planned, selection) if self.catalogue.has_long_runs else None
        if by_run is not None:
            found = self._quickly(by_run)
            if found is not None:
                return found
        shift = 0.0
        if not mentioned(planned.response, [name for name in (*DERIVED, RANK) if name != planned.metric]):
            # Regret and ranks begin near zero by themselves; anything else may lie anywhere.
            shift = float(self._ask(planned.sample()).one() or 0.0)
        answer = self._ask(planned.cells(shift)).numpy()
        cells, keys = cells_from_moments(planned, answer, self.names, shift)
        return Found(cells, planned, keys)

    def _quickly(self, planned: RunPlan) -> Found | None:
        """Return cells from the sums of runs, or None where these lose digits or some rows are not usable."""
        shift, *shifts = finite_means(self._ask(planned.sample()).numpy())
        runs = self._ask(planned.runs).numpy()
        ids = np.asarray(runs["run_id"])
        if not len(ids):
            return None
        query = planned.sums(shift, tuple(shifts), int(ids.min()), int(ids.max()))
        if query not in self._sums:
            sums = self._ask(query).numpy()
            is_usable = len(sums["run"]) > 0 and is_exact_enough(sums, len(shifts))
            self._sums[query] = sums if is_usable else None
        kept = self._sums[query]
        if kept is None:
            return None
        cells, keys = cells_from_runs(planned, kept, runs, self.names, shift, shifts)
        return Found(cells, planned.plan, keys)

    def best_possible(self, metric: str) -> float | None:
        """Return the highest value that a metric can have, where that is known: its bound, or that of its unit."""
        highest = "coalesce(upper_bound, case unit when 'share' then 1.0 when 'percent' then 100.0 end)"
        rows = self.warehouse.sql(f"select {highest} from core.metric where name = ?", [metric]).rows()
        return rows[0][0] if rows else None

    def direction(self, response: str, selection: Selection) -> tuple[str, str | None]:
        """Return `min` or `max`, whichever is better in a response, and a sentence where that is not plain.

        An expression (`1 - accuracy`) is set beside its metric on some rows: where it falls as the metric rises on one
        benchmark, the direction is turned round. Raises DataError.
        """
        declared = direction_of(response, selection)
        text, metric = response_of(response, selection)
        is_derived = bool(mentioned(text, [name for name in (*DERIVED, RANK) if name != metric]))
        if is_derived or text.strip() in ("value", metric, identifier(metric)):
            return declared, None
        sample = self._ask(direction_query(self.settle(selection, response), response)).numpy()
        together = rank_correlation(sample["value"], sample["v"], sample["block"])
        if not np.isfinite(together):
            return declared, None
        found = declared if together > 0 else {"min": "max", "max": "min"}[declared]
        if abs(together) > MONOTONE:
            return found, None
        better = "smaller" if found == "min" else "larger"
        return found, (
            f"It is not plain which way {response} is better (its rank correlation with {metric} within benchmarks is "
            f"{together:.2f}): a {better} one is taken to be."
        )

    def excluded(self, planned: Plan) -> dict[str, int]:
        """Return how many selected rows have no finite response, by kind."""
        rows = self._ask(excluded_query(planned)).rows()
        return {kind: count for kind, count in rows if not kind.startswith("a covariate")}

    def rows_per_run(self, selection: Selection, response: str) -> int:
        """Return how many rows the run with the most rows contributes; each question is asked once."""
        metric = response_of(response, selection)[1]
        query = repeats_query(self._overview(self.settle(selection, response), metric))
        if query not in self._repeats:
            self._repeats[query] = int(self._ask(query).one() or 0)
        return self._repeats[query]

    def averaged(self, selection: Selection, parsed: Formula, by: Sequence[str] = ()) -> list[str]:
        """Return over which factors of the runs a model's comparison is averaged without knowing them."""
        if not self.catalogue.factors:
            return []
        levels = self.factor_levels(selection, parsed.response)
        said = averaged_sentence(levels, [*parsed.variables, *by])
        return [said] if said else []

    def level_counts(self, selection: Selection, response: str) -> dict[str, int]:
        """Return how many levels every factor and meta-feature has in a selection."""
        query, names = level_counts_query(self.settle(selection, response), response)
        return dict(zip(names, self._ask(query).rows()[0][1:], strict=True))

    def factor_levels(self, selection: Selection, response: str) -> dict[str, int]:
        """Return how many levels those run factors have that differ within a benchmark; others are facts of it."""
        if not self.catalogue.factors:
            return {}
        query, names = within_query(self.settle(selection, response), response)
        (found,) = self._ask(query).rows()
        within, levels = found[: len(names)], found[len(names) :]
        return {name: count for name, differs, count in zip(names, within, levels, strict=True) if differs}

    def common_budgets(self, selection: Selection) -> list[float]:
        """Return the budgets at which every run has a value. Raises DataError where there is none."""
        found = [row[0] for row in self._ask(common_budgets_query(selection)).rows()]
        if not found:
            raise DataError("There is no budget at which all runs have a value; name some: --budgets 1,2,5.")
        return found

    def values_at(self, selection: Selection, factor: str, budgets: Sequence[float]) -> dict[str, Any]:
        """Return every run's best loss until each budget: see `studies.paired_shifts`."""
        import pyarrow as pa

        connection = self.warehouse.connection
        connection.register("budget_grid", pa.table({"g": np.array(budgets, dtype=float)}))
        try:
            found = self._ask(values_query(selection, factor)).pl()
        finally:
            connection.unregister("budget_grid")
        wide = found.pivot(on="g", index=["run", "algorithm", "benchmark", "level", "block"], values="loss")
        columns = [wide[str(float(budget))] for budget in budgets]
        return {name: wide[name].to_list() for name in ("algorithm", "benchmark", "level", "block")} | {
            "losses": np.column_stack([column.to_numpy().astype(float) for column in columns])
        }

    def residual_sums(self, found: Found, coefficients: Any, middle: Any, sds: Any) -> dict[str, Any]:
        """Return the answer of the residual query for the cells that were found.

        `middle` (C,): each cell's mean standardised residual, about which the powers are summed; `sds` (C,): the
        residual standard deviations that they are measured in.
        """
        connection = self.warehouse.connection
        return residual_sums_of(connection, lambda query: self._ask(query).numpy(), found, coefficients, middle, sds)

    def _ask(self, query: str) -> Any:
        import duckdb

        try:
            return self.warehouse.sql(query)
        except duckdb.OutOfRangeException as error:
            raise DataError(
                "The values are too large for their squares to be summed (beyond 1e150); a number that stands for a "
                "failed run should be loaded as a failure, or left out with --where."
            ) from error
        except (duckdb.BinderException, duckdb.ParserException, duckdb.ConversionException) as error:
            first = str(error).splitlines()[0]
            raise DataError(f"{first} (columns: {', '.join(self.catalogue.columns)}, value)") from error
