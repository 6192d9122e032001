"""Revisions: they arrive at the metadata, carry data across, and refuse what they must."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from duckdb_sqlalchemy import Dialect

from hpowh.warehouse import Warehouse, migrate
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, VersionError
from hpowh.warehouse.fresh import fresh_tables, statements_of
from hpowh.warehouse.migrate import initialise
from hpowh.warehouse.revisions import migrations_folder, newest_revision, revisions
from hpowh.warehouse.schema import METADATA
from hpowh.warehouse.views import refresh_generated_views, static_views

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def made_each_time(made_once, monkeypatch):
    """Here nothing is copied from a warehouse that was made before."""
    monkeypatch.setattr(migrate, "_upgrade", made_once)


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


def test_new_tables_are_made_at_once_as_the_revisions_make_them(tmp_path, monkeypatch):
    text = fresh_tables(migrations_folder())
    assert text is not None, "A revision was added or changed: python tests/fresh.py"
    quick, slow = tmp_path / "quick.duckdb", tmp_path / "slow.duckdb"
    initialise(quick)
    monkeypatch.setattr(migrate, "_tables_at_once", lambda target: None)
    initialise(slow)
    seals = "select kind, owner_id, table_name, row_count, digest from ops.seal order by all"
    constraints = (
        "select schema_name, table_name, constraint_type, constraint_text from duckdb_constraints() order by all"
    )
    found = []
    for path in (quick, slow):
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = [connection.execute(query).fetchall() for query in (seals, constraints)]
            found.append((statements_of(connection), *rows))
    assert found[0] == found[1] and found[0][0] == text


def test_changed_revisions_are_run_one_by_one(tmp_path, chain):
    chain(following(newest_revision()), newest_revision())
    assert fresh_tables(migrate.migrations_folder()) is None


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


STARTS = revisions()[:-1]
ENDS = [STARTS[0], STARTS[-1], *(pytest.param(one, marks=pytest.mark.slow) for one in STARTS[1:-1])]


@pytest.mark.parametrize("start", ENDS)
def test_upgrade_carries_the_data_across(tmp_path, start):
    """From the first, with all that came since, and from the last but one; the steps between do not change any more."""
    path = tmp_path / "old.duckdb"
    assert initialise(path, target=start)[0] == "created"
    fill(path)
    done, backup = initialise(path)
    assert done == "upgraded" and backup is not None
    assert observations(path) == [("name1", "name1", 1, "name1", 1.5, 1.5), ("name2", "name2", 2, "name2", 2.5, 2.5)]
    with duckdb.connect(str(backup), read_only=True) as kept:
        assert kept.execute("select version_num from ops.revision").fetchall() == [(start,)]
        assert kept.execute("select count(*) from core.trace").fetchall() == [(2,)]


@pytest.mark.slow
def test_every_revision_finds_rows_in_every_table_and_keeps_them(tmp_path):
    """Step by step, with rows in what the step before has made."""
    path = tmp_path / "old.duckdb"
    initialise(path, target=STARTS[0])
    for revision in revisions()[1:]:
        fill(path)
        before = counts(path)
        assert set(before.values()) == {2}
        done, backup = initialise(path, target=revision)
        assert done == "upgraded" and backup is not None
        backup.unlink()
        after = counts(path)
        assert {table: after[table] for table in before if table in after and after[table] != 2} == {}, revision
    assert len(observations(path)) == 2


def counts(path: Path) -> dict[str, int]:
    """Every table's rows; what hpowh writes into its own ledgers is left out."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where (schema_name, table_name) not in (('ops', 'revision'), ('ops', 'seal'), ('ops', 'warehouse'))"
        ).fetchall()
        return {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in names}


def fill(path: Path) -> None:
    """Put two rows into every empty table but the ledger of revisions: n, n.5, `column`n, or what a check allows."""
    with duckdb.connect(str(path)) as connection:
        allowed = {
            (schema, table, column): values
            for schema, table, column, values in connection.execute(
                "select schema_name, table_name, constraint_column_names[1], "
                "regexp_extract_all(constraint_text, '''(\\w+)''', 1) "
                "from duckdb_constraints() where constraint_type = 'CHECK'"
            ).fetchall()
        }
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "join duckdb_tables() using (schema_name, table_name) "
            "where not duckdb_columns.internal and table_name <> 'revision' order by 1, 2, column_index"
        ).fetchall()
        tables: dict[str, list[tuple[str, list[str] | None, str]]] = {}
        for schema, table, column, kind in columns:
            tables.setdefault(f"{schema}.{table}", []).append((column, allowed.get((schema, table, column)), kind))
        connection.begin()
        for table, described in tables.items():
            if connection.execute(f"select count(*) from {table}").fetchall()[0][0]:
                continue
            values = [
                [choices[row % len(choices)] if choices else value_of(column, kind, row) for row in (1, 2)]
                for column, choices, kind in described
            ]
            listed = ", ".join(f"({', '.join(map(repr, row))})" for row in zip(*values, strict=True))
            connection.execute(f"insert into {table} values {listed}")
        connection.commit()


def value_of(column: str, kind: str, row: int) -> object:
    times = "TIMESTAMP WITH TIME ZONE"
    return {"VARCHAR": f"{column}{row}", "DOUBLE": row + 0.5, "BOOLEAN": row == 1, times: f"2026-01-0{row}"}.get(
        kind, row
    )


def observations(path: Path) -> list[tuple[object, ...]]:
    with Warehouse(path) as warehouse:
        query = "select algorithm, benchmark, seed, metric, budget, value from mart.observation order by seed"
        return warehouse.sql(query).rows()


@pytest.fixture
def old_warehouse(tmp_path) -> Path:
    """A warehouse of revision 0036, the last one before the revisions were put into one, made from its stored text."""
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(Path(__file__).with_name("warehouse_0036.sql").read_text())
    return path


def test_a_warehouse_of_0036_keeps_every_row(old_warehouse, empty_warehouse):
    fill(old_warehouse)
    with pytest.raises(VersionError, match=r"stands at revision 0036.*hpowh init --warehouse"):
        Warehouse(old_warehouse).sql("select 1")
    done, backup = initialise(old_warehouse)
    assert done == "upgraded" and backup is not None and ".backup-0036-" in backup.name
    assert columns_of(old_warehouse) == columns_of(empty_warehouse)
    assert len(observations(old_warehouse)) == 2
    with duckdb.connect(str(old_warehouse), read_only=True) as connection:
        assert connection.execute("select version_num from ops.revision").fetchall() == [(newest_revision(),)]
        connection.execute(f"attach '{backup}' as kept (read_only)")
        compared = 0
        for table, columns in columns_of(backup).items():
            names = ", ".join(f'"{name}"' for name, _, _ in columns)
            kept = connection.execute(f"select {names} from kept.{table} order by all").fetchall()
            assert connection.execute(f"select {names} from {table} order by all").fetchall() == kept, table
            compared += len(kept) >= 2
        assert compared == len(columns_of(backup)) - 1 == 100  # ops.warehouse has the row that it was made with
    assert initialise(old_warehouse) == ("unchanged", None)


def test_the_tables_of_others_do_not_stop_a_warehouse_of_0036(old_warehouse):
    with duckdb.connect(str(old_warehouse)) as connection:
        connection.execute("create table result.toy_mean (analysis_run_id integer not null, mean double)")
        connection.execute("insert into result.toy_mean values (1, 0.5)")
    assert initialise(old_warehouse)[0] == "upgraded"
    with Warehouse(old_warehouse) as warehouse:
        assert warehouse.sql("select mean from result.toy_mean").one() == 0.5


@pytest.mark.parametrize(
    "change",
    [
        "alter table core.trace add column note text",
        "alter table core.trace alter column budget drop not null",
        "drop table core.trial_attribute",
        "alter table core.trial alter column number type integer",
    ],
)
def test_a_warehouse_of_0036_changed_by_hand_is_left_alone(old_warehouse, change):
    with duckdb.connect(str(old_warehouse)) as connection:
        connection.execute("drop view mart.observation")
        connection.execute(change)
    before = columns_of(old_warehouse)
    with pytest.raises(HpowhError, match=r"not as that revision made it: core\.tr\w+\. Somebody changed"):
        initialise(old_warehouse)
    assert columns_of(old_warehouse) == before
    with duckdb.connect(str(old_warehouse), read_only=True) as connection:
        assert connection.execute("select version_num from ops.revision").fetchall() == [("0036",)]


@pytest.mark.parametrize("revision", ["0001", "0002", "0033"])
def test_a_warehouse_from_before_0036_is_told_what_to_do(old_warehouse, revision):
    """Its number may be one of the chain of now, and means something else."""
    with duckdb.connect(str(old_warehouse)) as connection:
        connection.execute("drop table result.sweep_tradeoff")
        connection.execute("update ops.revision set version_num = ?", [revision])
    before = old_warehouse.read_bytes()
    for attempt in (lambda: initialise(old_warehouse), lambda: Warehouse(old_warehouse).sql("select 1")):
        with pytest.raises(VersionError, match=rf"revision {revision} of then.*hpowh init --warehouse NEW_FILE"):
            attempt()
    assert old_warehouse.read_bytes() == before


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


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """A copy of the revisions that a test adds to; the program takes them for its own."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))

    def add(number: str, before: str, body: str = "", *, name: str = "toy", revision: str | None = None) -> None:
        text = f"from alembic import op\n\nrevision = {revision or number!r}\ndown_revision = {before!r}\n\n\n"
        text += f"def upgrade() -> None:\n    op.execute('create table result.{name} (x integer)')\n{body}"
        (folder / "versions" / f"{number}_{name}.py").write_text(text)
        number_of_newest = max(file.name for file in (folder / "versions").glob("[0-9]*.py"))[:4]
        monkeypatch.setattr(migrate, "newest_revision", lambda: number_of_newest)

    monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
    monkeypatch.setattr(migrate, "revisions", lambda: revisions(folder))
    add.folder = folder
    return add


def following(number: str, steps: int = 1) -> str:
    return f"{int(number) + steps:04}"


def test_a_failed_upgrade_changes_nothing(tmp_path, empty_warehouse, chain):
    path = tmp_path / "old.duckdb"
    path.write_bytes(empty_warehouse.read_bytes())
    before, newest = columns_of(path), newest_revision()
    chain(following(newest), newest, "    op.execute('create table core.run (x integer)')\n")
    with pytest.raises(VersionError, match=f"stands at revision {newest}.*hpowh init --warehouse"):
        Warehouse(path).sql("select 1")
    with pytest.raises(HpowhError, match="failed"):
        initialise(path)
    assert columns_of(path) == before
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select version_num from ops.revision").fetchall() == [(newest,)]


def test_a_revision_is_added_to_old_and_new_warehouses(tmp_path, empty_warehouse, old_warehouse, chain):
    path, fresh, newest = tmp_path / "w.duckdb", tmp_path / "fresh.duckdb", newest_revision()
    path.write_bytes(empty_warehouse.read_bytes())
    chain(following(newest), newest)
    assert [initialise(path)[0], initialise(old_warehouse)[0], initialise(fresh)[0]] == [
        "upgraded",
        "upgraded",
        "created",
    ]
    for upgraded in (path, old_warehouse, fresh):
        assert "result.toy" in columns_of(upgraded)


def test_two_revisions_after_one_are_named(tmp_path, chain):
    """By number or by what they follow: neither is taken or dropped in silence."""
    newest = newest_revision()
    chain(following(newest), newest)
    chain(following(newest), newest, name="other")
    with pytest.raises(HpowhError, match=rf"{following(newest)}_other\.py and {following(newest)}_toy\.py"):
        initialise(tmp_path / "w.duckdb")
    (chain.folder / "versions" / f"{following(newest)}_other.py").unlink()
    chain(following(newest, 2), newest, name="other")
    with pytest.raises(
        HpowhError, match=rf"2 ends: {following(newest)}_toy\.py and {following(newest, 2)}_other\.py\. Number it"
    ):
        initialise(tmp_path / "w.duckdb")
    assert not (tmp_path / "w.duckdb").exists()


def test_a_number_that_is_not_its_place_is_an_error(tmp_path, chain):
    newest = newest_revision()
    chain(following(newest, 2), newest)
    with pytest.raises(HpowhError, match=rf"{following(newest, 2)}_toy\.py calls itself .* place {int(newest) + 1} of"):
        initialise(tmp_path / "w.duckdb")
    (chain.folder / "versions" / f"{following(newest, 2)}_toy.py").unlink()
    chain(following(newest), newest)
    chain(following(newest, 2), newest, name="copied", revision=following(newest))
    with pytest.raises(HpowhError, match=rf"{following(newest, 2)}_copied\.py"):
        initialise(tmp_path / "w.duckdb")
    (chain.folder / "versions" / f"{following(newest, 2)}_copied.py").unlink()
    chain(following(newest, 2), "0777", name="astray")
    with pytest.raises(HpowhError, match="0777"):
        initialise(tmp_path / "w.duckdb")


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


def test_numbers_are_places_in_the_chain():
    written = sorted(
        path.name[:4] for path in (ROOT / "migrations" / "versions").glob("*.py") if path.stem != "__init__"
    )
    assert revisions() == written == [f"{place:04}" for place in range(1, len(written) + 1)]
    assert newest_revision() == written[-1]


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
