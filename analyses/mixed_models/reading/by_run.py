"""The SQL of the quick way to cells: plain sums for every run without any join, and the run-level columns beside them.

Most of a large experiment's rows are points of few runs, and what a model groups by is known of the run. So the rows
are summed by run first, in one pass that touches the trace alone, and the few thousand runs are put together by
`runs.cells_from_runs`. Plain sums lose digits where a run's spread is small beside its distance from zero; that module
bounds the loss and says when the stable way, `query`, has to be taken instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from hpowh.analyses.mixed_models.reading.catalogue import (
    DERIVED,
    KEYS,
    NAMED,
    RANK,
    Catalogue,
    Selection,
    identifier,
    mentioned,
)
from hpowh.analyses.mixed_models.reading.observations import numeric_sql, runs_query, source_of
from hpowh.analyses.mixed_models.reading.query import Plan

POINT_COLUMNS = ("budget", "run")
"""Columns of a recorded point; every other one is its run's."""
WORTHWHILE = 4
"""With fewer rows a run than this, summing by run first saves nothing."""


@dataclass(frozen=True)
class RunPlan:
    """A cell query in two parts.

    `runs` gives one row a run: `run_id`, the keys k0 … and the run's factor u0 … of every monomial. `products` are the
    points' factors of the monomials: x = (product over the point's columns) * u. `rows` is the points' SELECT.
    """

    plan: Plan
    runs: str
    rows: str
    products: tuple[tuple[str, ...], ...]

    @property
    def distinct_products(self) -> tuple[tuple[str, ...], ...]:
        """The products that are summed; the empty one is the constant."""
        return tuple(dict.fromkeys(product for product in self.products if product))

    def sample(self) -> str:
        """Return a query for a few points: y, then the distinct products x0, x1 …"""
        products = "".join(f", {_product_sql(product)} as x{i}" for i, product in enumerate(self.distinct_products))
        return f"select v as y{products} from ({self.rows}) limit 256"

    def sums(self, shift: float, shifts: tuple[float, ...], low: int, high: int) -> str:
        """Return the query for every run's sums: run, rows, n, y, yy, and x, xy, xx of the distinct products.

        Args:
            shift: what y is measured from; `shifts`: the same for the products.
            low: the least `run_id` that is wanted, so that other experiments' points are not read; `high`: the largest.
        """
        products = self.distinct_products
        inner = ["run", f"v - {shift!r} as y"]
        inner += [
            f"{_product_sql(product)} - {value!r} as x{i}"
            for i, (product, value) in enumerate(zip(products, shifts, strict=True))
        ]
        outer = ["run", "count(*) as rows", "count(y) as n", "sum(y) as y", "sum(y * y) as yy"]
        for i, product in enumerate(products):
            # A plain budget is never NULL; a function of it can be.
            counted = "count(*)" if set(product) == {"budget"} else f"count(x{i})"
            outer += [f"{counted} as n{i}", f"sum(x{i}) as x{i}", f"sum(x{i} * y) as x{i}y"]
            outer += [f"sum(x{i} * x{j}) as x{i}x{j}" for j in range(i + 1)]
        return (
            f"select {', '.join(outer)} from (select {', '.join(inner)} from ({self.rows}) "
            f"where run between {low} and {high}) group by run"
        )


def plan_by_run(plan: Plan, selection: Selection) -> RunPlan | None:
    """Return the two-part plan, or None where response, condition or a variable mix points and runs."""
    catalogue, where = selection.catalogue, selection.where or ""
    values = ["value", *catalogue.metrics]
    if plan.metric not in catalogue.metrics:
        return None  # each benchmark's own: responses without a unit only
    if selection.budget is not None or mentioned(plan.response + " " + where, [*DERIVED, RANK]):
        return None
    if _of_runs(plan.response, catalogue) or any(name == "budget" for name, _ in plan.keys):
        return None
    is_of_points = bool(mentioned(where, [*values, "budget"]))
    conditions = _of_runs(where, catalogue)
    if is_of_points and (conditions or set(values) & {*catalogue.factors, *catalogue.features}):
        return None
    metric_id, _ = catalogue.metrics[plan.metric]
    points, factors = [], []
    for product in plan.monomials:
        points.append(tuple(name for name in product if source_of(name)[1] == "budget"))
        factors.append(tuple(name for name in product if source_of(name)[1] != "budget"))
    wanted = {source_of(name)[1] for part in factors for name in part} | {name for name, _ in plan.keys}
    wanted |= set(conditions)
    runs = runs_query(catalogue, wanted - {"run"}, set(mentioned(where, NAMED)))
    keys = [f"{'run_id' if name == 'run' else identifier(KEYS.get(name, name))} as k{i}" for i, (name, _) in _at(plan)]
    own = [f"({_product_sql(part)})::double as u{i}" for i, part in enumerate(factors) if part]
    runs = f"select {', '.join(['run_id', *keys, *own])} from (select *, run_id as run from ({runs}))"
    value = f", value as {identifier(plan.metric)}" if plan.metric != "value" else ""
    rows = f"select run_id as run, budget, value{value} from core.trace where metric_id = {metric_id}"
    if where and not is_of_points:
        runs += f" where ({where})"
    elif where:
        rows = f"select * from ({rows}) where ({where})"
    return RunPlan(plan, runs, f"select *, ({plan.response})::double as v from ({rows})", tuple(points))


def _of_runs(text: str, catalogue: Catalogue) -> list[str]:
    """Return the run's columns that a text mentions."""
    return [name for name in catalogue.columns_in(text) if name not in POINT_COLUMNS]


def _at(plan: Plan) -> list[tuple[int, tuple[str, bool]]]:
    return list(enumerate(plan.keys))


def _product_sql(product: tuple[str, ...]) -> str:
    return " * ".join(numeric_sql(name) for name in product)
