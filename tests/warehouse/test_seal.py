"""`hpowh check` proves that nothing is gone: each planted damage is found and named, by one failed check."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.checks.checking import all_checks, run_checks
from hpowh.warehouse.checks.definitions import _plain, changed_definitions
from hpowh.warehouse.checks.repairing import repair
from hpowh.warehouse.checks.seal import SEALS, broken_seals
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.migrate import initialise
from hpowh.warehouse.views import recreate_views

RUNS = "algorithm,benchmark,seed,budget,value,prior\n" + "".join(
    f"{a},b{b},{s},{n},{s + n / 10},good\n" for a in "AB" for b in (1, 2) for s in (0, 1) for n in (1, 2, 3)
)
GRID = "lr,depth,q\n" + "".join(f"{lr},{d},{lr * d}\n" for lr in (0.1, 0.2) for d in (1, 2, 3))
TRIALS = "trial,lr,loss\n" + "".join(f"t{i},{i / 10},{i}\n" for i in range(5))
DAMAGES = {
    "truncate core.trace": "seal_source",
    "delete from core.trace where run_id = 1": "seal_source",
    "update core.trace set value = 2 * value": "seal_source",
    "update core.trace set value = value + 1e-12 where run_id = 1 and budget = 1": "seal_source",
    "update core.trace set budget = budget + 1": "seal_source",
    "insert into core.trace select * replace (budget + 90 as budget) from core.trace where run_id = 1": "seal_source",
    "delete from core.run where run_id = 1": "seal_source",
    "update core.run set seed = 7 where run_id = 1": "seal_source",
    "truncate core.run_factor": "seal_source",
    "update core.run_factor set text_value = 'bad'": "seal_source",
    "delete from core.evaluation where configuration_id = 2": "seal_source",
    "update core.evaluation set value = -value": "seal_source",
    "delete from core.trial where number = 1": "seal_source",
    "delete from core.trial_parameter where trial_id = 2": "seal_source",
    "update core.trial_metric set value = 0": "seal_source",
    "truncate core.sweep_metric": "seal_source",
    "update core.source set row_count = 1": "seal_source",
    "update core.source set fingerprint = 'x'": "seal_source",
    "delete from core.source where kind = 'grid'": "seal_source",
    "delete from ops.ingest": "seal_source",
    "update core.metric set direction = if(direction = 'min', 'max', 'min')": "seal_shared",
    "update core.algorithm set name = 'C' where name = 'B'": "seal_shared",
    "delete from core.benchmark": "seal_shared",
    "update core.hyperparameter_level set numeric_value = 9 where level = 0": "seal_shared",
    "delete from core.hyperparameter_level where level = 1": "seal_shared",
    "delete from result.coverage": "seal_analysis",
    "delete from result.coverage where benchmark_id = 1": "seal_analysis",
    "update result.coverage set run_count = run_count + 1": "seal_analysis",
    "delete from ops.analysis_run": "seal_analysis",
    "update ops.analysis_run set parameters = '{}'": "seal_analysis",
    "drop view mart.observation": "seal_view",
    "drop view mart.run_regret; drop view mart.run": "seal_view",
    "create or replace view mart.source as select * from core.source limit 1": "seal_view",
    "drop table result.lmem_contrast": "seal_shape",
    "alter table core.run drop column seed": "seal_shape",
    "drop table core.trace": "seal_shape",
    "truncate ops.warehouse": "warehouse_identity",
    "insert into ops.warehouse select * from ops.warehouse": "warehouse_identity",
    "update ops.warehouse set identity = 'x'": "warehouse_identity",
    "truncate ops.seal": "seal_shape",
    "truncate core.trace; delete from ops.seal where table_name = 'core.trace'": "seal_shape",
    "delete from result.coverage; delete from ops.seal where kind = 'analysis'": "seal_shape",
    "update core.trace set value = 0; update ops.seal set hasher = '' where kind = 'source'": "seal_shape",
    "drop view mart.observation; delete from ops.seal where kind = 'view'": "seal_shape",
    "update ops.seal set owner_id = owner_id + 9": "seal_shape",
    "drop table ops.seal": "seal",
}


@pytest.fixture(scope="module")
def sealed(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with runs, a grid, a sweep and a stored analysis."""
    folder = tmp_path_factory.mktemp("sealed")
    shutil.copy(empty_warehouse, folder / "w.duckdb")
    for name, text in {"runs": RUNS, "grid": GRID, "trials": TRIALS}.items():
        (folder / f"{name}.csv").write_text(text)
    with Warehouse(folder / "w.duckdb") as store:
        ingest(store, find_source("runs"), Request(str(folder / "runs.csv"), "runs", {}, {"direction": "min"}))
        grid = Request(str(folder / "grid.csv"), "grid", {"q": "metric:q"}, {"benchmark": "iris", "direction": "min"})
        ingest(store, find_source("grid"), grid)
        trials = Request(str(folder / "trials.csv"), "trials", {"loss": "metric"}, {"direction": "min"})
        ingest(store, find_source("trials"), trials)
        frame = coverage(store)
        store.save_run(stored("f"), {"coverage": frame})
        assert [result.name for result in run_checks(store) if result.failures] == []
    return folder / "w.duckdb"


def stored(fingerprint: str) -> AnalysisRun:
    return AnalysisRun(job="traces", subject="x", job_version="1", parameters={"a": 1}, input_fingerprint=fingerprint)


def coverage(store: Warehouse) -> pl.DataFrame:
    """Rows for `result.coverage`: one per algorithm and benchmark, whatever columns the table has."""
    columns = dict(store.columns("result.coverage"))
    known = {"algorithm_id": "a", "benchmark_id": "b", "setting": "'all'", "metric_id": "1", "experiment_id": "1"}
    made = {
        name: known.get(name, "'x'" if kind == "VARCHAR" else "false" if kind == "BOOLEAN" else "1")
        for name, kind in columns.items()
        if name != "analysis_run_id"
    }
    listed = ", ".join(f"cast({value} as {columns[name]}) as {name}" for name, value in made.items())
    return store.sql(f"select {listed} from range(1, 3) as t(a), range(1, 3) as u(b)").pl()


def test_there_are_as_many_damages_as_promised():
    assert len(DAMAGES) >= 28


def test_every_damage_is_found_and_named(sealed):
    """Each in a transaction that is undone; the table or the view is named."""
    with duckdb.connect(str(sealed)) as connection:
        for damage, check in DAMAGES.items():
            connection.begin()
            connection.execute(damage)
            if check.startswith("seal_"):
                broken = broken_seals(connection)
                assert check.removeprefix("seal_") in {one.kind for one in broken}, damage
                assert any(one.table_name.split(".")[1].split()[0] in damage for one in broken), (damage, broken)
            elif check == "warehouse_identity":
                assert connection.execute(all_checks(connection)[check][1]).fetchall(), damage
            connection.rollback()
        assert broken_seals(connection) == []


def replaced(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """A view or macro of the same columns and another content."""
    if name == "mart.loss":
        return "create or replace macro mart.loss(value, direction) as value"
    if name == "mart.ranked":
        return "create or replace macro mart.ranked(name) as table select * from query_table(name) limit 0"
    schema, _, view = name.partition(".")
    ((text,),) = connection.execute(
        "select sql from duckdb_views() where schema_name = ? and view_name = ?", [schema, view]
    ).fetchall()
    query = text.partition(" AS ")[2].rstrip(";")
    return f"create or replace view {name} as select * from ({query}) offset 1"


def test_a_view_or_macro_that_says_something_else_is_found_and_made_anew(sealed, tmp_path):
    """Its columns are the same, so that no seal tells."""
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    with duckdb.connect(str(path)) as connection:
        for name in ("mart.run", "mart.observation", "mart.landscape_axis", "space.grid", "mart.loss", "mart.ranked"):
            connection.begin()
            connection.execute(replaced(connection, name))
            assert changed_definitions(connection) == [name]
            assert broken_seals(connection) == []
            connection.rollback()
        recreate_views(connection)
        assert changed_definitions(connection) == []  # in the words of before a restart
        connection.execute(replaced(connection, "space.grid"))
    with Warehouse(path) as store:
        (failed,) = [result for result in run_checks(store) if result.failures]
        assert (failed.name, failed.example, failed.remedy) == ("definition", {"changed": "space.grid"}, "hpowh repair")
        repair(store)
        assert changed_definitions(store.connection) == []


def test_views_of_another_version_are_no_damage(sealed, tmp_path):
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create or replace view ops.view_definition as select 'older' as fingerprint")
        connection.execute(replaced(connection, "mart.run"))
        assert changed_definitions(connection) == []


def test_a_warehouse_whose_seals_were_never_sealed_passes_until_they_are(sealed, tmp_path):
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from ops.seal where table_name = ?", [SEALS])
        assert broken_seals(connection) == []
    initialise(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from ops.seal where kind = 'source' and table_name = 'core.run'")
        assert [one.table_name for one in broken_seals(connection)] == [SEALS]


@pytest.mark.parametrize(
    "damage",
    ["drop view mart.run", "alter table core.run drop column seed", "drop table ops.seal", "truncate core.trace"],
)
def test_one_check_fails_and_the_others_are_run(sealed, tmp_path, damage):
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(damage)
    with Warehouse(path) as store:
        results = run_checks(store)
    failed = {result.name: result for result in results if result.failures}
    found = failed[DAMAGES.get(damage, "seal_view")]
    assert found.example
    assert found.remedy
    assert len(results) - len(failed) > 15


def test_what_was_acknowledged_passes_whatever_happens_to_it_rightly(sealed, tmp_path):
    """Loading anew, analysing again, another source, another order of the rows: all seals hold."""
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    with Warehouse(path) as store:
        request = Request(str(sealed.with_name("runs.csv")), "runs", {}, {"direction": "max"})
        ingest(store, find_source("runs"), request, replace_old=True)
        for number in range(4):
            store.save_run(stored(f"f{number}"), {"coverage": coverage(store)})
        (tmp_path / "more.csv").write_text(GRID)
        grid = Request(str(tmp_path / "more.csv"), "more", {"q": "metric:q"}, {"benchmark": "wine", "direction": "min"})
        ingest(store, find_source("grid"), grid)
        assert broken_seals(store.connection) == []
    with duckdb.connect(str(path)) as connection:
        connection.execute("create or replace temp table t as from core.trace order by value desc")
        connection.execute("truncate core.trace; insert into core.trace from t")
    with Warehouse(path) as store:
        assert [result.name for result in run_checks(store) if result.failures] == []
        seals = store.sql("select count(*) from ops.seal where kind = 'analysis'").one()
        runs = store.sql("select count(*) from ops.analysis_run").one()
    assert seals == 2 * runs


def test_another_hash_of_duckdb_is_no_damage(sealed, tmp_path):
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update ops.seal set hasher = 'of another version', digest = 'x' where kind <> 'shape'")
        connection.execute("update ops.seal set hasher = 'of another version' where table_name = ?", [SEALS])
    with Warehouse(path) as store:
        assert broken_seals(store.connection) == []
    initialise(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update core.trace set value = 0")
    with Warehouse(path) as store:
        assert {one.table_name for one in broken_seals(store.connection)} == {"core.trace"}


def test_a_load_that_is_undone_leaves_the_seals(sealed, tmp_path):
    path = tmp_path / "w.duckdb"
    shutil.copy(sealed, path)
    (tmp_path / "runs.csv").write_text(RUNS + "A,b1,0,x,1,good\n")
    with Warehouse(path) as store:
        request = Request(str(tmp_path / "runs.csv"), "runs", {}, {"direction": "min"})
        with pytest.raises(HpowhError):
            ingest(store, find_source("runs"), request, replace_old=True)
        assert broken_seals(store.connection) == []


def test_a_number_is_the_same_with_noughts_before_its_exponent_and_without():
    """DuckDB writes `1e-09` into the catalogue before 2.0 and `1e-9` since."""
    assert _plain("x > 1e-09 and y < 2E+05") == _plain("x > 1e-9 and y < 2e+5")
    assert _plain("x > 1e-09") != _plain("x > 1e-90") and _plain("x > 1e-10") != _plain("x > 1e-1")
