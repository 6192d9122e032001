"""The files of a Syne Tune experiment, as found: results, metadata, search space, the trials' folders."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import only_member, read_whole
from hpowh.warehouse.sources.sweeps.records import cell_of, type_of
from hpowh.warehouse.sources.sweeps.tables import SweepParameter
from hpowh.warehouse.sources.sweeps.tool_files import PAUSE, TRIES, read_json

RESULTS = ("results.csv.zip", "results.csv")
METADATA = "metadata.json"
OF_TRIAL = ("config.json", "end", "stop", "pause")
LOG_SAMPLERS = ("LogUniform", "ReverseLogUniform")


@dataclass(kw_only=True)
class Folder:
    """One experiment."""

    place: Path
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    """As the CSV has them, also with too few or too many cells."""
    metadata: dict[str, Any] = field(default_factory=dict)
    space: list[SweepParameter] = field(default_factory=list)
    trials: dict[int, Path] = field(default_factory=dict)
    """Trial -> its folder, where the backend made one."""
    notes: list[str] = field(default_factory=list)

    def results(self) -> Path | None:
        """Return the results file: the zipped one, which Syne Tune writes."""
        return next((path for name in RESULTS if (path := self.place / name).is_file()), None)

    def files(self) -> list[Path]:
        """Return every file that is read."""
        found = [path for path in (self.results(), self.place / METADATA) if path is not None and path.is_file()]
        for folder in self.trial_folders().values():
            found += [path for name in OF_TRIAL if (path := folder / name).is_file()]
        return found

    def trial_folders(self) -> dict[int, Path]:
        """Return trial -> folder."""
        return {int(one.name): one for one in self.place.iterdir() if one.name.isdecimal() and one.is_dir()}


def read_folder(place: Path) -> Folder:
    """Return what the folder holds.

    Raises:
        IngestError: a file is not whole.
    """
    folder = Folder(place=place)
    folder.trials = folder.trial_folders()
    if (place / METADATA).is_file():
        found = read_json(place / METADATA)
        folder.metadata = found if isinstance(found, dict) else {}
    else:
        folder.notes.append(f"There is no {METADATA}: metrics, directions and the space are not declared.")
    results = folder.results()
    if results is not None:
        table = list(csv.reader(io.StringIO(_text(results), newline="")))
        folder.header, folder.rows = (table[0], table[1:]) if table else ([], [])
    folder.space = _space(folder)
    return folder


def _text(path: Path) -> str:
    """Return the CSV's text; a zip that is being written anew is tried again a few times."""
    for left in reversed(range(TRIES)):
        try:
            raw = read_whole(path)
            if path.suffix != ".zip":
                return raw.decode("utf-8")
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                return only_member(archive, path).decode("utf-8")
        except (OSError, zipfile.BadZipFile, IndexError, EOFError, UnicodeDecodeError) as error:
            if left == 0:
                raise IngestError(
                    f"{path} is not whole: {error}.", "If a tuner writes to it, run again later; nothing was loaded."
                ) from None
            time.sleep(PAUSE)
    raise AssertionError


def _space(folder: Folder) -> list[SweepParameter]:
    """Return the declared space of metadata.json (a JSON text in it, as `config_space_to_json_dict` makes it)."""
    stored = folder.metadata.get("config_space")
    try:
        domains = json.loads(stored) if isinstance(stored, str) else stored
    except ValueError:
        folder.notes.append("The search space in metadata.json cannot be read; types are those of the values.")
        return []
    if not isinstance(domains, dict):
        return []
    return list(_parameters(domains))


def _parameters(domains: dict[str, Any]) -> Iterator[SweepParameter]:
    for name, domain in domains.items():
        if not isinstance(domain, dict) or "domain_cls" not in domain:
            yield _choices(name, [domain])
            continue
        arguments = domain.get("domain_kwargs", {})
        listed = arguments.get("categories", arguments.get("values"))
        if listed is not None:
            yield _choices(name, listed)
        elif "lower" in arguments and "upper" in arguments:
            kind = "int" if domain["domain_cls"] == "Integer" or arguments.get("cast_int") else "float"
            is_log = domain.get("sampler_cls") in LOG_SAMPLERS or arguments.get("log_scale")
            scale = "log" if is_log else "linear"
            yield SweepParameter(
                name=name,
                value_type=kind,
                scale=scale,
                lower=arguments["lower"],
                upper=arguments["upper"],
                step=arguments.get("q"),
            )
        else:
            yield SweepParameter(name=name, value_type="mixed")


def _choices(name: str, values: list[Any]) -> SweepParameter:
    kinds = {cell.kind for value in values if (cell := cell_of(value)) is not None}
    return SweepParameter(name=name, value_type=type_of(kinds), choices=json.dumps(values))
