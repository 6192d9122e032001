"""CARP-S: run directories (trial_logs.jsonl and .hydra/config.yaml) and gathered logs (logs.csv, logs.parquet).

Every run is a sweep, and a run of an experiment: algorithm = optimizer_id, benchmark = task_id, seed; its trace counts
n_trials.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.carps.config import RunConfig, run_config
from hpowh.warehouse.sources.carps.gathered import gathered_files, gathered_runs
from hpowh.warehouse.sources.carps.trials import trials_in
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.hydra_config import read_config
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, observed
from hpowh.warehouse.sources.sweeps.tables import Sweep
from hpowh.warehouse.sources.sweeps.tool_files import Lines, read_lines
from hpowh.warehouse.sources.tables.features import add_features

if TYPE_CHECKING:
    import duckdb

LOG = "trial_logs.jsonl"
CONFIG = Path(".hydra") / "config.yaml"
FIDELITIES = ("full", "all")


class Carps(SweepSource):
    """`hpowh ingest carps PATH`: a folder of runs, or a gathered logs.csv or logs.parquet.

    Options: `fidelities` (`full`, the default: only costs on the largest fidelity are final values; `all`).
    """

    kind: ClassVar[str] = "carps"
    summary: ClassVar[str] = "CARP-S run directories or gathered logs: runs of an experiment, and sweeps"

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind, ("fidelities",))
        if request.mapping:
            raise UsageError("The source carps has no columns to map.", "CARP-S names everything in its configuration.")
        if request.options.get("fidelities", "full") not in FIDELITIES:
            raise UsageError("--option fidelities: not understood.", f"It is one of: {', '.join(FIDELITIES)}.")

    def files(self, request: Request) -> list[Path]:
        """Return every file that is read."""
        if request.path.is_file() and request.path.name != LOG:
            return gathered_files(request.path)
        return [path for log in _logs(request) for path in (log, log.parent / CONFIG) if path.is_file()]

    def contents(self, request: Request) -> Iterator[Content]:
        """Yield a sweep per run."""
        if request.path.is_file() and request.path.name != LOG:
            for run in gathered_runs(request.path):
                yield _content(run.name, run.config, Lines(run.rows), run.name, request, [])
            return
        logs = _logs(request)
        for log in logs:
            place = str(log.parent.relative_to(request.path)) if request.path.is_dir() else ""
            name = request.name if len(logs) == 1 else place
            notes, config = [], RunConfig()
            if (log.parent / CONFIG).is_file():
                config = run_config(read_config(log.parent / CONFIG), str(log.parent / CONFIG))
            else:
                notes.append(f"There is no {CONFIG}: say what the run is (--set algorithm=… --set benchmark=…).")
            label = f"{place}/{LOG}" if place not in ("", ".") else LOG
            yield _content(name, config, read_lines(log, label), label, request, notes)

    def roles(self, request: Request, contents: list[Content]) -> list[tuple[str, str, str]]:
        """Return what the runs are made of."""
        found: dict[tuple[str, str], tuple[str, str, str]] = {}
        for content in contents:
            run = content.sweep.run
            for role, name in (("algorithm", run and run.algorithm), ("benchmark", run and run.benchmark)):
                if name:
                    found.setdefault((role, name), (name, role, "of the run's configuration"))
            for metric, _ in content.sweep.metrics:
                found.setdefault(("metric", metric), (metric, "metric (min)", "an objective of the task"))
        return list(found.values())

    def finish(self, connection: duckdb.DuckDBPyConnection, contents: list[Content], source_id: int) -> list[str]:
        """Write the tasks' meta-features; CARP-S says the same in every run of a task."""
        import pyarrow as pa

        columns: dict[str, dict[str, str]] = {}
        for content in contents:
            for name, value in content.features.items():
                if content.sweep.benchmark is not None:
                    text = str(value).lower() if isinstance(value, bool) else str(value)
                    columns.setdefault(name, {})[content.sweep.benchmark] = text
        for name, found in columns.items():
            connection.register("_features", pa.table({"_benchmark": list(found), "_value": list(found.values())}))
            add_features(connection, "_benchmark", {name: "_value"}, "_features", source_id)
            connection.unregister("_features")
        if not columns:
            return []
        return [f"{len(columns)} meta-features of the tasks are features of the benchmarks."]


def _logs(request: Request) -> list[Path]:
    path = request.path
    if path.is_file():
        return [path]
    found = sorted(path.rglob(LOG))
    if not found:
        raise IngestError(
            f"There is no {LOG} below {path}.", "Name CARP-S' folder of runs, or a gathered logs.csv or logs.parquet."
        )
    return found


def _content(name: str, config: RunConfig, lines: Lines, label: str, request: Request, notes: list[str]) -> Content:
    read = trials_in(lines.rows, config, label, all_fidelities=request.options.get("fidelities") == "all")
    said: dict[str, Any] = {"algorithm": config.optimizer, "benchmark": config.task, "seed": config.seed}
    where = label_of(request, said, label)
    if lines.is_cut:
        notes.append("The log ends within a line, which is left out (written at this moment, or cut off).")
    parameters = config.space.parameters if config.space is not None else observed(read.records)
    sweep = Sweep(
        name=name,
        tool="carps",
        metrics=read.metrics,
        parameters=parameters,
        run=where.run,
        benchmark=where.benchmark,
        search_space=where.search_space,
        constraints=config.space.constraints() if config.space is not None else [],
    )
    problems: list[Problem] = [*lines.problems, *read.problems]
    return Content(sweep, read.records, [*notes, *read.notes], problems, dict(config.features))


SOURCE = Carps()
