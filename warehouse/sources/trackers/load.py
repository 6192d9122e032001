"""From a tracker's runs to sweeps and trials: every tracker's source ends here, and then in `sweep_loader`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Problem, Request, RowsRefusedError
from hpowh.warehouse.sources.sweeps.loader import load_sweeps
from hpowh.warehouse.sources.sweeps.tables import RunLabel, Sweep, SweepParameter, Trials, trial_schema
from hpowh.warehouse.sources.trackers.roles import Names, labels_of, names_of, number_of
from hpowh.warehouse.sources.trackers.tracked import Tracked
from hpowh.warehouse.sources.trials.cells import Cell, read_cell

if TYPE_CHECKING:
    import duckdb
    import pyarrow

OPTIONS = ("direction", "constants", "experiment", "benchmark", "space", "sweep")
"""Options that every tracker's source has."""
BATCH = 200_000
"""Points of a history in one Arrow table."""
Point = tuple[int, int, int | None, float | None]
"""Trial, position of its metric, step (None: final), value."""
EMPTY_NOTE = (
    "{count:,} trials of {group!r} finished without a value of {metric!r}; they are kept with the status `missing`."
)


def check_options(kind: str, request: Request, more: tuple[str, ...]) -> None:
    """Raise UsageError where the request has an option that the source does not."""
    unknown = sorted(set(request.options) - {*OPTIONS, *more})
    if unknown:
        listed = ", ".join(option for option in (*OPTIONS, *more) if option != "constants")
        raise UsageError(f"The source {kind} has no option {unknown[0]!r}.", f"It has: {listed}.")


def preview_tracked(tracked: Tracked, request: Request) -> Preview:
    """Return every name's role, the number of runs and the first of them."""
    _choose(tracked, request)
    names = names_of(tracked, request)
    config, summary = tracked.prefixes
    mapping = [(f"{config}{name}", str(role), role.why) for name, role in names.parameters.items()]
    mapping += [(f"{summary}{name}", str(role), role.why) for name, role in names.logged.items()]
    metrics = list(dict.fromkeys(name for found in names.metrics.values() for name, _, _ in found))
    rows = [
        (run.group, run.name, run.status, run.started, *(run.summary.get(name) for name in metrics))
        for run in tracked.runs[:5]
    ]
    notes = [*tracked.notes, *names.notes, *(str(problem) for problem in tracked.problems[:5])]
    return Preview(len(tracked.runs), mapping, ["sweep", "run", "status", "started", *metrics], rows, notes)


def load_tracked(
    connection: duckdb.DuckDBPyConnection, tracked: Tracked, request: Request, context: LoadContext
) -> LoadReport:
    """Write sweeps, trials and, where the labels say so, runs of an experiment.

    Raises:
        RowsRefusedError: a run cannot be read, or its metric is no number.
        UsageError: it is not clear which value is the metric.
    """
    if tracked.problems and not tracked.runs:  # why none can be read comes before what is not in them
        raise RowsRefusedError(request.location, len(tracked.problems), tracked.problems)
    _choose(tracked, request)
    names = names_of(tracked, request)
    reader = _Reader(tracked, names)
    behind = len(tracked.runs) + 1  # what could not be read at all has no place among the runs
    unread = [replace(problem, row=behind + at) for at, problem in enumerate(tracked.problems)]
    refused = [*unread, *reader.problems]
    count = len({problem.row for problem in refused})
    if refused and request.reject_to is None:
        raise RowsRefusedError(request.location, count, refused)
    sweeps = [_sweep(tracked, names, reader, group, request) for group in reader.groups]
    loaded = load_sweeps(connection, sweeps, reader.trials(), context)
    notes = [_what_came(sweeps, loaded.run_count), *tracked.notes, *names.notes, *reader.notes(), *loaded.notes]
    if loaded.resolved_count:
        notes.append(f"{loaded.resolved_count:,} trials are configurations of a known search space.")
    if tracked.time_note:
        notes.append(tracked.time_note)
    return LoadReport(loaded.trial_count, refused, count, notes)


def _what_came(sweeps: list[Sweep], runs: int) -> str:
    more = f", {runs:,} of them runs of an experiment" if runs else ""
    return f"{len(sweeps):,} {'sweep' if len(sweeps) == 1 else 'sweeps'}{more}."


def _choose(tracked: Tracked, request: Request) -> None:
    """Keep the runs of the sweep that the option names; refuse a store without any run."""
    wanted = request.options.get("sweep")
    if wanted:
        groups = list(dict.fromkeys(run.group for run in tracked.runs))
        if wanted not in groups:
            raise UsageError(f"{request.location} has no sweep {wanted!r}.", f"It has: {', '.join(groups[:20])}.")
    kept = [at for at, run in enumerate(tracked.runs) if not wanted or run.group == wanted]
    if not kept and not tracked.problems:
        raise IngestError(f"{request.location} holds no runs.", " ".join(tracked.notes) or "Nothing was loaded.")
    whole, tracked.runs = tracked.history, [tracked.runs[at] for at in kept]

    def history(wanted_of: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
        new = {old: at for at, old in enumerate(kept)}
        for old, points in whole({kept[at]: metrics for at, metrics in wanted_of.items()}):
            yield new[old], points

    tracked.history = history


def _sweep(tracked: Tracked, names: Names, reader: _Reader, group: str, request: Request) -> Sweep:
    said = labels_of(tracked, group, request)
    run = None
    if "algorithm" in said and "benchmark" in said:
        run = RunLabel(said.get("experiment", request.name), said["algorithm"], said["benchmark"], _seed(group, said))
    known = {parameter.name: parameter for parameter in tracked.declared.get(group, [])}
    found = {parameter.name: parameter for parameter in reader.declared(group)}
    return Sweep(
        name=group,
        tool=tracked.tool,
        metrics=[(metric, direction) for _, metric, direction in names.metrics.get(group, [])],
        parameters=list({**found, **known}.values()),
        run=run,
        benchmark=said.get("benchmark"),
        search_space=said.get("search_space"),
        time_note=tracked.time_note,
    )


def _seed(group: str, said: Mapping[str, str]) -> int | None:
    if "seed" not in said:
        return None
    try:
        return int(said["seed"])
    except ValueError:
        raise IngestError(
            f"The sweep {group!r} has the seed {said['seed']!r}, which is no whole number.", "Say --set seed=NUMBER"
        ) from None


class _Reader:
    """Reads the values of all runs; those with a metric that is no number are refused."""

    def __init__(self, tracked: Tracked, names: Names) -> None:
        self.tracked, self.names = tracked, names
        self.problems: list[Problem] = []
        self.kept: list[int] = []
        """Positions of the accepted runs; a trial's number is its position here."""
        self.values: list[list[float | None]] = []
        self.cells: list[dict[str, Cell]] = []
        for at, run in enumerate(tracked.runs):
            before = len(self.problems)
            values = [self._value(at, name) for name, _, _ in names.metrics[run.group]]
            if len(self.problems) == before:
                self.kept.append(at)
                self.values.append(values)
                self.cells.append(self._cells(at))
        self.groups = list(dict.fromkeys(tracked.runs[at].group for at in self.kept))

    def _value(self, at: int, name: str) -> float | None:
        run = self.tracked.runs[at]
        found = run.summary.get(name)
        number = number_of(found)
        if number is None and found is not None:
            shown = f"{found!r} (run {run.name}, {run.source})"
            self.problems.append(Problem(at + 1, name, shown[:200], "the metric is no number"))
        return number

    def _cells(self, at: int) -> dict[str, Cell]:
        run = self.tracked.runs[at]
        found = [(self.names.parameters[name], name, value) for name, value in run.parameters.items()]
        found += [(self.names.logged[name], name, value) for name, value in run.summary.items()]
        return {
            role.argument or name: cell
            for role, name, value in found
            if role.name == "hyperparameter" and (cell := self._cell(value)) is not None
        }

    def _cell(self, value: Any) -> Cell | None:
        """Return a parameter's value; a configured `null` is a value (`max_depth=None` means something)."""
        if not self.tracked.is_typed:
            return read_cell(value)
        if value is None:
            return Cell("text", None, "None")
        return Cell("text", None, value) if isinstance(value, str) else read_cell(value)

    def declared(self, group: str) -> list[SweepParameter]:
        """Return a group's hyperparameters with the type of their values; nobody declared a range."""
        kinds: dict[str, set[str]] = {}
        for at, row in zip(self.kept, self.cells, strict=True):
            if self.tracked.runs[at].group == group:
                for name, cell in row.items():
                    kinds.setdefault(name, set()).add(cell.kind)
        return [SweepParameter(name=name, value_type=_kind(found)) for name, found in sorted(kinds.items())]

    def trials(self) -> Trials:
        """Return the accepted runs as the loader takes them; numbers count by start within a sweep."""
        import pyarrow as pa

        position = {group: at for at, group in enumerate(self.groups)}
        table: list[list[Any]] = [[] for _ in trial_schema()]
        numbers = dict.fromkeys(self.groups, 0)
        for trial, at in enumerate(self.kept):
            run = self.tracked.runs[at]
            cells = (trial, position[run.group], run.name, numbers[run.group], run.status, run.started, run.ended)
            numbers[run.group] += 1
            for column, value in zip(table, cells, strict=True):
                column.append(value)
        arrays = [pa.array(cells, f.type) for cells, f in zip(table, trial_schema(), strict=True)]
        trial_table = pa.table(arrays, schema=trial_schema())
        return Trials(
            trial=trial_table, parameters=self._parameters(), metrics=self._metrics(), attributes=self._attributes()
        )

    def _parameters(self) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        found = [
            (trial, name, cell.number, cell.text) for trial, row in enumerate(self.cells) for name, cell in row.items()
        ]
        types = (pa.int64(), pa.string(), pa.float64(), pa.string())
        yield _table(found, ("trial", "name", "numeric_value", "text_value"), types)

    def _metrics(self) -> Iterator[pyarrow.Table]:
        """Yield the final values, then the histories."""
        final: list[Point] = [
            (trial, position, None, value)
            for trial, (at, values) in enumerate(zip(self.kept, self.values, strict=True))
            for position, value in enumerate(values)
            if value is not None or self.tracked.runs[at].status == "finished"
        ]
        yield _points(final)
        wanted = {at: [name for name, _, _ in self.names.metrics[self.tracked.runs[at].group]] for at in self.kept}
        trial_of = {at: trial for trial, at in enumerate(self.kept)}
        batch: list[Point] = []
        for at, points in self.tracked.history(wanted):
            batch += [(trial_of[at], position, step, value) for (position, step), value in points.items()]
            if len(batch) >= BATCH:
                yield _points(batch)
                batch = []
        if batch:
            yield _points(batch)

    def _attributes(self) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        found = []
        for trial, at in enumerate(self.kept):
            run = self.tracked.runs[at]
            roles = ((run.parameters, self.names.parameters), (run.summary, self.names.logged))
            told = {name: value for name, value in run.attributes.items() if value not in (None, "", [])}
            for values, table in roles:
                for name, value in values.items():
                    if table[name].name == "attribute":
                        told[table[name].argument or name] = value
            found += [(trial, name, _json(value)) for name, value in told.items()]
        yield _table(found, ("trial", "name", "value"), (pa.int64(), pa.string(), pa.string()))

    def notes(self) -> list[str]:
        """Return what the user should know of the values."""
        missing: dict[tuple[str, str], int] = {}
        for at, values in zip(self.kept, self.values, strict=True):
            run = self.tracked.runs[at]
            for (_, metric, _), value in zip(self.names.metrics[run.group], values, strict=True):
                if value is None and run.status == "finished":
                    missing[run.group, metric] = missing.get((run.group, metric), 0) + 1
        return [
            EMPTY_NOTE.format(count=count, group=group, metric=metric) for (group, metric), count in missing.items()
        ]


def _json(value: Any) -> str:
    """Return a value as JSON; JSON has no NaN and no infinity, so these are texts."""
    try:
        return json.dumps(value, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(str(value))


def _kind(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"int", "float"} else "mixed"


def _points(rows: list[Point]) -> pyarrow.Table:
    import pyarrow as pa

    return _table(rows, ("trial", "position", "step", "value"), (pa.int64(), pa.int64(), pa.int64(), pa.float64()))


def _table(rows: list[Any], names: tuple[str, ...], types: tuple[Any, ...]) -> pyarrow.Table:
    """Return rows as columns; NaN stays NaN and is not taken for an absent value."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({n: pa.array(c, t, from_pandas=False) for n, c, t in zip(names, columns, types, strict=True)})
