"""Small commands do without what takes longer to import than they take."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.cli import build
from hpowh.warehouse.grouping import assembled
from hpowh.warehouse.ingest import Request, find_source, ingest

HEAVY = {
    "scipy.stats", "scipy.optimize", "scipy.linalg", "pandas", "polars", "pyarrow",
    "sklearn", "statsmodels", "numba", "plotly",
    "pytz", "multiprocessing", "jinja2", "sqlalchemy", "alembic", "rich", "pydantic",
}  # fmt: skip
SCRIPT = """
import atexit, sys
atexit.register(lambda: print("\\n" + " ".join(sorted(set(sys.modules)))))
from hpowh.warehouse.cli import main
main()
"""
LMEM = ("lmem", "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("light")
    draw = random.Random(0)
    rows = [
        f"a{a},b{b},{seed},{budget},{a / 10 + b / 5 + draw.gauss(0, 0.1)}"
        for a in range(3) for b in range(6) for seed in range(4) for budget in (1, 2)
    ]  # fmt: skip
    file = folder / "runs.csv"
    file.write_text("\n".join(["algorithm,benchmark,seed,budget,value", *rows]), encoding="utf-8")
    with Warehouse.create(folder / "hpowh.duckdb") as store:
        ingest(store, find_source("runs"), Request(str(file), "runs", options={"direction": "min"}))
    return folder / "hpowh.duckdb"


@pytest.fixture(scope="module")
def brought():
    """What SciPy's sparse matrices import by themselves: in 1.15 all linear algebra, which no model does without."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, scipy.sparse; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


COMPILED = {"numba", "scipy.linalg"}
"""What an analysis of sweeps cannot do without."""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("light-sweep")
    draw = random.Random(0)
    rows = [f"{i},{draw.random()},{draw.choice('ab')},{draw.random()}" for i in range(40)]
    file = folder / "trials.csv"
    file.write_text("\n".join(["trial,x,kind,loss", *rows]), encoding="utf-8")
    with Warehouse.create(folder / "hpowh.duckdb") as store:
        ingest(store, find_source("trials"), Request(str(file), "sweep", options={"direction": "min"}))
    return folder / "hpowh.duckdb"


def imported_by(words, file):
    there = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "HPOWH_DEBUG")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        capture_output=True,
        text=True,
        check=True,
        env=there | {"HPOWH_WAREHOUSE": str(file)},
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("words", "also"),
    [
        (("init",), {"numpy", "scipy"}),
        (("sql", "select 1"), {"numpy", "scipy"}),
        (("analyse", *LMEM, "--no-residuals"), set()),
        (("analyse", "rankings"), set()),
    ],
)
def test_a_small_command_imports_nothing_heavy(experiment, tmp_path, brought, words, also):
    file = tmp_path / "w.duckdb"
    if words != ("init",):
        shutil.copy(experiment, file)
    imported = imported_by(words, file)
    assert "hpowh.warehouse.store" in imported or words == ("init",)
    fits_models = words[0] == "analyse"
    assert sorted((imported - brought if fits_models else imported) & (HEAVY | also)) == []


def test_a_small_sweep_imports_what_grows_trees_and_nothing_else_that_is_heavy(sweep, tmp_path):
    imported = imported_by(("analyse", "sweeps"), shutil.copy(sweep, tmp_path / "w.duckdb"))
    assert imported >= COMPILED
    assert sorted(imported & ((HEAVY | {"pycparser"}) - COMPILED)) == []


def test_options_of_every_kind_arrive_as_typer_makes_them(experiment, capsys):
    def ran(*words: str) -> int:
        return assembled(build())(["sql", *words, "--warehouse", str(experiment)], standalone_mode=False)

    ran("select $a as a, $b as b", "--set", "a=1", "--set", "b=x", "--format", "json", "--limit", "1")
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "b": "x"}]
    with pytest.raises(Exception, match="valid integer"):
        ran("select 1", "--limit", "many")
    with pytest.raises(Exception, match="greater than or equal to 0|x>=0"):
        ran("select 1", "--wait", "-1")
