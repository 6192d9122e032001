"""Revisions: they arrive at the metadata, carry data across, and refuse what they must."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from duckdb_sqlalchemy import Dialect

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, VersionError
from hpowh.warehouse.migrate import initialise, known_revisions
from hpowh.warehouse.schema import METADATA
from hpowh.warehouse.views import refresh_generated_views, static_views

ROOT = Path(__file__).resolve().parents[2]


def columns_of(path: Path) -> dict[str, list[tuple[str, str, bool]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "select c.schema_name || '.' || c.table_name, c.column_name, c.data_type, c.is_nullable "
            "from duckdb_columns() c join duckdb_tables() t using (schema_name, table_name) "
            "where not c.internal and c.table_name <> 'revision' order by 1, c.column_index"
        ).fetchall()
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for table, column, kind, nullable in rows:
        found.setdefault(table, []).append((column, kind, nullable))
    return found


def test_revisions_arrive_at_the_metadata(empty_warehouse):
    own_names = {"DOUBLE PRECISION": "DOUBLE", "TEXT": "VARCHAR"}
    wanted = {}
    for table in METADATA.sorted_tables:
        wanted[f"{table.schema}.{table.name}"] = [
            (c.name, own_names.get(kind := c.type.compile(Dialect()), kind), bool(c.nullable)) for c in table.columns
        ]
    assert columns_of(empty_warehouse) == wanted


def test_every_table_says_what_one_row_is(warehouse):
    listed = warehouse.tables()
    assert {table.name for table in listed} >= {"core.run", "mart.neighbour", "ops.ingest", "result.run_regret"}
    assert [table.name for table in listed if not table.grain.startswith(("One row", "One row:"))] == []
    comments = {f"{t.schema}.{t.name}": t.comment for t in METADATA.sorted_tables}
    assert {t.name: t.grain for t in listed if t.name in comments} == comments


def test_a_hyperparameter_without_levels_does_not_stop_the_views(warehouse):
    with warehouse.writing() as connection:
        connection.execute("insert into core.search_space values (1, 'bare', 'f', 3, 1)")
        connection.execute("insert into core.hyperparameter values (1, 0, 'x', 'ordinal', 'float', 'linear', 3, 1)")
        refresh_generated_views(connection)
    assert warehouse.sql("select x from space.bare").rows() == []


def test_every_view_of_the_folder_is_there(warehouse):
    files = {path.stem for path in (ROOT / "sql" / "views").glob("*.sql")}
    assert {view.name for view in static_views()} == files
    assert {t.name for t in warehouse.tables() if t.kind == "view"} == {f"mart.{n}" for n in files} | {
        "mart.observation",
        "ops.view_definition",
    }


@pytest.mark.parametrize("start", known_revisions()[:-1])
def test_upgrade_carries_the_data_across(tmp_path, start):
    path = tmp_path / "old.duckdb"
    assert initialise(path, target=start)[0] == "created"
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into core.benchmark values (1, 'b')")
        connection.execute("insert into core.algorithm values (1, 'A')")
        connection.execute("insert into core.experiment values (1, 'x')")
        connection.execute("insert into core.metric values (1, 'loss', 'min', null, null, null)")
        connection.execute("insert into core.run values (1, 1, 1, 1, 7, null, 1)")
        connection.execute("insert into core.run_factor values (1, 'prior', null, 'good')")
        connection.execute("insert into core.trace values (1, 1, 2.0, 0.25, 'ok', 1)")
    done, backup = initialise(path)
    assert done == "upgraded"
    with Warehouse(path) as warehouse:
        row = warehouse.sql(
            "select algorithm, benchmark, seed, metric, budget, value, prior from mart.observation"
        ).rows()
    assert row == [("A", "b", 7, "loss", 2.0, 0.25, "good")]
    assert backup is not None
    with duckdb.connect(str(backup), read_only=True) as kept:
        assert kept.execute("select version_num from ops.revision").fetchall() == [(start,)]
        assert kept.execute("select count(*) from core.trace").fetchall() == [(1,)]


def test_upgrade_twice_is_nothing(tmp_path):
    path = tmp_path / "w.duckdb"
    initialise(path)
    assert initialise(path) == ("unchanged", None)
    assert [entry.name for entry in tmp_path.iterdir()] == ["w.duckdb"]


def test_a_newer_warehouse_is_refused(tmp_path, empty_warehouse):
    path = tmp_path / "new.duckdb"
    path.write_bytes(empty_warehouse.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("update ops.revision set version_num = '9999'")
    for attempt in (lambda: initialise(path), lambda: Warehouse(path).sql("select 1")):
        with pytest.raises(VersionError, match=r"newer hpowh \(revision 9999.*pip install --upgrade"):
            attempt()


def test_an_older_warehouse_asks_for_its_upgrade(tmp_path):
    path = tmp_path / "old.duckdb"
    initialise(path, target="0001")
    with pytest.raises(VersionError, match="hpowh init --warehouse"):
        Warehouse(path).sql("select 1")


def test_a_failed_upgrade_changes_nothing(tmp_path):
    """A table in the way of revision 0002 makes it fail; the file must stay at 0001."""
    path = tmp_path / "old.duckdb"
    initialise(path, target="0001")
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table result.coverage (x integer)")
    before = columns_of(path)
    with pytest.raises(HpowhError):
        initialise(path)
    assert columns_of(path) == before
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select version_num from ops.revision").fetchall() == [("0001",)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no warehouse"),
        (b"algorithm,benchmark\n", "is not a DuckDB file"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "is not a DuckDB file"),
    ],
)
def test_files_that_are_no_warehouse(tmp_path, content, said):
    path = tmp_path / "thing.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotAWarehouseError, match=said):
        Warehouse(path).sql("select 1")


def test_a_duckdb_file_of_another_kind(tmp_path):
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t (x integer)")
    with pytest.raises(NotAWarehouseError, match="not a hpowh warehouse"):
        Warehouse(path).sql("select 1")
    with pytest.raises(NotAWarehouseError, match="not a hpowh warehouse"):
        initialise(path)


def test_revisions_form_one_chain():
    """Each revision names the one before it and says what it does; none is left out."""
    before = None
    written = {path.name[:4] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py")}
    assert sorted(known_revisions()) == sorted(written)
    for number in known_revisions():
        (path,) = (ROOT / "migrations" / "versions").glob(f"{number}_*.py")
        text = path.read_text()
        assert re.search(rf'^revision(: str)? = "{number}"$', text, re.MULTILINE)
        expected = "None" if before is None else f'"{before}"'
        assert re.search(rf"^down_revision(: str \| None)? = {expected}$", text, re.MULTILINE)
        before = number


def test_views_of_another_version_are_renewed_on_writing(tmp_path, empty_warehouse):
    """A new program may bring other views without a revision: reading says so, the next write renews them."""
    path = tmp_path / "w.duckdb"
    path.write_bytes(empty_warehouse.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("create or replace view ops.view_definition as select 'older' as fingerprint")
        connection.execute("drop view mart.neighbour")
    said: list[str] = []
    store = Warehouse(path, notify=said.append)
    assert store.sql("select 1").one() == 1
    assert "renew them with hpowh init" in said[0]
    with store.writing() as connection:
        connection.execute("insert into core.benchmark values (1, 'b')")
    said.clear()
    assert store.sql("select count(*) from mart.neighbour").one() == 0
    store.close()
    assert said == []
