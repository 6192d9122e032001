"""Syne Tune's experiment folders: results.csv.zip (or results.csv), metadata.json, the trials' own folders.

Nothing is unpickled: `tuner.dill` and `tune_function.dill` are not opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import ROLES as LABELS
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, observed
from hpowh.warehouse.sources.sweeps.tables import Sweep
from hpowh.warehouse.sources.syne_tune.files import METADATA, RESULTS, Folder, read_folder
from hpowh.warehouse.sources.syne_tune.trials import plan_of, trials_in
from hpowh.warehouse.sources.tables.roles import parse_role

ROLES = ("metric", "attribute", "ignore")
STOPPED = ("pruned", "finished")


class SyneTune(SweepSource):
    """`hpowh ingest syne-tune FOLDER`: every folder with a metadata.json or a results file is a sweep.

    The mapping gives columns of the results a role (`metric`, `metric:NAME`, `attribute`, `ignore`). Options: `step`
    (the column that counts), `stopped` (`pruned` or `finished`: what a trial is that the scheduler ended early).
    """

    kind: ClassVar[str] = "syne-tune"
    summary: ClassVar[str] = "Syne Tune experiment folders: results step by step, metadata, search space"
    metric_origin: ClassVar[str] = "given, or named in metadata.json"
    parameter_origin: ClassVar[str] = "a column config_…"

    def check(self, request: Request) -> None:
        """Refuse options and roles that mean nothing here."""
        check_options(request, self.kind, ("step", "stopped"))
        for column, role in request.mapping.items():
            parse_role(role, ROLES, column)
        if request.options.get("stopped", "pruned") not in STOPPED:
            raise UsageError("--option stopped: not understood.", f"It is one of: {', '.join(STOPPED)}.")

    def files(self, request: Request) -> list[Path]:
        """Return every file that is read."""
        return [path for place in _places(request) for path in Folder(place=place).files()]

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each."""
        return _places(request)

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one folder."""
        return _content(place, name, request)


def _places(request: Request) -> list[Path]:
    path = request.path
    if path.is_file():
        if path.name not in (*RESULTS, METADATA):
            raise IngestError(f"{path} is no results file of Syne Tune.", "Name the experiment's folder.")
        return [path.parent]
    found = sorted({one.parent for name in (*RESULTS, METADATA) for one in path.rglob(name)})
    if not found:
        raise IngestError(f"There is neither {RESULTS[0]} nor {METADATA} below {path}.", "Name Syne Tune's folder.")
    return found


def _content(place: Path, name: str, request: Request) -> Content:
    folder = read_folder(place)
    plan, notes = plan_of(folder, request)
    read = trials_in(folder, plan)
    said = {role: folder.metadata.get(role) for role in LABELS}
    label = label_of(request, said, str(place), {})
    sweep = Sweep(
        name=name,
        tool="syne-tune",
        metrics=plan.metrics,
        parameters=folder.space or observed(read.records),
        run=label.run,
        benchmark=label.benchmark,
        search_space=label.search_space,
    )
    return Content(sweep, read.records, [*notes, *folder.notes, *read.notes], read.problems)


SOURCE = SyneTune()
