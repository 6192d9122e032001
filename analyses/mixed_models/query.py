"""The SQL that turns an experiment's traces into cells: one GROUP BY over what the model names, and nothing else.

Grouping uses the ids and the run-level columns of `core`, joined once for each run; names are put back afterwards.
Moments are taken by DuckDB's numerically stable aggregates of the response minus a constant: powers of raw values
would lose the likelihood's digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hpowh.analyses.mixed_models.cells import DataError
from hpowh.analyses.mixed_models.formula import FUNCTIONS, Formula

KEYS = {"algorithm": "algorithm_id", "benchmark": "benchmark_id", "seed": "seed", "run": "run_id"}
"""Columns that are always categorical, and what they are grouped by."""
NAMED = ("algorithm", "benchmark")
"""Columns whose group keys are ids of a dimension."""
DERIVED = ("regret", "normalized_regret", "log_regret")
RANK = "rank"

_WORD = re.compile(r"'(?:[^']|'')*'|\"(?P<quoted>(?:[^\"]|\"\")+)\"|(?P<word>[A-Za-z_]\w*)")


class UnknownColumnError(DataError):
    """A name that is no column of the experiment; `columns` are those there are."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        super().__init__(f"There is no column {name!r}; there are: {', '.join(columns)}.")
        self.columns = tuple(columns)


@dataclass(frozen=True)
class Catalogue:
    """What an experiment has: metrics (id, direction) and run factors and meta-features (True where numeric)."""

    experiment_id: int
    experiment: str
    metrics: Mapping[str, tuple[int, str]]
    factors: Mapping[str, bool] = field(default_factory=dict)
    features: Mapping[str, bool] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name that a formula or a condition may use."""
        own = ("algorithm", "benchmark", "seed", "budget", "run")
        return tuple(dict.fromkeys((*own, *self.factors, *self.features)))

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
        """Return the metric meant: the one named, the only one, or `value`. Raises DataError."""
        if name is not None:
            if name not in self.metrics:
                raise DataError(f"There is no metric {name!r} in {self.experiment}; there are: {self._listed()}.")
            return name
        if "value" in self.metrics:
            return "value"
        if len(self.metrics) == 1:
            return next(iter(self.metrics))
        raise DataError(f"{self.experiment} has several metrics ({self._listed()}); say which: --metric NAME.")

    def _listed(self) -> str:
        return ", ".join(self.metrics) or "none"


@dataclass(frozen=True)
class Selection:
    """Which rows: the metric, an SQL condition, and the budget at which each run's best value so far is taken.

    `budget`: None takes every recorded point; a number takes each run's best value up to it; "final" its best value.
    """

    catalogue: Catalogue
    metric: str | None = None
    where: str | None = None
    budget: float | str | None = None


@dataclass(frozen=True)
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


def identifier(name: str) -> str:
    """Quote a column name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Quote a text."""
    return "'" + value.replace("'", "''") + "'"


def mentioned(text: str, names: Iterable[str]) -> list[str]:
    """Return which of the names an SQL text mentions, outside its string literals."""
    words = {(match["quoted"] or "").replace('""', '"') or match["word"] for match in _WORD.finditer(text)}
    return [name for name in names if name in words]


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
    products = _products(formula, set(numeric))
    response, metric = _response(formula.response, selection)
    columns = {_source(name)[1] for name in (*keys, *numeric)}
    base = observations(selection, metric, columns, response, formula.response)
    return Plan(formula, tuple(keys.items()), products, base, response, metric)


def _source(name: str) -> tuple[str, str]:
    """Split `log(x)` into function and column; a plain column has the function ''."""
    for function in FUNCTIONS:
        if name.startswith(f"{function}(") and name.endswith(")"):
            return function, name[len(function) + 1 : -1]
    return "", name


def _is_numeric_term(name: str, formula: Formula, catalogue: Catalogue) -> bool:
    function, column = _source(name)
    is_numeric = catalogue.is_numeric(column)
    if function and not is_numeric:
        raise DataError(f"{column} is not a number, so {name} means nothing.")
    return is_numeric and name not in formula.categorical


def _products(formula: Formula, numeric: set[str]) -> tuple[tuple[str, ...], ...]:
    terms = [*formula.fixed.terms, *(term for random in formula.random for term in random.expression.terms)]
    found = {tuple(name for name in term if name in numeric) for term in terms}
    return tuple(sorted((product for product in found if product), key=lambda product: (len(product), product)))


def _response(text: str, selection: Selection) -> tuple[str, str]:
    """Return the response as SQL over the columns of the base query, and the metric whose values those are."""
    metrics = selection.catalogue.metrics
    if ";" in text:
        raise DataError("A response is one SQL expression, without a semicolon.")
    named = mentioned(text, metrics)
    if selection.metric is not None and named == ["value"]:
        # `value` is then the value of the metric that was asked for.
        named = [selection.catalogue.metric(selection.metric)]
    if len(named) > 1:
        raise DataError(f"The response names several metrics ({', '.join(named)}); use one.")
    if named and selection.metric not in (None, named[0]):
        raise DataError(f"The response names the metric {named[0]}, but --metric says {selection.metric}.")
    metric = named[0] if named else selection.catalogue.metric(selection.metric)
    if not named and not mentioned(text, ("value", *DERIVED, RANK)):
        known = ", ".join(dict.fromkeys((*metrics, "value", *DERIVED, RANK)))
        raise DataError(f"The response {text!r} names no measured value; there are: {known}.")
    return text, metric


def direction_of(response: str, selection: Selection) -> str:
    """Return `min` or `max`: regret and ranks are minimised, an expression of a metric goes the metric's way.

    An expression that turns its metric round (`-value`) is not recognised. Raises DataError as `plan` does.
    """
    _, metric = _response(response, selection)
    names = [name for name in (*DERIVED, RANK) if name not in selection.catalogue.metrics]
    return "min" if mentioned(response, names) else selection.catalogue.metrics[metric][1]


def observations(
    selection: Selection, metric: str, columns: Iterable[str], response: str = "value", response_name: str = ""
) -> str:
    """Return a SELECT with one row per observation: the columns asked for, keys for the named ones, and `value`.

    Raises DataError: the condition has a semicolon.
    """
    catalogue, where = selection.catalogue, selection.where or ""
    if ";" in where:
        raise DataError("A condition is one SQL expression, without a semicolon.")
    metric_id, direction = catalogue.metrics[metric]
    wanted = set(columns) | set(mentioned(where + " " + response, catalogue.columns))
    derived = mentioned(response + " " + where, [name for name in DERIVED if name != metric])
    needs_rank = metric != RANK and bool(mentioned(response, (RANK,)))
    if needs_rank:
        wanted |= {"benchmark", "seed", *catalogue.factors}
    names = set(mentioned(where + " " + response, NAMED))
    fields = ["t.run_id as run", "t.budget", "t.value as value"]
    if metric != "value":
        fields.append(f"t.value as {identifier(metric)}")
    fields += [f"q.{identifier(c)}" for c in _run_columns(wanted, names)]
    fields += [f"{_derived(name, direction)} as {identifier(name)}" for name in derived]
    text = f"""select {", ".join(fields)}
from {_points(selection, metric_id, direction)} as t
join ({_runs(catalogue, wanted, names, metric_id, direction, bool(derived))}) as q on q.run_id = t.run_id"""
    if selection.budget is None:
        text += f"\nwhere t.metric_id = {metric_id}"
    if where:
        text = f"select * from ({text}) where ({where})"
    if needs_rank:
        text = _ranked(text, catalogue, direction)
    return text


def _run_columns(wanted: set[str], names: set[str]) -> list[str]:
    found = []
    for name in sorted(wanted - {"budget", "run"}):
        found.append(KEYS.get(name, name))
        if name in names:
            found.append(name)
    return found


def _runs(
    catalogue: Catalogue, wanted: set[str], names: set[str], metric_id: int, direction: str, needs_scale: bool
) -> str:
    """Return the run-level columns: keys, names where a text mentions them, factors, meta-features, regret's scale."""
    fields, joins = ["r.run_id"], []
    for name in NAMED:
        if name in wanted:
            fields.append(f"r.{name}_id")
        if name in names:
            fields.append(f"{name}.name as {name}")
            joins.append(f"join core.{name} as {name} on {name}.{name}_id = r.{name}_id")
    if "seed" in wanted:
        fields.append("r.seed")
    for alias, table, entity, known in (
        ("f", "run_factor", "run_id", catalogue.factors),
        ("m", "benchmark_feature", "benchmark_id", catalogue.features),
    ):
        used = [name for name in known if name in wanted]
        if not used:
            continue
        picks = []
        for name in used:
            value = "numeric_value" if known[name] else "text_value"
            picks.append(f"max({value}) filter (where name = {literal(name)}) as {identifier(name)}")
            fields.append(f"{alias}.{identifier(name)}")
        joins.append(
            f"left join (select {entity}, {', '.join(picks)} from core.{table} group by {entity}) as {alias} "
            f"on {alias}.{entity} = r.{entity}"
        )
    if needs_scale:
        fields += ["s.best", "s.worst", "s.least"]
        joins.append(f"left join ({_scale(catalogue, metric_id, direction)}) as s on s.benchmark_id = r.benchmark_id")
    return (
        f"select {', '.join(fields)} from core.run as r {' '.join(joins)} "
        f"where r.experiment_id = {catalogue.experiment_id}"
    )


def _scale(catalogue: Catalogue, metric_id: int, direction: str) -> str:
    """Return each benchmark's best known value, worst recorded value and least positive regret, as losses."""
    sign = "-" if direction == "max" else ""
    return f"""select r.benchmark_id, any_value({sign}k.value) as best, max({sign}t.value) as worst,
  min({sign}t.value - {sign}k.value) filter (where {sign}t.value > {sign}k.value) as least
from core.trace as t join core.run as r on r.run_id = t.run_id
join mart.best_known as k on k.benchmark_id = r.benchmark_id and k.metric_id = {metric_id}
where t.metric_id = {metric_id} and r.experiment_id = {catalogue.experiment_id} group by r.benchmark_id"""


def _derived(name: str, direction: str) -> str:
    loss = "-t.value" if direction == "max" else "t.value"
    regret = f"({loss} - q.best)"
    return {
        "regret": regret,
        "normalized_regret": f"{regret} / nullif(q.worst - q.best, 0)",
        "log_regret": f"log10(greatest({regret}, q.least))",
    }[name]


def _points(selection: Selection, metric_id: int, direction: str) -> str:
    if selection.budget is None:
        return "core.trace"
    best = "max" if direction == "max" else "min"
    if selection.budget == "final":
        budget, limit = "max(budget)", ""
    else:
        budget, limit = f"{float(selection.budget)!r}::double", f"and budget <= {float(selection.budget)!r}"
    return (
        f"(select run_id, {budget} as budget, {best}(value) as value from core.trace "
        f"where metric_id = {metric_id} {limit} group by run_id)"
    )


def _ranked(text: str, catalogue: Catalogue, direction: str) -> str:
    """Add the rank among the rows of the same benchmark, seed, budget and factors; 1 is best, ties share the mean."""
    within = ", ".join(["benchmark_id", "seed", "budget", *(identifier(name) for name in catalogue.factors)])
    order = "value desc" if direction == "max" else "value"
    rank = (
        f"rank() over (partition by {within} order by {order}) "
        f"+ (count(*) over (partition by {within}, value) - 1) / 2.0"
    )
    return f"select *, {rank} as {RANK} from ({text}) where isfinite(value)"


def _cell_query(plan: Plan, shift: float) -> str:
    keys = [f"{key_sql(name)} as k{i}" for i, (name, _) in enumerate(plan.keys)]
    products = [" * ".join(_numeric_sql(name) for name in product) for product in plan.monomials]
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


def residual_query(plan: Plan, sigma: float) -> str:
    """Return sums of the standardised residuals' powers for every cell and bin of width 0.5.

    The fitted coefficients are joined as the table `fitted_cell`: keys k0 … and coefficients c0 (constant), c1 …
    """
    keys = [f"{key_sql(name)} as k{i}" for i, (name, _) in enumerate(plan.keys)]
    products = [" * ".join(_numeric_sql(name) for name in product) for product in plan.monomials]
    inner = [*keys, "v", *(f"{product} as x{i}" for i, product in enumerate(products))]
    fitted = " + ".join(["f.c0", *(f"f.c{i + 1} * d.x{i}" for i in range(len(products)))])
    on = " and ".join(f"d.k{i} = f.k{i}" for i in range(len(keys))) or "true"
    return f"""select cell, greatest(-12, least(11, floor(r * 2)))::int as bin, count(*) as n, sum(r) as r1,
  sum(r * r) as r2, sum(r * r * r) as r3, sum(r * r * r * r) as r4
from (select f.cell, (d.v - ({fitted})) / {sigma!r} as r
  from (select {", ".join(inner)} from (select *, ({plan.response})::double as v from ({plan.base}))) as d
  join fitted_cell as f on {on} where isfinite(d.v))
where isfinite(r) group by cell, bin"""


def repeats_query(selection: Selection, response: str) -> str:
    """Return how many rows of the selection the run with the most rows has."""
    base = observations(selection, _response(response, selection)[1], ())
    return f"select max(n) from (select count(*) as n from ({base}) group by run)"


def level_counts_query(selection: Selection, response: str) -> tuple[str, list[str]]:
    """Return the query for the number of levels of every factor and meta-feature in a selection, and their names."""
    names = [*selection.catalogue.factors, *selection.catalogue.features]
    base = observations(selection, _response(response, selection)[1], names)
    counts = [f"count(distinct {identifier(name)})" for name in names]
    return f"select {', '.join(['count(*)', *counts])} from ({base})", names


def common_budgets_query(selection: Selection) -> str:
    """Return the budgets at which every run of the selection has a value."""
    base = observations(selection, selection.catalogue.metric(selection.metric), ())
    return f"""with point as (select run, budget from ({base}) where isfinite(value))
select budget from point group by budget
having count(*) >= (select count(distinct run) from point) order by budget"""


def values_query(selection: Selection, factor: str) -> str:
    """Return each run's best loss until every budget of the table `budget_grid` (column g), a row a run and budget."""
    catalogue = selection.catalogue
    catalogue.is_numeric(factor)
    metric = catalogue.metric(selection.metric)
    others = [name for name in catalogue.factors if name != factor]
    base = observations(selection, metric, {"algorithm", "benchmark", "seed", factor, *others}, "algorithm benchmark")
    sign = "-" if catalogue.metrics[metric][1] == "max" else ""
    block = " || '|' || ".join(f"coalesce({identifier(name)}::varchar, '')" for name in ("seed", *others))
    return f"""with point as (
  select run, any_value(algorithm) as algorithm, any_value(benchmark) as benchmark,
    any_value({identifier(factor)}::varchar) as level, any_value({block}) as block, g.g, min({sign}d.value) as loss
  from ({base}) as d asof join budget_grid as g on d.budget <= g.g where isfinite(d.value) group by run, g.g
)
select p.algorithm, p.benchmark, p.level, p.block, p.run, g.g, min(p.loss) as loss
from point as p join budget_grid as g on p.g <= g.g group by all order by run, g.g"""


def _numeric_sql(name: str) -> str:
    function, column = _source(name)
    value = identifier(column)
    if function == "":
        return f"{value}::double"
    if function in ("log", "log2", "log10", "sqrt"):
        native = {"log": "ln"}.get(function, function)
        domain = f"{value} >= 0" if function == "sqrt" else f"{value} > 0"
        return f"case when {domain} then {native}({value}) end"
    return f"{function}({value})"


def excluded_query(plan: Plan) -> str:
    """Return how many rows have no finite response, by kind."""
    return (
        f"select case when v is null then 'missing' when isnan(v) then 'NaN' when isinf(v) then 'infinite' "
        f"else 'a covariate or factor is missing' end as kind, count(*) from "
        f"(select *, ({plan.response})::double as v from ({plan.base})) group by kind order by kind"
    )
