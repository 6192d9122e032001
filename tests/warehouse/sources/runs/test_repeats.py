"""Does a column count what a run spent, or which repetition it is? Where nothing tells, that is asked."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.ingest.questions import QuestionsError
from hpowh.warehouse.ingest.recognise import recognise

HEADER = "classifier_name,archive_name,dataset_name,iteration,accuracy,duration"


def write(folder: Path, values, *, header: str = HEADER, count: int = 5) -> Path:
    """Three classifiers on four data sets, a row an iteration: `values` gives each series."""
    rows = [
        f"{name},TSC,d{place},{step}.0,{value},1.5"
        for name in ("mlp", "fcn", "cnn")
        for place in range(4)
        for step, value in enumerate(values(count))
    ]
    path = folder / "results.csv"
    path.write_text("\n".join([header, *rows]))
    return path


@pytest.fixture
def independent():
    draw = Random(1)
    return lambda count: [round(draw.uniform(0.6, 0.9), 4) for _ in range(count)]


@pytest.fixture
def rising():
    draw = Random(1)
    return lambda count: sorted(round(draw.uniform(0.6, 0.9), 4) for _ in range(count))


def load(warehouse: Warehouse, path: Path, mapping: dict[str, str] | None = None) -> None:
    ingest(warehouse, find_source("runs"), Request(str(path), "results", mapping or {}, {"direction": "max"}))


def test_iterations_that_go_back_and_forth_are_asked_about(warehouse, tmp_path, independent):
    """The last of ten repetitions was taken for the run's end, and the other nine for the way there."""
    path = write(tmp_path, independent)
    assert [kind.kind for kind in recognise(path, {})] == ["runs"]
    with pytest.raises(QuestionsError, match="which repetition it is") as asked:
        load(warehouse, path)
    assert "--map iteration=seed" in str(asked.value)
    load(warehouse, path, {"iteration": "seed"})
    assert warehouse.sql("select count(*), count(distinct seed) from mart.run").rows() == [(60, 5)]


def test_who_says_that_it_is_the_budget_is_believed(warehouse, tmp_path, independent):
    load(warehouse, write(tmp_path, independent), {"iteration": "budget"})
    assert warehouse.sql("select count(*) from core.trace").one() == 60
    assert warehouse.sql("select count(*) from mart.run").one() == 12


def test_a_trace_goes_one_way_and_is_not_asked_about(warehouse, tmp_path, rising):
    load(warehouse, write(tmp_path, rising))
    assert warehouse.sql("select count(*) from mart.run").one() == 12


def test_long_traces_of_single_values_are_not_asked_about(warehouse, tmp_path, independent):
    load(warehouse, write(tmp_path, independent, count=60))
    assert warehouse.sql("select max(budget) from core.trace").one() == 59


def test_beside_a_seed_an_iteration_is_a_budget(warehouse, tmp_path, independent):
    path = write(tmp_path, independent, header=HEADER.replace("duration", "seed"))
    path.write_text(
        "\n".join(
            line if not at else line.rpartition(",")[0] + ",7" for at, line in enumerate(path.read_text().split("\n"))
        )
    )
    load(warehouse, path)
    assert warehouse.sql("select distinct seed from mart.run").rows() == [(7,)]


@pytest.mark.parametrize("is_one", [True, False])
def test_folds_that_the_seed_numbers_are_no_setting(warehouse, tmp_path, is_one):
    """AutoML benchmarks draw the seed from the fold: runs were split by what only repeats them."""
    rows = [
        f"{name},{task},{fold},{3076890000 + (fold if is_one else fold % 2)},0.{fold}{at}"
        for at, name in enumerate(("RandomForest", "AutoGluon"))
        for task in ("car", "kc1", "iris")
        for fold in range(4)
    ]
    path = tmp_path / "results.csv"
    path.write_text("\n".join(["framework,task,fold,seed,score", *rows]))
    load(warehouse, path)
    assert warehouse.sql("select count(*) from core.run_factor").one() == (0 if is_one else 24)
    assert warehouse.sql("select count(distinct seed) from mart.run").one() == (4 if is_one else 2)
