"""The SQL that turns an experiment's traces into cells: one GROUP BY over what the model names, and nothing else.

Moments are taken by DuckDB's numerically stable aggregates of the response minus a constant: powers of raw values
would lose the likelihood's digits.
"""

from __future__ import annotations

from dataclasses import dataclass

from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.reading.catalogue import (
    DERIVED,
    KEYS,
    NAMED,
    RANK,
    Catalogue,
    Selection,
    identifier,
    literal,
    mentioned,
)
from hpowh.analyses.mixed_models.reading.observations import numeric_sql, observations, response_of, source_of


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The text of the cell query and how to read its columns.

    `keys`: (variable, is_named) for the columns k0, k1 …; `monomials`: the products behind x0, x1 …
    """

    formula: Formula
    keys: tuple[tuple[str, bool], ...]
    monomials: tuple[tuple[str, ...], ...]
    base: str
    response: str
    metric: str

    def cells(self, shift: float) -> str:
        """Return the cell query for a response measured from `shift`."""
        return _cell_query(self, shift)

    def sample(self) -> str:
        """Return a query for a few responses, from which the shift is taken."""
        return (
            f"select avg(y) from (select ({self.response})::double as y from ({self.base}) where isfinite(y) limit 256)"
        )


def plan(formula: Formula, selection: Selection) -> Plan:
    """Return the cell query of a formula on a selection.

    Raises:
        UnknownColumnError: a variable is no column.
        DataError: a text where a number is needed, a response that names no metric or two, a condition with `;`.
    """
    catalogue = selection.catalogue
    numeric = [name for name in formula.term_variables if _is_numeric_term(name, formula, catalogue)]
    keys: dict[str, bool] = {}
    for name in (*formula.term_variables, *(name for group in formula.grouping for name in group)):
        if name not in numeric or any(name in group for group in formula.grouping):
            catalogue.is_numeric(name)
            keys[name] = name in NAMED
    products = products_of(formula, set(numeric))
    response, metric = response_of(formula.response, selection)
    columns = {source_of(name)[1] for name in (*keys, *numeric)}
    base = observations(selection, metric, columns, response, formula.response)
    return Plan(
        formula=formula, keys=tuple(keys.items()), monomials=products, base=base, response=response, metric=metric
    )


def _is_numeric_term(name: str, formula: Formula, catalogue: Catalogue) -> bool:
    function, column = source_of(name)
    is_numeric = catalogue.is_numeric(column)
    if function and not is_numeric:
        raise DataError(f"{column} is not a number, so {name} means nothing.")
    return is_numeric and name not in formula.categorical


def products_of(formula: Formula, numeric: set[str]) -> tuple[tuple[str, ...], ...]:
    """Return the products of numbers in a formula's terms, the single ones first."""
    terms = [*formula.fixed.terms, *(term for random in formula.random for term in random.expression.terms)]
    found = {tuple(name for name in term if name in numeric) for term in terms}
    return tuple(sorted((product for product in found if product), key=lambda product: (len(product), product)))


def _cell_query(plan: Plan, shift: float) -> str:
    keys = [f"{key_sql(name)} as k{i}" for i, (name, _) in enumerate(plan.keys)]
    products = [" * ".join(numeric_sql(name) for name in product) for product in plan.monomials]
    checks = " and ".join(["isfinite(v)", *(f"isfinite({product})" for product in products)])
    inner = [*keys, f"case when {checks} then v - {shift!r} end as y"]
    inner += [f"case when {checks} then {product} end as x{i}" for i, product in enumerate(products)]
    k, group = len(products), [f"k{i}" for i in range(len(keys))]
    outer = [*group, "count(*) as rows", "count(y) as n", "avg(y) as mean_y", "var_pop(y) * count(y) as s_y"]
    for i in range(k):
        outer += [f"avg(x{i}) as mean_x{i}", f"covar_pop(x{i}, y) * count(y) as s_x{i}_y"]
        for j in range(i + 1):
            scatter = f"var_pop(x{i})" if i == j else f"covar_pop(x{i}, x{j})"
            outer.append(f"{scatter} * count(y) as s_x{i}_x{j}")
    source = f"select *, ({plan.response})::double as v from ({plan.base})"
    text = f"select {', '.join(outer)} from (select {', '.join(inner)} from ({source}))"
    return text + (f" group by {', '.join(group)}" if group else "")


def key_sql(name: str) -> str:
    """Return what a variable is grouped by in the base query."""
    return identifier("run" if name == "run" else KEYS.get(name, name))


def residual_query(plan: Plan) -> str:
    """Return sums of powers of the standardised residuals about their cell's mean, for every cell and bin of width 0.5.

    The fitted coefficients are joined as the table `fitted_cell`: keys k0 …, coefficients c0 (constant), c1 …, the
    residual standard deviation `sd` and the mean standardised residual `middle`: a second pass, because powers about
    zero lose a small variance.
    """
    keys = [f"{key_sql(name)} as k{i}" for i, (name, _) in enumerate(plan.keys)]
    products = [" * ".join(numeric_sql(name) for name in product) for product in plan.monomials]
    inner = [*keys, "v", *(f"{product} as x{i}" for i, product in enumerate(products))]
    fitted = " + ".join(["f.c0", *(f"f.c{i + 1} * d.x{i}" for i in range(len(products)))])
    on = " and ".join(f"d.k{i} = f.k{i}" for i in range(len(keys))) or "true"
    return f"""select cell, greatest(-12, least(11, floor(r * 2)))::int as bin, count(*) as n, sum(d) as d1,
  sum(d * d) as d2, sum(d * d * d) as d3, sum(d * d * d * d) as d4
from (select f.cell, (d.v - ({fitted})) / f.sd as r, r - f.middle as d
  from (select {", ".join(inner)} from (select *, ({plan.response})::double as v from ({plan.base}))) as d
  join fitted_cell as f on {on} where isfinite(d.v))
where isfinite(r) group by cell, bin"""


def excluded_query(plan: Plan) -> str:
    """Return how many rows have no finite response, by kind."""
    # A value that was measured has no response for a reason of the response's own.
    own = "missing"
    if mentioned(plan.response, [name for name in DERIVED if name != plan.metric]):
        own = "on benchmarks whose values are all equal"
    elif plan.metric != RANK and mentioned(plan.response, (RANK,)):
        own = "in blocks that lack an algorithm"
    return (
        f"select case when v is null and isfinite(value) then {literal(own)} when v is null then 'missing' "
        f"when isnan(v) then 'NaN' when isinf(v) then 'infinite' "
        f"else 'a covariate or factor is missing' end as kind, count(*) from "
        f"(select *, ({plan.response})::double as v from ({plan.base})) group by kind order by kind"
    )
