"""Ray Tune's result folders: experiment_state-*.json, and params.json and result.json of every trial.

Nothing is unpickled: `params.pkl`, `tuner.pkl`, checkpoints and the pickled parts of the state are not opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.ray_tune.files import Experiment, TrialFiles, read_experiment, read_trial
from hpowh.warehouse.sources.ray_tune.trials import Metrics, metrics_of, record_of, stop_note, stopped_early
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, observed
from hpowh.warehouse.sources.sweeps.tables import Sweep

STOPPED = ("pruned", "finished")


class RayTune(SweepSource):
    """`hpowh ingest ray-tune FOLDER`: every folder with trials of one experiment is a sweep.

    Options: `stopped` (`pruned`, the default, or `finished`): what trials are that a scheduler ended early. The mapping
    gives reported keys a role (`metric`, `metric:NAME`, `attribute`, `ignore`); nested keys are joined by dots.
    """

    kind: ClassVar[str] = "ray-tune"
    summary: ClassVar[str] = "Ray Tune result folders: experiment state, results of every trial, errors"
    metric_origin: ClassVar[str] = "given, the experiment's, or the only one"
    parameter_origin: ClassVar[str] = "in params.json"

    def check(self, request: Request) -> None:
        """Refuse options and roles that mean nothing here."""
        check_options(request, self.kind, ("stopped",))
        Metrics.check(request)
        if request.options.get("stopped", "pruned") not in STOPPED:
            raise UsageError("--option stopped: not understood.", f"It is one of: {', '.join(STOPPED)}.")

    def files(self, request: Request) -> list[Path]:
        """Return every file that is read."""
        return [path for folder in _folders(request) for path in read_experiment(folder).files()]

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each."""
        return _folders(request)

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one folder."""
        return _content(place, name, request)


def _folders(request: Request) -> list[Path]:
    """Return the folders of experiments: that named, or those below it."""
    path = request.path
    if path.is_file():
        raise IngestError(f"{path} is a file.", "Name the experiment's folder (storage_path/name).")
    known = {mark.parent for mark in path.rglob("experiment_state-*.json")}
    # Without a state, a trial's params.json tells; but one in a checkpoint below an experiment is none.
    stateless = {one.parent.parent for one in path.rglob("params.json")} - known
    stateless = {one for one in stateless if (one == path or path in one.parents) and known.isdisjoint(one.parents)}
    found = sorted(known | stateless)
    if not found:
        raise IngestError(
            f"There is neither an experiment_state-*.json nor a trial's params.json below {path}.",
            "Name the experiment's folder (storage_path/name).",
        )
    return found


def _content(folder: Path, name: str, request: Request) -> Content:
    experiment = read_experiment(folder)
    trials = [read_trial(one, folder) for one in experiment.trials]
    metrics, notes = metrics_of(experiment, trials, request)
    early = stopped_early(trials) if request.options.get("stopped", "pruned") == "pruned" else set()
    records = [record_of(number, one, metrics, early) for number, one in enumerate(trials)]
    label = label_of(request, {}, str(folder))
    sweep = Sweep(
        name=name,
        tool="ray",
        metrics=metrics.named,
        parameters=observed(records),
        run=label.run,
        benchmark=label.benchmark,
        search_space=label.search_space,
    )
    notes += [*_notes(experiment, trials), *stop_note(trials, request.options.get("stopped", "pruned") == "pruned")]
    problems: list[Problem] = [problem for one in trials for problem in one.lines.problems]
    return Content(sweep, records, notes, problems)


def _notes(experiment: Experiment, trials: list[TrialFiles]) -> list[str]:
    notes = []
    if experiment.state is None:
        notes.append("There is no experiment state: what became of a trial is inferred from its own files.")
    if experiment.older:
        notes.append(f"{len(experiment.older)} older experiment states were left aside; the newest counts.")
    cut = sum(one.lines.is_cut for one in trials)
    if cut:
        notes.append(f"{cut} result files end within a line, which is left out (written at this moment, or cut off).")
    pickled = sorted({key for one in trials for key in one.pickled})
    if pickled:
        notes.append(f"Kept as text because Ray pickled them: {', '.join(pickled[:5])}.")
    return notes


SOURCE = RayTune()
