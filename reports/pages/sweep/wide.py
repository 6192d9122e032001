"""The trials of a sweep as a wide table: one row a trial, one column a hyperparameter and a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query
from hpowh.warehouse import queries
from hpowh.warehouse.names import identifier


@dataclass(frozen=True)
class Wide:
    """The rows, and which column holds what: names that would collide are numbered."""

    query: Query
    parameters: dict[str, str]
    """Hyperparameter -> column."""
    metrics: list[str]
    """Columns of the metrics, in the order given."""


def wide_trials(
    site: SiteContext, sweep_id: int, hyperparameters: Sequence[str], metrics: Sequence[tuple[int, str]]
) -> Wide:
    """Return all trials, whatever their state; a hyperparameter is a number where all its values are.

    Args:
        metrics: id and name; their final values, NULL where not finite.
    """
    taken = {"trial", "name", "state", "seconds"}
    values: dict[str, object] = {"sweep": sweep_id}
    parts, parameters, columns = [], {}, []
    for at, (number, name) in enumerate(metrics):
        column = _free(name, taken)
        columns.append(column)
        values[f"m{at}"] = number
        parts.append(
            f"(select any_value(v.value) from core.trial_metric as v where v.trial_id = t.trial_id "
            f"and v.metric_id = $m{at} and v.step is null and v.status = 'ok') as {identifier(column)}"
        )
    kinds = dict(
        site.rows(
            queries.text("sweep/value_kinds"),
            sweep=sweep_id,
        )
    )
    for at, name in enumerate(hyperparameters):
        parameters[name] = _free(name, taken)
        values[f"h{at}"] = name
        cell = "p.numeric_value" if kinds.get(name) else "p.text_value"
        parts.append(f"any_value({cell}) filter (where p.name = $h{at}) as {identifier(parameters[name])}")
    listed = "".join(f",\n  {part}" for part in parts)
    sql = (
        f"select t.number as trial, t.name, t.status as state, t.duration as seconds{listed}\n"
        "from core.trial as t left join core.trial_parameter as p using (trial_id)\n"
        "where t.sweep_id = $sweep\n"
        "group by t.trial_id, t.number, t.name, t.status, t.duration\n"
        "order by t.number"
    )
    return Wide(site.query(sql, **values), parameters, columns)


def _free(name: str, taken: set[str]) -> str:
    """Return a column name that no other column has, in any case, and take it."""
    column, number = name or "(no name)", 2
    while column.casefold() in taken:
        column, number = f"{name} ({number})", number + 1
    taken.add(column.casefold())
    return column
