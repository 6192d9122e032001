"""What ties sweeps to the rest: trials that are configurations of a known search space, sweeps that are runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.dimensions import ids_by_name, next_id
from hpowh.warehouse.sources.sweeps.tables import Sweep

if TYPE_CHECKING:
    import duckdb
    import pyarrow

TOLERANCE = 1e-9
"""Relative difference up to which a trial's number is a level: what a value may lose on its way through text."""


def resolve_configurations(
    connection: duckdb.DuckDBPyConnection,
    sweeps: Sequence[Sweep],
    trial: pyarrow.Table,
    first_sweep: int,
    first_trial: int,
    spaces: dict[str, int],
) -> int:
    """Fill the temporary table `_configuration` (trial_id, configuration_id) and return how many trials are in it.

    A trial resolves where it has exactly the hyperparameters of the space and each of its values is a level.
    """
    import pyarrow as pa

    tied = [
        (first_sweep + i, spaces[s.search_space], s.holds_levels)
        for i, s in enumerate(sweeps)
        if s.search_space in spaces
    ]
    names = ("sweep_id", "search_space_id", "holds_levels")
    types = (pa.int64(), pa.int64(), pa.bool_())
    columns = [pa.array([row[i] for row in tied], type_) for i, type_ in enumerate(types)]
    connection.register("_tied", pa.table(columns, names=list(names)))
    connection.register("_trial", trial)
    connection.execute(
        queries.statement("sweeps/configurations"),
        {"first_trial": first_trial, "first_sweep": first_sweep, "tolerance": TOLERANCE},
    )
    connection.unregister("_tied")
    connection.unregister("_trial")
    return int(connection.execute("select count(*) from _configuration").fetchall()[0][0])


def add_runs(connection: duckdb.DuckDBPyConnection, sweeps: Sequence[Sweep], first_sweep: int, source_id: int) -> int:
    """Write run, run_factor and trace of every sweep with a run label; return the number of runs.

    Raises:
        IngestError: two runs of an experiment have the same algorithm, benchmark, seed and factors.
    """
    import pyarrow as pa

    labelled = [(first_sweep + i, s.run) for i, s in enumerate(sweeps) if s.run is not None]
    if not labelled:
        return 0
    experiments = ids_by_name(connection, "experiment", [label.experiment for _, label in labelled])
    algorithms = ids_by_name(connection, "algorithm", [label.algorithm for _, label in labelled])
    benchmarks = ids_by_name(connection, "benchmark", [label.benchmark for _, label in labelled])
    first_run = next_id(connection, "run", "run_id")
    rows = [
        (
            first_run + i,
            experiments[label.experiment],
            algorithms[label.algorithm],
            benchmarks[label.benchmark],
            label.seed,
            sweep_id,
            source_id,
        )
        for i, (sweep_id, label) in enumerate(labelled)
    ]
    columns = [pa.array(column, pa.int64()) for column in zip(*rows, strict=True)]
    connection.register("_incoming", pa.table(columns, names=[f"c{i}" for i in range(7)]))
    connection.execute("insert into core.run select * from _incoming")
    connection.unregister("_incoming")
    factors = [
        (first_run + i, name, _number(value), value)
        for i, (_, label) in enumerate(labelled)
        for name, value in sorted(label.factors.items())
    ]
    if factors:
        connection.executemany("insert into core.run_factor values (?, ?, ?, ?)", factors)
    _refuse_doubles(connection, source_id)
    _add_traces(connection, source_id)
    return len(rows)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _refuse_doubles(connection: duckdb.DuckDBPyConnection, source_id: int) -> None:
    found = connection.execute(queries.text("sources/double_runs"), {"source": source_id}).fetchall()
    if found:
        algorithm, benchmark, seed, count, names = found[0]
        raise IngestError(
            f"{count} runs are labelled algorithm {algorithm!r}, benchmark {benchmark!r}, seed {seed}: {names}.",
            "A run must differ from the others in one of them, in its experiment, or in a factor (option factors).",
        )


def _add_traces(connection: duckdb.DuckDBPyConnection, source_id: int) -> None:
    """Write one trace point per ended trial: the budget is what the tool says, else ended trials are counted in order.

    A failed trial spends budget and has status `failed` (`timeout`, `memory` where known); a pruned one reached no
    final value and has `missing`.
    """
    connection.execute(queries.statement("sweeps/traces"), {"source": source_id})
