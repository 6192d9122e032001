"""What all sources of sweeps in folders share: fingerprint, preview, refusals, load. A tool adds how it is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request, RowsRefusedError
from hpowh.warehouse.sources.sweeps.loader import load_sweeps
from hpowh.warehouse.sources.sweeps.records import Content, changed_types, trials_of
from hpowh.warehouse.sources.sweeps.tool_files import fingerprint_of

if TYPE_CHECKING:
    import duckdb

COLUMNS = ["sweep", "trial", "status", "started_at", "hyperparameters", "values"]


class SweepSource(ABC):
    """A source whose location holds one or several sweeps; it may grow while it is read."""

    kind: ClassVar[str]
    summary: ClassVar[str]
    metric_origin: ClassVar[str] = ""
    parameter_origin: ClassVar[str] = ""
    is_live = True

    @abstractmethod
    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here (UsageError)."""

    @abstractmethod
    def files(self, request: Request) -> list[Path]:
        """Return every file that is read; IngestError where the location holds nothing of this tool."""

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each; IngestError where there is none."""
        raise NotImplementedError  # a source that finds its sweeps in another way has `contents` of its own

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one of the `places`."""
        raise NotImplementedError

    def contents(self, request: Request) -> Iterator[Content]:
        """Yield the sweeps: one a place, named after the source or, of several, by the way to it."""
        places = self.places(request)
        for place in places:
            inner = place.relative_to(request.path) if request.path.is_dir() else Path()
            yield self.content(place, request.name if len(places) == 1 else str(inner), request)

    def roles(self, request: Request, contents: list[Content]) -> list[tuple[str, str, str]]:
        """Return what is what, for `--dry-run`: (name, role, why): metrics and hyperparameters, each once."""
        metrics: dict[str, str] = {}
        types: dict[str, str] = {}
        for content in contents:
            for name, direction in content.sweep.metrics:
                metrics.setdefault(name, direction)
            for parameter in content.sweep.parameters:
                types.setdefault(parameter.name, parameter.value_type)
        return [
            *((name, f"metric ({direction})", self.metric_origin) for name, direction in metrics.items()),
            *((name, f"hyperparameter ({kind})", self.parameter_origin) for name, kind in types.items()),
        ]

    def finish(self, connection: duckdb.DuckDBPyConnection, contents: list[Content], source_id: int) -> list[str]:
        """Write what a tool has beyond sweeps; return sentences for the user."""
        return []

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the files that are read."""
        self.check(request)
        return fingerprint_of(self.files(request), request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return what is what, the number of trials and the first of them."""
        self.check(request)
        contents = list(self.contents(request))
        rows = [
            (
                content.sweep.name,
                r.name,
                r.status,
                r.started_at,
                ", ".join(f"{name}={value}" for name, value in list(r.parameters.items())[:6]),
                ", ".join(str(one.value) for one in r.values[-3:]),
            )
            for content in contents
            for r in content.records
        ]
        notes = self._notes(contents)
        notes += [f"refused: {problem}" for content in contents for problem in content.problems[:5]]
        return Preview(len(rows), self.roles(request, contents), COLUMNS, rows[:5], notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write sweeps, trials, runs and traces.

        Raises:
            RowsRefusedError: rows cannot be read and no `reject_to` was given.
            IngestError: a file is not whole, or two runs are the same.
        """
        context.progress("read", 0.0)
        contents = list(self.contents(request))
        problems = [problem for content in contents for problem in content.problems]
        if problems and request.reject_to is None:
            raise RowsRefusedError(request.location, len(problems), problems)
        sweeps = [content.sweep for content in contents]
        loaded = load_sweeps(connection, sweeps, trials_of(contents), context)
        notes = [*self._notes(contents), *loaded.notes, *self.finish(connection, contents, context.source_id)]
        if loaded.resolved_count:
            notes.append(f"{loaded.resolved_count:,} trials are configurations of a known search space.")
        return LoadReport(loaded.trial_count, problems, len(problems), notes)

    def _notes(self, contents: list[Content]) -> list[str]:
        """Return the sentences for the user: how many sweeps, then what was said of them, each sentence once."""
        sweeps = [content.sweep for content in contents]
        runs = sum(sweep.run is not None for sweep in sweeps)
        counted = f"{len(sweeps):,} {'sweep' if len(sweeps) == 1 else 'sweeps'}"
        first = f"{counted}, {runs:,} of them runs of an experiment." if runs else f"{counted}."
        said: dict[str, list[str]] = {}
        for content in contents:
            for note in [*content.notes, *changed_types(content.sweep.parameters)]:
                said.setdefault(note, []).append(content.sweep.name)
            if content.sweep.time_note:
                said.setdefault(content.sweep.time_note, [])
        several = len(contents) > 1
        return [
            first,
            *(f"{note} ({_listed(names)})" if several and names else note for note, names in said.items()),
        ]


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:3])}{f' and {len(names) - 3:,} more' if len(names) > 3 else ''}"
