"""Read an `mlruns` folder: a folder an experiment, in it a folder a run, in it a file a parameter, tag and metric.

`meta.yaml` says what a run is. A line of a metric's file is `timestamp value step` (older ones: without the step); a
parameter's or tag's file holds its text; names with slashes are folders within folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_rest, read_whole
from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.ingest.reading import load_yaml
from hpowh.warehouse.sources.mlflow.runs import NAME, MlflowRun, Store, moment, status_of
from hpowh.warehouse.sources.trackers.tracked import Points

META = "meta.yaml"
TRASH = ".trash"
"""Where the folder of a deleted experiment is moved to."""


class FolderStore:
    """One `mlruns` folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folders: dict[str, Path] = {}
        """Run id -> its folder."""
        self.ends: dict[Path, int] = {}
        """Metric's file -> its size when it was first read: what comes later is for the next ingest."""
        self.problems: list[Problem] = []
        self.odd_tags: list[Path] = []
        self.repeated = 0

    def read(self) -> Store:
        """Return experiments and runs with everything but the histories.

        Raises:
            IngestError: there is no experiment in the folder.
        """
        experiments = [folder for folder in self._experiments() if (folder / META).is_file()]
        if not experiments:
            raise IngestError(f"{self.path} holds no MLflow experiment.", "Name the folder `mlruns`.")
        runs: list[MlflowRun] = []
        tags: dict[str, dict[str, str]] = {}
        for folder in experiments:
            meta = self._meta(folder)
            if meta is None:
                continue
            name = str(meta.get("name", folder.name))
            is_deleted = meta.get("lifecycle_stage") == "deleted" or folder.parent.name == TRASH
            tags[name] = self._tags(folder / "tags")
            for inside in sorted(folder.iterdir()):
                if (inside / META).is_file() and inside.name not in ("tags", "traces", "models"):
                    run = self._run(inside, name, is_deleted)
                    if run is not None:
                        runs.append(run)
                        self.folders[run.run_id] = inside
        return Store(
            runs=runs,
            history=self._history,
            repeated=lambda: self.repeated,
            experiment_tags=tags,
            problems=self.problems,
            notes=self._notes(),
        )

    def files(self) -> list[Path]:
        """Return every file that is read, for the fingerprint."""
        found = []
        for experiment in self._experiments():
            found += [path for path in experiment.rglob("*") if path.is_file() and "artifacts" not in path.parts]
        return sorted(found)

    def _experiments(self) -> Iterator[Path]:
        if (self.path / META).is_file():
            yield self.path
            return
        for folder in (self.path, self.path / TRASH):
            if folder.is_dir():
                yield from (inside for inside in sorted(folder.iterdir()) if inside.is_dir() and inside.name != TRASH)

    def _run(self, folder: Path, experiment: str, is_deleted: bool) -> MlflowRun | None:
        meta = self._meta(folder)
        if meta is None:
            return None
        tags = self._tags(folder / "tags")
        run_id = str(meta.get("run_id") or meta.get("run_uuid") or folder.name)
        try:
            status = status_of(meta.get("status"), str(folder))
            run = MlflowRun(
                run_id=run_id,
                experiment=experiment,
                experiment_id=str(meta.get("experiment_id") or folder.parent.name),
                name=str(meta.get("run_name") or tags.get(NAME) or run_id),
                status=status,
                started=moment(meta.get("start_time")),
                ended=moment(meta.get("end_time")),
                is_deleted=is_deleted or meta.get("lifecycle_stage") == "deleted",
                parameters=self._texts(folder / "params"),
                tags=tags,
            )
            for name, path in self._named(folder / "metrics"):
                lines = self._lines(path)
                if lines:
                    run.metrics[name] = max(enumerate(lines), key=lambda found: (found[1][2], found[1][0], found[0]))[
                        1
                    ][1]
        except (IngestError, TypeError, ValueError, OverflowError) as error:
            self._refuse(folder, error)
            return None
        return run

    def _history(self, wanted: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Points]]:
        for run_id, names in wanted.items():
            points: Points = {}
            for position, name in enumerate(names):
                path = self.folders[run_id] / "metrics" / name
                if path.is_file():
                    for _, value, step in sorted(self._lines(path), key=lambda line: line[0]):
                        self.repeated += (position, step) in points
                        points[position, step] = value
            if points:
                yield run_id, points

    def _lines(self, path: Path) -> list[tuple[int, float, int]]:
        """Return (timestamp, value, step) of a metric's file; a last line without its end is still being written."""
        with path.open("rb") as handle:
            written = read_rest(handle, path)[: self.ends.get(path)]
        self.ends.setdefault(path, len(written))
        found = []
        for line in written[: written.rfind(b"\n") + 1].decode("utf-8").splitlines():
            parts = line.split()
            if len(parts) not in (2, 3):
                raise ValueError(f"{path.name}: {line[:80]!r} is not `timestamp value step`")
            found.append((int(parts[0]), float(parts[1]), int(parts[2]) if len(parts) == 3 else 0))
        return found

    def _texts(self, folder: Path) -> dict[str, str]:
        """Return name -> text of the files of a folder. Raises ValueError where one is no UTF-8."""
        try:
            return {name: read_whole(file := path).decode("utf-8") for name, path in self._named(folder)}
        except UnicodeDecodeError as error:
            raise ValueError(f"{file} is no UTF-8 (byte {error.object[error.start]:#x} at {error.start})") from None

    def _tags(self, folder: Path) -> dict[str, str]:
        """Return tags; what is no UTF-8 in a note is replaced by signs that say so: no result hangs on it."""
        found = {}
        for name, path in self._named(folder):
            content = read_whole(path)
            found[name] = content.decode("utf-8", "replace")
            if found[name].encode("utf-8") != content:
                self.odd_tags.append(path)
        return found

    def _notes(self) -> list[str]:
        if not self.odd_tags:
            return []
        are = "1 tag is" if len(self.odd_tags) == 1 else f"{len(self.odd_tags):,} tags are"
        return [f"{are} no UTF-8, such as {self.odd_tags[0]}: what cannot be read in it is \ufffd."]

    def _named(self, folder: Path) -> Iterator[tuple[str, Path]]:
        if folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    yield path.relative_to(folder).as_posix(), path

    def _meta(self, folder: Path) -> dict[str, Any] | None:
        """Return a folder's `meta.yaml`; one that cannot be read refuses the run (or the experiment)."""
        import yaml

        try:
            found = load_yaml(read_whole(folder / META).decode("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, IngestError, RecursionError, ValueError) as error:
            self._refuse(folder, error)
            return None
        if not isinstance(found, dict):
            self._refuse(folder, ValueError("it is no mapping"))
            return None
        return found

    def _refuse(self, folder: Path, error: Exception) -> None:
        reason = str(error).replace("\n", " ")
        self.problems.append(Problem(len(self.problems) + 1, str(folder), META, reason))
