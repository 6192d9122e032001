"""Parts on a read-only copy leave packets; collected, the warehouse is as after one undisturbed run, cell by cell."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import typer

from hpowh.warehouse import Warehouse
from hpowh.warehouse.cli import build
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.output.publishing import export_parquet, publish_copy

LANDSCAPES = ("landscapes", "--no-network")
FORMULA = "value ~ algorithm + (1|benchmark)"
SWEEPS = ("sweeps", "--best", "20")


def hpowh(*arguments: object) -> None:
    typer.main.get_command(build())([str(one) for one in arguments], standalone_mode=False)


@pytest.fixture(scope="module")
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


def contents(path: Path) -> dict[str, list]:
    """All results by what they are of: the numbers of runs and times differ from run to run."""
    with Warehouse(path) as store:
        tables = [t.name for t in store.tables() if t.name.startswith("result.")]
        found = {
            name: store.sql(
                f"select a.job, a.subject, t.* exclude (analysis_run_id) from {name} as t "
                "join ops.analysis_run as a using (analysis_run_id) order by all"
            ).rows()
            for name in tables
        }
        ledger = "job, subject, job_version, parameters, input_fingerprint, seed, warnings"
        found["ledger"] = store.sql(f"select {ledger} from ops.analysis_run order by all").rows()
        # Which comes after which decides what is the newest.
        found["order"] = store.sql("select job, subject from ops.analysis_run order by analysis_run_id").rows()
    return {name: repr(rows) for name, rows in found.items() if rows}


def undisturbed(place: Path, *question: str, experiments: tuple[str, ...] = ()) -> dict[str, list]:
    """What one run on a warehouse of its own stores."""
    alone = place / "alone.duckdb"
    if not alone.exists():
        shutil.copy(place / "home.duckdb", alone)
    for options in [("--experiment", name) for name in experiments] or [()]:
        hpowh("analyse", *question, *options, "--warehouse", alone)
    return contents(alone)


def part(place: Path, text: str, *question: str, copy: str = "copy.duckdb") -> None:
    hpowh("analyse", *question, "--warehouse", place / copy, "--part", text, "--packets", place / "shared")


def collect(place: Path, capsys, *options: str) -> dict:
    capsys.readouterr()
    hpowh("collect", place / "shared", "--warehouse", place / "home.duckdb", "--json", *options)
    return json.loads(capsys.readouterr().out)["packets"]


def packets(place: Path) -> list[Path]:
    return sorted((place / "shared").glob("*.packet"))


def test_landscapes_in_parts_are_those_of_one_run(place, capsys):
    before = (place / "copy.duckdb").read_bytes()
    with Warehouse(place / "home.duckdb") as store:
        export_parquet(store, place / "parquet")
    part(place, "2/2", *LANDSCAPES, copy="parquet")
    first = collect(place, capsys)
    assert first["stored"] == len(packets(place)) > 0
    assert [one["parts"] for one in first["missing"]] == [[1]]
    assert first["finished"] == []
    part(place, "1/2", *LANDSCAPES)
    part(place, "1/2", *LANDSCAPES)  # started twice
    last = collect(place, capsys)
    assert last["known"] == first["stored"]
    assert last["stored"] == len(packets(place)) - first["stored"]
    assert (last["missing"], last["left"], last["stale"]) == ([], {}, [])
    assert last["finished"] == ["landscapes.across: all search spaces"]
    found, wanted = contents(place / "home.duckdb"), undisturbed(place, *LANDSCAPES)
    found.pop("order"), wanted.pop("order")  # here the second part came home first
    assert found == wanted
    again = collect(place, capsys, "--remove")
    assert (again["stored"], again["finished"]) == (0, [])
    assert packets(place) == []
    assert (place / "copy.duckdb").read_bytes() == before


@pytest.mark.slow
def test_models_rankings_and_sweeps_in_parts_are_those_of_one_run(place, capsys):
    for text in ("1/2", "2/2"):
        part(place, text, "lmem", FORMULA)
        part(place, text, "rankings", "--response", "value")
        part(place, text, *SWEEPS)
    assert len(packets(place)) == 6
    found = collect(place, capsys)
    assert (found["stored"], found["missing"], found["left"]) == (6, [], {})
    undisturbed(place, "lmem", FORMULA, experiments=("first", "second"))
    undisturbed(place, "rankings", "--response", "value", experiments=("first", "second"))
    wanted = undisturbed(place, *SWEEPS)
    found = contents(place / "home.duckdb")
    assert sorted(found.pop("order")) == sorted(wanted.pop("order"))
    assert found == wanted
    assert {"result.lmem_contrast", "result.ranking_pair", "result.sweep_importance"} <= set(found)


def test_packets_on_other_data_than_the_warehouse_has_by_now_are_left_out(place, capsys):
    for text in ("1/2", "2/2"):
        part(place, text, "lmem", FORMULA)
    (place / "more.csv").write_text("algorithm,benchmark,seed,value\nA,first0,9,0.5\n")
    with Warehouse(place / "home.duckdb") as store:
        options = {"experiment": "first", "direction": "min"}
        ingest(store, find_source("runs"), Request(str(place / "more.csv"), "more", {}, options))
    found = collect(place, capsys)
    assert (found["stored"], found["stale"]) == (1, ["first"])
    ((request, names),) = found["left"].items()
    assert names == ["mixed_models.fit: first"]
    assert request == f"hpowh analyse lmem --experiment first -- '{FORMULA}'"


def test_a_part_that_ends_with_an_error_has_not_ended(place, capsys):
    question = ("lmem", "value ~ nothing + (1|benchmark)", "--experiment", "first")
    with pytest.raises(UsageError):
        part(place, "1/2", *question)
    part(place, "2/2", *question)
    assert [one["parts"] for one in collect(place, capsys)["missing"]] == [[1]]


def test_what_cannot_mean_anything_is_refused(place):
    with pytest.raises(UsageError, match="--part goes with --packets"):
        hpowh("analyse", *LANDSCAPES, "--warehouse", place / "copy.duckdb", "--part", "1/2")
    with pytest.raises(HpowhError, match="holds no evaluations and no packets"):
        hpowh("collect", place / "absent", "--warehouse", place / "home.duckdb")
