"""What an experiment has that a formula, a response or a condition may name, and which of its rows are meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hpowh.analyses.mixed_models.model.cells import DataError

KEYS = {"algorithm": "algorithm_id", "benchmark": "benchmark_id", "seed": "seed", "run": "run_id"}
"""Columns that are always categorical, and what they are grouped by."""
NAMED = ("algorithm", "benchmark")
"""Columns whose group keys are ids of a dimension."""
OWN = ("algorithm", "benchmark", "seed", "budget", "run")
"""Columns that every experiment has."""
DERIVED = ("regret", "normalized_regret", "log_regret")
RANK = "rank"
EACH = "each"
"""Instead of a metric's name: every benchmark's own, where each has one; only for responses that have no unit."""
BOUNDED = (RANK, "normalized_regret")
"""Responses that are scaled within their benchmark: what is wide between algorithms there is narrow within them."""

Scale = tuple[int, float | None, float | None, float | None]
"""A benchmark's id, best known loss, worst recorded loss and least positive regret."""
_WORD = re.compile(r"'(?:[^']|'')*'|\"(?P<quoted>(?:[^\"]|\"\")+)\"|(?P<word>[A-Za-z_]\w*)")


class UnknownColumnError(DataError):
    """A name that is no column of the experiment; `columns` are those there are."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        super().__init__(f"There is no column {name!r}; there are: {', '.join(columns)}.")
        self.columns = tuple(columns)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What an experiment has: metrics (id, direction) and run factors and meta-features (True where numeric).

    Factors and features are found when they are first asked for: most models name none or few of them.
    `has_long_runs`: whether the warehouse's runs have several points each, so that summing them by run first pays.
    """

    experiment_id: int
    experiment: str
    metrics: Mapping[str, tuple[int, str]]
    has_long_runs: bool = False
    find_measured: Callable[[], Sequence[tuple[int, str, int]]] = field(default=tuple, repr=False)
    find_scales: Callable[[int], Sequence[Scale]] = field(default=lambda _: (), repr=False)
    find_factors: Callable[[], Mapping[str, bool]] = field(default=dict, repr=False)
    find_features: Callable[[], Mapping[str, bool]] = field(default=dict, repr=False)

    @cached_property
    def measured(self) -> Mapping[tuple[int, str], tuple[int, ...]]:
        """Of each benchmark (id, name) the ids of the metrics of which it has a usable value."""
        found: dict[tuple[int, str], tuple[int, ...]] = {}
        for benchmark_id, benchmark, metric_id in self.find_measured():
            found[benchmark_id, benchmark] = (*found.get((benchmark_id, benchmark), ()), metric_id)
        return found

    @cached_property
    def _scales(self) -> dict[int, Sequence[Scale]]:
        """What regret is measured by, for the metrics that were asked for."""
        return {}

    def scales(self, metric_id: int) -> Sequence[Scale]:
        """Return what regret is measured by on each benchmark.

        It is read once: the best value known may be that of millions of evaluations.
        """
        if metric_id not in self._scales:
            self._scales[metric_id] = self.find_scales(metric_id)
        return self._scales[metric_id]

    @cached_property
    def factors(self) -> Mapping[str, bool]:
        """The run factors, True where numeric."""
        return self.find_factors()

    @cached_property
    def features(self) -> Mapping[str, bool]:
        """The benchmarks' meta-features, True where numeric; without one that has the name of a run factor."""
        return {name: is_numeric for name, is_numeric in self.find_features().items() if name not in self.factors}

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name that a formula or a condition may use."""
        return tuple(dict.fromkeys((*OWN, *self.factors, *self.features)))

    def columns_in(self, text: str) -> list[str]:
        """Return the columns that an SQL text mentions; a measured value's name means the value."""
        if words(text) <= {*OWN, "value", *self.metrics}:
            return mentioned(text, OWN)
        return mentioned(text, self.columns)

    def is_numeric(self, name: str) -> bool:
        """Whether a column is a number by its declared type. Raises UnknownColumnError."""
        if name in KEYS:
            return False
        if name == "budget":
            return True
        if name in self.factors:
            return self.factors[name]
        if name in self.features:
            return self.features[name]
        raise UnknownColumnError(name, self.columns)

    def metric(self, name: str | None = None) -> str:
        """Return the metric meant: the one named, the only one, `value`, or each benchmark's own. Raises DataError."""
        if name in self.metrics:
            return str(name)
        if name not in (None, EACH):
            raise DataError(f"There is no metric {name!r} in {self.experiment}; there are: {self._listed()}.")
        if name is None and "value" in self.metrics:
            return "value"
        if len(self.metrics) == 1:
            return next(iter(self.metrics))
        doubles = [benchmark for (_, benchmark), ids in self.measured.items() if len(ids) > 1]
        if not doubles:
            return EACH
        if name is None:
            raise DataError(f"{self.experiment} has several metrics ({self._listed()}); say which: --metric NAME.")
        raise DataError(
            f"--metric {EACH} needs one metric a benchmark, and {doubles[0]} has several; say which: --metric NAME."
        )

    def of_metric(self, alias: str, metric: str) -> str:
        """Return the SQL condition that a row with metric and benchmark is of the metric, or its benchmark's own."""
        if metric in self.metrics:
            return f"{alias}.metric_id = {self.metrics[metric][0]}"
        cases = " ".join(f"when {benchmark} then {ids[0]}" for (benchmark, _), ids in self.measured.items())
        return f"{alias}.metric_id = case {alias}.benchmark_id {cases} end"

    def of_own(self, alias: str, metric: str) -> str:
        """Return the SQL condition that a row's benchmark has this metric as its own."""
        number = self.metrics[metric][0]
        ids = ", ".join(str(benchmark) for (benchmark, _), own in self.measured.items() if own == (number,))
        return f"{alias}.benchmark_id in ({ids})" if ids else "false"

    def parts(self, metric: str) -> tuple[str, ...]:
        """Return the metrics that are meant: the one, or all of them for `EACH`."""
        return (metric,) if metric in self.metrics else tuple(self.metrics)

    def _listed(self) -> str:
        return ", ".join(self.metrics) or "none"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows: the metric, an SQL condition, and the budget at which each run's best value so far is taken.

    `budget`: None takes every recorded point; otherwise each run has one row, its best value until the largest budget
    that all runs reach: up to the number given, or as it is ("final"), or benchmark by benchmark ("benchmark").
    `at`: that budget once it is known (`reading.ends.settle`), the same for all or one a benchmark's id. `failures`:
    what a failed run counts, see `sql/macros/failed_filled.sql`: "exclude", "last", "impute", "impute:ALGORITHM".
    `is_literal`: every recorded point, also those beyond the budget that all runs have, as the published tool has it.
    """

    catalogue: Catalogue
    metric: str | None = None
    where: str | None = None
    budget: float | str | None = None
    at: float | Mapping[int, float] | None = None
    failures: str = "exclude"
    is_literal: bool = False

    @property
    def policy(self) -> str:
        """What failed runs count, without the baseline's name."""
        return self.failures.partition(":")[0]

    @property
    def baseline(self) -> str | None:
        """The algorithm whose mean failed runs get, where one is named."""
        return self.failures.partition(":")[2] or None


def identifier(name: str) -> str:
    """Quote a column name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Quote a text."""
    return "'" + value.replace("'", "''") + "'"


def words(text: str) -> set[str]:
    """Return the words of an SQL text outside its string literals: names, functions and keywords."""
    return {(match["quoted"] or "").replace('""', '"') or match["word"] for match in _WORD.finditer(text)} - {None}


def mentioned(text: str, names: Iterable[str]) -> list[str]:
    """Return which of the names an SQL text mentions, outside its string literals."""
    found = words(text)
    return [name for name in names if name in found]
