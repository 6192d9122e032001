"""The SQL of an experiment's observations: one row a recorded point, with the run-level columns that are asked for.

Keys are the ids and the run-level columns of `core`, joined once for each run; names are put back afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import FUNCTIONS
from hpowh.analyses.mixed_models.reading.catalogue import (
    DERIVED,
    KEYS,
    NAMED,
    OWN,
    RANK,
    Catalogue,
    Selection,
    identifier,
    literal,
    mentioned,
)

_PLAIN = re.compile(r"[A-Za-z_]\w*")
_BACKTICKS = re.compile(r"`([^`]+)`")


def response_of(text: str, selection: Selection) -> tuple[str, str]:
    """Return the response as SQL over the columns of the base query, and the metric whose values those are.

    A metric's name that is no plain word may stand alone as it is, or anywhere in backticks (or SQL's quotes).
    """
    metrics = selection.catalogue.metrics
    if text.strip() in metrics and not _PLAIN.fullmatch(text.strip()):
        text = identifier(text.strip())
    text = _BACKTICKS.sub(lambda found: identifier(found[1]), text)
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
        names = dict.fromkeys((*metrics, "value", *DERIVED, RANK))
        known = ", ".join(name if _PLAIN.fullmatch(name) else f"`{name}`" for name in names)
        raise DataError(f"The response {text!r} names no measured value; there are: {known}.")
    return text, metric


def direction_of(response: str, selection: Selection) -> str:
    """Return `min` or `max`: regret and ranks are minimised, anything else is taken to go its metric's way.

    Whether an expression turns its metric round is for `Reader.direction` to see. Raises DataError as `plan` does.
    """
    _, metric = response_of(response, selection)
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
    wanted = set(columns) | set(catalogue.columns_in(where + " " + response))
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
join ({runs_query(catalogue, wanted, names, metric_id, direction, bool(derived))}) as q on q.run_id = t.run_id"""
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


def runs_query(
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
    wanted = wanted - set(OWN)
    factors = {name: kind for name, kind in catalogue.factors.items() if name in wanted} if wanted else {}
    wanted -= set(factors)
    features = {name: kind for name, kind in catalogue.features.items() if name in wanted} if wanted else {}
    for alias, table, entity, used in (
        ("f", "run_factor", "run_id", factors),
        ("m", "benchmark_feature", "benchmark_id", features),
    ):
        if used:
            fields += [f"{alias}.{identifier(name)}" for name in used]
            joins.append(f"left join ({_wide(table, entity, used)}) as {alias} on {alias}.{entity} = r.{entity}")
    if needs_scale:
        fields += ["s.best", "s.worst", "s.least"]
        joins.append(f"left join ({_scale(catalogue, metric_id, direction)}) as s on s.benchmark_id = r.benchmark_id")
    return (
        f"select {', '.join(fields)} from core.run as r {' '.join(joins)} "
        f"where r.experiment_id = {catalogue.experiment_id}"
    )


def _wide(table: str, entity: str, used: Mapping[str, bool]) -> str:
    """Return the named values as columns, one row an entity; a single one needs no grouping."""
    columns = {name: "numeric_value" if is_numeric else "text_value" for name, is_numeric in used.items()}
    if len(columns) == 1:
        [(name, value)] = columns.items()
        return f"select {entity}, {value} as {identifier(name)} from core.{table} where name = {literal(name)}"
    picks = [
        f"max({value}) filter (where name = {literal(name)}) as {identifier(name)}" for name, value in columns.items()
    ]
    return f"select {entity}, {', '.join(picks)} from core.{table} group by {entity}"


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


def source_of(name: str) -> tuple[str, str]:
    """Split `log(x)` into function and column; a plain column has the function ''."""
    for function in FUNCTIONS:
        if name.startswith(f"{function}(") and name.endswith(")"):
            return function, name[len(function) + 1 : -1]
    return "", name


def numeric_sql(name: str) -> str:
    function, column = source_of(name)
    value = identifier(column)
    if function == "":
        return f"{value}::double"
    if function in ("log", "log2", "log10", "sqrt"):
        native = {"log": "ln"}.get(function, function)
        domain = f"{value} >= 0" if function == "sqrt" else f"{value} > 0"
        return f"case when {domain} then {native}({value}) end"
    return f"{function}({value})"
