"""Write runs with their courses to `core`, and what every source of such runs shares."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.dimensions import ids_by_name, metric_id, next_id
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.tables.features import add_features
from hpowh.warehouse.sources.traced.known import ragged_seeds, refuse_known_runs
from hpowh.warehouse.sources.traced.runs import FURTHER, TracedRun, lay_courses, number_runs
from hpowh.warehouse.sources.traced.tree import files_of

if TYPE_CHECKING:
    import duckdb

OPTIONS = ("experiment", "constants", "instances", "algorithm", "ended", "precision")
"""Options of every source of such runs."""
CHOICES = {
    "instances": ("seed", "factor"),
    "algorithm": ("name", "folder"),
    "ended": ("solved", "carried", "as-is"),
}  # fmt: skip
ROLES = ("experiment", "algorithm")
CHUNK = 1 << 20
INSTANCES = (
    f"Instances count as repetitions: a run's seed is its instance (of a further run on one, {FURTHER:,} more). "
    "--option instances=factor makes the instance a factor of the run."
)


class TracedSource(ABC):
    """A source whose location is a folder or an archive of runs; it may grow while it is read."""

    kind: ClassVar[str]
    summary: ClassVar[str]
    wanted: ClassVar[tuple[str, ...]]
    """How the names of the files end that are read."""
    own: ClassVar[tuple[str, ...]] = ()
    """Options beside OPTIONS."""
    is_live = True

    @abstractmethod
    def runs(self, request: Request) -> tuple[list[TracedRun], list[str]]:
        """Return the runs in the order of their files, and sentences; IngestError where there is none."""

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the files that are read."""
        self._check(request)
        digest = blake2b(digest_size=32)
        base = request.path if request.path.is_dir() else request.path.parent
        for path in files_of(request.path, self.wanted):
            digest.update(f"\n{path.relative_to(base)}\n".encode("utf-8", "surrogateescape"))
            _add_bytes(digest, path)
        return digest.hexdigest()

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return algorithms, benchmarks and metrics, the number of runs and the first of them."""
        del connection
        runs, notes = self._read(request)
        mapping = {(run.metric, f"metric ({run.direction})", "of the logger"): None for run in runs}
        mapping |= {(run.algorithm, "algorithm", "of the logger"): None for run in runs}
        mapping |= {(run.benchmark, "benchmark", "function and dimension"): None for run in runs}
        rows = [(r.algorithm, r.benchmark, r.instance, r.seed, r.end, r.course[-1][1]) for r in runs[:5]]
        columns = ["algorithm", "benchmark", "instance", "seed", "evaluations", "value"]
        return Preview(len(runs), list(mapping), columns, rows, notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write runs, factors, courses and meta-features.

        Raises:
            IngestError: a file is not whole or not understood, or a run is there already.
            UsageError: it must be said whether two folders are one algorithm.
        """
        context.progress("read", 0.0)
        runs, notes = self._read(request)
        experiment = str(request.options.get("experiment") or _constants(request).get("experiment") or request.name)
        context.progress("load", 0.5)
        write_runs(connection, runs, experiment, context.source_id)
        refuse_known_runs(connection, context.source_id, request.location)
        _write_features(connection, runs, context.source_id)
        points = sum(len(run.course) for run in runs)
        first = f"{len(runs):,} runs of {len({run.algorithm for run in runs}):,} algorithms on "
        first += f"{len({run.benchmark for run in runs}):,} benchmarks."
        return LoadReport(points, notes=[first, *notes, *ragged_seeds(connection, context.source_id)])

    def _read(self, request: Request) -> tuple[list[TracedRun], list[str]]:
        self._check(request)
        runs, notes = self.runs(request)
        if not runs:
            raise IngestError(f"{request.location} holds no run.", " ".join(notes) or "Nothing was loaded.")
        options = request.options
        name = _constants(request).get("algorithm")
        for run in runs:
            run.algorithm = str(name) if name is not None else run.algorithm
        instances = str(options.get("instances") or "seed")
        number_runs(runs, instances=instances, algorithm=options.get("algorithm"))
        notes += lay_courses(runs, ended=str(options.get("ended") or "solved"), precision=_precision(request))
        return runs, [*([INSTANCES] if instances == "seed" else []), *notes]

    def _check(self, request: Request) -> None:
        known = (*OPTIONS, *self.own)
        unknown = sorted(set(request.options) - set(known))
        if unknown:
            listed = ", ".join(option for option in known if option != "constants")
            raise UsageError(f"The source {self.kind} has no option {unknown[0]!r}.", f"It has: {listed}.")
        for option, choices in CHOICES.items():
            if request.options.get(option) not in (None, *choices):
                raise UsageError(f"--option {option}: not understood.", f"It is one of: {', '.join(choices)}.")
        if request.mapping:
            raise UsageError(f"The source {self.kind} has no columns to map.", "The tool names everything itself.")
        for role in _constants(request):
            if role not in ROLES:
                raise UsageError(f"{role!r} cannot be set of these runs.", f"What can: {', '.join(ROLES)}.")
        _precision(request)


def _add_bytes(digest: blake2b, path: Path) -> None:
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror}.", "Nothing was loaded.") from None


def _constants(request: Request) -> dict[str, str]:
    return dict(request.options.get("constants", {}))


def _precision(request: Request) -> float | None:
    """Return what `precision` says. Raises UsageError where it is no number from 0."""
    said = request.options.get("precision")
    if said is None:
        return None
    try:
        found = float(said)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found < math.inf:
        raise UsageError(f"--option precision={said}: not understood.", "It is a number, such as 1e-8; 0 for none.")
    return found


def write_runs(
    connection: duckdb.DuckDBPyConnection, runs: Sequence[TracedRun], experiment: str, source_id: int
) -> None:
    """Write run, run_factor and trace."""
    import pyarrow as pa

    experiments = ids_by_name(connection, "experiment", [experiment])
    algorithms = ids_by_name(connection, "algorithm", [run.algorithm for run in runs])
    benchmarks = ids_by_name(connection, "benchmark", [run.benchmark for run in runs])
    pairs = dict.fromkeys((run.metric, run.direction) for run in runs)
    metrics = {metric: metric_id(connection, metric, direction) for metric, direction in pairs}
    first = next_id(connection, "run", "run_id")
    rows = [
        (first + at, experiments[experiment], algorithms[run.algorithm], benchmarks[run.benchmark], run.seed)
        for at, run in enumerate(runs)
    ]
    factors = [(first + at, name, value) for at, run in enumerate(runs) for name, value in sorted(run.factors.items())]
    points = [
        (first + at, metrics[run.metric], budget, value, status)
        for at, run in enumerate(runs)
        for budget, value, status in run.course
    ]
    whole, real, text = pa.int64(), pa.float64(), pa.string()
    for table, columns, picked, found in (
        ("run", (whole,) * 5, "c0, c1, c2, c3, c4, null, $source", rows),
        ("run_factor", (whole, text, text), "c0, c1, try_cast(c2 as double), c2", factors),
        ("trace", (whole, whole, real, real, text), "c0, c1, c2, c3, c4, $source", points),
    ):
        if found:
            arrays = [pa.array(column, kind) for column, kind in zip(zip(*found, strict=True), columns, strict=True)]
            connection.register("_incoming", pa.table(arrays, names=[f"c{i}" for i in range(len(columns))]))
            values = {"source": source_id} if "$source" in picked else {}
            connection.execute(f"insert into core.{table} select {picked} from _incoming", values)  # noqa: S608
            connection.unregister("_incoming")


def _write_features(connection: duckdb.DuckDBPyConnection, runs: Sequence[TracedRun], source_id: int) -> None:
    import pyarrow as pa

    columns: dict[str, dict[str, str]] = {}
    for run in runs:
        for name, value in run.features.items():
            columns.setdefault(name, {})[run.benchmark] = value
    for name, found in columns.items():
        connection.register("_features", pa.table({"_benchmark": list(found), "_value": list(found.values())}))
        add_features(connection, "_benchmark", {name: "_value"}, "_features", source_id)
        connection.unregister("_features")
