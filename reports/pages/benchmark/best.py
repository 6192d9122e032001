"""The SQL of the best configurations: assembled here, because each hyperparameter is a column with its name."""

from __future__ import annotations

from hpowh.warehouse.names import identifier


def best_configurations(hyperparameters: list[tuple[int, str, str]]) -> str:
    """Return the SQL of the best configurations, one column a hyperparameter (named `hp<position>`).

    Args:
        hyperparameters: position, name and value type of each.
    """
    columns = []
    for position, name, value_type in hyperparameters:
        field = {"int": "cast(l.numeric_value as bigint)", "float": "l.numeric_value"}.get(value_type, "l.label")
        columns.append(
            f"max({field}) filter (where h.position = {position}) as {identifier(column_name(position, name))}"
        )
    listed = "".join(f",\n  {column}" for column in columns)
    return f"""
with best as (
  select search_space_id, configuration_id, value, loss, value_sd, ok_count
  from mart.landscape_node
  where benchmark_id = $benchmark and search_space_id = $space and metric_id = $metric and split = $split
    and fidelity is not distinct from $fidelity and value is not null
  order by loss, configuration_id
  limit 25
)
select row_number() over (order by b.loss, b.configuration_id) as place, b.value as mean_value, b.value_sd, b.ok_count,
  b.configuration_id{listed}
from best as b
join core.hyperparameter as h on h.search_space_id = b.search_space_id
join core.hyperparameter_level as l
  on l.search_space_id = h.search_space_id and l.position = h.position
  and l.level = (b.configuration_id // h.stride) % h.cardinality
anti join mart.condition as c
  on c.search_space_id = h.search_space_id and c.position = h.position
  and not list_contains(c.levels, (b.configuration_id // c.parent_stride) % c.parent_cardinality)
group by b.configuration_id, b.value, b.loss, b.value_sd, b.ok_count
order by place
"""


TAKEN = ("place", "mean_value", "value_sd", "ok_count", "configuration_id")


def column_name(position: int, name: str) -> str:
    """Return a hyperparameter's column in `best_configurations`: its name, unless another column has it."""
    return f"hp{position}" if name.lower() in TAKEN else name
