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
    if metric not in metrics and mentioned(text, ("value",)):
        raise DataError(
            f"Each benchmark of {selection.catalogue.experiment} has a metric of its own ({', '.join(metrics)}), and "
            "their values cannot be set beside each other; say which with --metric NAME, or compare what has no unit: "
            f"{', '.join((*DERIVED[1:], RANK))}."
        )
    return text, metric


def direction_of(response: str, selection: Selection) -> str:
    """Return `min` or `max`: regret and ranks are minimised, anything else is taken to go its metric's way.

    Whether an expression turns its metric round is for `Reader.direction` to see. Raises DataError as `plan` does.
    """
    _, metric = response_of(response, selection)
    names = [name for name in (*DERIVED, RANK) if name not in selection.catalogue.metrics]
    return "min" if mentioned(response, names) else direction_in(selection.catalogue, metric)


def direction_in(catalogue: Catalogue, metric: str) -> str:
    """Return `min` or `max` for a metric; of each benchmark's own metric the losses are read."""
    return catalogue.metrics[metric][1] if metric in catalogue.metrics else "min"


def observations(
    selection: Selection, metric: str, columns: Iterable[str], response: str = "value", response_name: str = ""
) -> str:
    """Return a SELECT with one row per observation: the columns asked for, keys for the named ones, and `value`.

    For `EACH` these are the rows of all metrics, and `value` is the loss: what is maximised has its sign turned.

    Raises DataError: the condition has a semicolon.
    """
    catalogue, where = selection.catalogue, selection.where or ""
    if ";" in where:
        raise DataError("A condition is one SQL expression, without a semicolon.")
    wanted = set(columns) | set(catalogue.columns_in(where + " " + response))
    derived = mentioned(response + " " + where, [name for name in DERIVED if name != metric])
    needs_rank = metric != RANK and bool(mentioned(response, (RANK,)))
    if needs_rank:
        wanted |= {"algorithm", "benchmark", "seed", *catalogue.factors}
    puts_last = needs_rank and selection.budget is not None and selection.policy == "last"
    parts = [
        _of_metric(selection, part, wanted, derived, response, puts_last=puts_last, is_alone=metric == part)
        for part in catalogue.parts(metric)
    ]
    text = parts[0] if len(parts) == 1 else " union all by name ".join(f"({part})" for part in parts)
    if needs_rank:
        text = _ranked(text, catalogue, direction_in(catalogue, metric), puts_last)
    return text


def _of_metric(
    selection: Selection,
    metric: str,
    wanted: set[str],
    derived: list[str],
    response: str,
    *,
    puts_last: bool,
    is_alone: bool,
) -> str:
    """Return the rows of one metric; `is_alone`: no other metric's are set beside them, so values are as measured."""
    catalogue, where = selection.catalogue, selection.where or ""
    metric_id, direction = catalogue.metrics[metric]
    wanted = wanted if is_alone else {*wanted, "benchmark"}
    names = set(mentioned(where + " " + response, NAMED))
    fields = ["t.run_id as run", "t.budget"]
    fields.append("t.value as value" if is_alone else f"mart.loss(t.value, {literal(direction)}) as value")
    fields += ["t.is_failed"] if puts_last else []
    if metric != "value" and is_alone:
        fields.append(f"t.value as {identifier(metric)}")
    fields += [f"q.{identifier(c)}" for c in _run_columns(wanted, names)]
    fields += [f"{_derived(name, direction)} as {identifier(name)}" for name in derived]
    text = f"""select {", ".join(fields)}
from {_points(selection, metric_id, direction)} as t
join ({runs_query(catalogue, wanted, names, metric_id if derived else None)}) as q on q.run_id = t.run_id"""
    conditions = [f"t.metric_id = {metric_id}"] if selection.budget is None else []
    conditions += [] if is_alone else [catalogue.of_own("q", metric)]
    if conditions:
        text += f"\nwhere {' and '.join(conditions)}"
    if where:
        text = f"select * from ({text}) where ({where})"
    return text


def _run_columns(wanted: set[str], names: set[str]) -> list[str]:
    found = []
    for name in sorted(wanted - {"budget", "run"}):
        found.append(KEYS.get(name, name))
        if name in names:
            found.append(name)
    return found


def runs_query(catalogue: Catalogue, wanted: set[str], names: set[str], scale_of: int | None = None) -> str:
    """Return the run-level columns: keys, names where a text mentions them, factors, meta-features.

    `scale_of`: the metric whose regret is wanted; what that is measured by comes along.
    """
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
    if scale_of is not None:
        fields += ["s.best_loss", "s.worst_loss", "s.least_regret"]
        joins.append(f"left join ({_scale(catalogue, scale_of)}) as s on s.benchmark_id = r.benchmark_id")
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


def _scale(catalogue: Catalogue, metric_id: int) -> str:
    """Return each benchmark's best known loss, worst recorded loss and least positive regret."""
    columns = "benchmark_id, best_loss, worst_loss, least_regret"
    rows = [", ".join([str(id), *map(_number, values)]) for id, *values in catalogue.scales(metric_id)]
    if not rows:
        return f"select {', '.join(f'null::double as {name}' for name in columns.split(', '))} limit 0"
    return f"select * from (values {', '.join(f'({row})' for row in rows)}) as scale({columns})"


def _number(value: float | None) -> str:
    return "null::double" if value is None else f"'{value!r}'::double"


def _derived(name: str, direction: str) -> str:
    loss = f"mart.loss(t.value, {literal(direction)})"
    return {
        "regret": f"mart.regret({loss}, q.best_loss)",
        "normalized_regret": f"mart.normalized_regret({loss}, q.best_loss, q.worst_loss)",
        "log_regret": f"mart.log_regret({loss}, q.best_loss, q.least_regret)",
    }[name]


def _points(selection: Selection, metric_id: int, direction: str) -> str:
    if selection.budget is None:
        return "core.trace"
    run = f"select run_id, {metric_id} as metric_id"
    of = f"from core.run where experiment_id = {selection.catalogue.experiment_id}"
    if isinstance(selection.at, Mapping):
        ends = ", ".join(f"({benchmark}, {budget!r}::double)" for benchmark, budget in selection.at.items())
        of = of.replace("core.run", f"core.run join (values {ends}) as e(id, budget) on e.id = benchmark_id")
        wanted = f"{run}, e.budget {of}"
    elif selection.at is not None:
        wanted = f"{run}, {float(selection.at)!r}::double as budget {of}"
    else:
        raise DataError("The budget at which the runs are compared is not settled.")
    if selection.policy == "exclude":
        return f"(with wanted as ({wanted}) select run_id, budget, value from mart.value_at(wanted))"
    baseline = "null::integer"
    if selection.baseline is not None:
        baseline = f"(select algorithm_id from core.algorithm where name = {literal(selection.baseline)})"
    return f"""(with wanted as ({wanted}), points as (
  select v.run_id, v.budget, v.value, r.algorithm_id, r.benchmark_id, s.worst_loss,
    {{'benchmark': r.benchmark_id, 'seed': r.seed, 'setting': n.setting}} as block, {literal(direction)} as direction
  from mart.value_at(wanted) as v
  join core.run as r on r.run_id = v.run_id
  join mart.run as n on n.run_id = v.run_id
  left join ({_scale(selection.catalogue, metric_id)}) as s on s.benchmark_id = r.benchmark_id
) select run_id, budget, value, is_failed from mart.failed_filled(points, {literal(selection.policy)}, {baseline}))"""


def _ranked(text: str, catalogue: Catalogue, direction: str, puts_last: bool) -> str:
    """Add the rank among the rows of the same benchmark, seed, budget and factors, where all algorithms are there.

    `puts_last`: failed runs come after all that did not fail, also where their value is the worst of these.
    """
    within = ["benchmark_id", "seed", "budget", *(identifier(name) for name in catalogue.factors)]
    block = ", ".join(f"'k{i}': {name}" for i, name in enumerate(within))
    loss = f"mart.loss(value, {literal(direction)})"
    if puts_last:
        loss = f"case when is_failed then 'infinity'::double else {loss} end"
    return f"""select * exclude (block, loss, compared_count, rank_reason, block_rank, block_size), block_rank as {RANK}
from (with selected as ({text}), prepared as (
  select *, {{{block}}} as block, {loss} as loss,
    (select count(distinct algorithm_id) from selected) as compared_count
  from selected
) select * from mart.ranked(prepared))"""


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
