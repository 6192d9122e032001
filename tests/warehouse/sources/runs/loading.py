"""What tests of runs load, and how."""

from __future__ import annotations

from pathlib import Path

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

RUNS = find_source("runs")

HEADER = "algorithm,benchmark,seed,budget,value,prior\n"

GOOD = HEADER + "A,b1,0,1,0.5,good\nA,b1,0,2,0.4,good\nB,b1,0,1,0.7,bad\n"


def load(warehouse: Warehouse, path: Path, name: str = "x", **more):
    replace_old = more.pop("replace_old", False)
    mapping, reject_to = more.pop("mapping", {}), more.pop("reject_to", None)
    return ingest(warehouse, RUNS, Request(str(path), name, mapping, more, reject_to), replace_old=replace_old)


def write(tmp_path: Path, text: str, name: str = "runs.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def counts(warehouse: Warehouse) -> tuple[int, ...]:
    tables = ("source", "run", "run_factor", "trace", "experiment", "benchmark", "algorithm", "metric")
    found = tuple(warehouse.sql(f"select count(*) from core.{table}").one() for table in tables)
    warehouse.close()
    return found


EMPTY = (0,) * 8
