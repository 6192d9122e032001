"""A warehouse with something for every analysis."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.output.publishing import publish_copy


@pytest.fixture(scope="session")
def home(empty_warehouse, tmp_path_factory) -> Path:
    """A warehouse with two landscapes, two experiments and two sweeps; nothing is analysed."""
    folder = tmp_path_factory.mktemp("home")
    draw = random.Random(5)
    path = folder / "home.duckdb"
    shutil.copy(empty_warehouse, path)
    with Warehouse(path) as store:

        def load(kind: str, name: str, lines: list[str], options: dict, mapping: dict | None = None) -> None:
            (folder / f"{name}.csv").write_text("\n".join(lines))
            ingest(store, find_source(kind), Request(str(folder / f"{name}.csv"), name, mapping or {}, options))

        cells = [f"b{b},{x},{y},{draw.random()}" for b in range(2) for x in range(3) for y in (1, 2, 4)]
        load("grid", "grid", ["benchmark,lr,size,loss", *cells], {"direction": "min", "space": "s"})
        for name in ("first", "second"):
            runs = [f"{a},{name}{b},{s},{draw.random()}" for a in "ABC" for b in range(5) for s in range(3)]
            load("runs", name, ["algorithm,benchmark,seed,value", *runs], {"experiment": name, "direction": "min"})
        for name in ("tuned", "tried"):
            trials = [f"{i},{draw.random()},{draw.random()}" for i in range(12)]
            load("trials", name, ["number,params_lr,val_loss", *trials], {}, {"val_loss": "metric"})
        publish_copy(store, folder / "copy.duckdb")
    return path


@pytest.fixture
def place(home, tmp_path) -> Path:
    """A folder with the warehouse and a read-only copy of it."""
    for file in (home, home.with_name("copy.duckdb")):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path
