"""The demo of landscapes with known truth: made, loaded, analysed, and what was found beside what is known."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.reports.demo.folder import begin

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.known import Known

Row = tuple[str, str, float, float | None]
"""Landscape, measure, what is known, what was found."""


def known_and_found(folder: Path) -> tuple[Path, list[Row]]:
    """Make a warehouse of known landscapes in a folder and analyse it; return its path and the numbers side by side."""
    from hpowh.analyses.landscapes.job import Selection, Settings, analyse
    from hpowh.analyses.landscapes.known import gallery
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Request, find_source, ingest

    begin(folder)
    path = folder / "landscapes.duckdb"
    rows: list[Row] = []
    with Warehouse.create(path) as store:
        for one in gallery():
            file = folder / f"{one.name}.csv"
            _write(one, file)
            ingest(
                store,
                find_source("grid"),
                Request(str(file), one.name, options={"direction": "min", "space": one.name}),
            )
            analyse(store, Selection(space=one.name), Settings(has_similarity=False))
            found = dict(
                store.sql(
                    "select measure, value from mart.landscape_measure where search_space = $space", {"space": one.name}
                ).rows()
            )
            rows += [(one.name, measure, value, found.get(measure)) for measure, value in one.truth.items()]
    return path, rows


def _write(one: Known, file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        names = [f"h{axis}" for axis in range(one.loss.ndim)]
        writer.writerow([*names, "loss"])
        writer.writerows(_rows(one))


def _rows(one: Known) -> Iterator[list[float]]:
    for levels in product(*(range(size) for size in one.loss.shape)):
        yield [*levels, float(one.loss[levels])]
