"""SMAC3's output folders (SMAC 1, 2.0 to 2.4): runhistory.json, configspace.json, scenario.json, optimization.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.smac.trials import Scenario, records_of
from hpowh.warehouse.sources.sweeps.configspace import Space, read_space
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, observed
from hpowh.warehouse.sources.sweeps.tables import Sweep
from hpowh.warehouse.sources.sweeps.tool_files import read_json

HISTORY = "runhistory.json"
READ = (HISTORY, "configspace.json", "scenario.json", "intensifier.json", "optimization.json")


class Smac(SweepSource):
    """`hpowh ingest smac FOLDER`: every runhistory.json below it is a sweep.

    With `--set benchmark=NAME` it is also a run: the algorithm is the facade's name and the seed the scenario's, unless
    given too. The option `metric` names the objective where the scenario does not.
    """

    kind: ClassVar[str] = "smac"
    summary: ClassVar[str] = "SMAC3 output folders: run history, ConfigSpace with conditions, scenario"
    metric_origin: ClassVar[str] = "an objective of the scenario"
    parameter_origin: ClassVar[str] = "of the space"

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind, ("metric",))
        if request.mapping:
            raise UsageError("The source smac has no columns to map.", "Name the objective with --option metric=NAME.")

    def files(self, request: Request) -> list[Path]:
        """Return the files that SMAC wrote."""
        return [path for folder in _folders(request) for name in READ if (path := folder / name).is_file()]

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each."""
        return _folders(request)

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one folder."""
        return _content(place, name, request)


def _folders(request: Request) -> list[Path]:
    path = request.path
    if path.is_file():
        if path.name != HISTORY:
            raise IngestError(f"{path} is no {HISTORY}.", f"Name the folder in which SMAC wrote {HISTORY}.")
        return [path.parent]
    found = sorted(one.parent for one in path.rglob(HISTORY))
    if not found:
        raise IngestError(f"There is no {HISTORY} below {path}.", "Name SMAC's output folder.")
    return found


def _content(folder: Path, name: str, request: Request) -> Content:
    history = read_json(folder / HISTORY)
    scenario = Scenario.of(_optional(folder / "scenario.json"), str(request.options.get("metric") or ""))
    definition = _optional(folder / "configspace.json")
    space = read_space(definition, str(folder / "configspace.json")) if definition else Space([])
    content = records_of(history, scenario, space, str(folder / HISTORY), name)
    label = label_of(request, {"algorithm": scenario.facade, "seed": scenario.seed}, str(folder))
    intensifier = _optional(folder / "intensifier.json")
    incumbents = {str(one) for one in (intensifier or {}).get("incumbent_ids", [])}
    for record in content.records:
        record.attributes["is_incumbent"] = record.attributes["config_id"] in incumbents
    content.sweep = Sweep(
        name=name,
        tool="smac",
        metrics=content.sweep.metrics,
        parameters=space.parameters or observed(content.records),
        run=label.run,
        benchmark=label.benchmark,
        search_space=label.search_space,
        constraints=space.constraints(),
    )
    content.notes += _notes(definition, space, _optional(folder / "optimization.json"))
    return content


def _optional(path: Path) -> Any:
    return read_json(path) if path.is_file() else None


def _notes(definition: Any, space: Space, optimization: Any) -> list[str]:
    notes = []
    if definition is None:
        notes.append("There is no configspace.json: types are those of the values; ranges and scales are not known.")
    if space.conditions or space.forbidden:
        count = len(space.constraints())
        notes.append(
            f"{count} conditions and forbidden combinations are in core.sweep_constraint; an inactive hyperparameter "
            "has no value."
        )
    if isinstance(optimization, dict) and optimization.get("finished") is False:
        notes.append("SMAC had not finished when this was written.")
    return notes


SOURCE = Smac()
