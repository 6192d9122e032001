"""Publish: the copy is whole, readers keep theirs, and the views say the same on the exported Parquet."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.elsewhere import published
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, UsageError, VersionError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.output import publishing
from hpowh.warehouse.output.exporting import export_query
from hpowh.warehouse.output.publishing import export_parquet, publish_copy, verify_parquet


@pytest.fixture(scope="module")
def filled_file(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of one experiment and a grid, loaded once."""
    folder = tmp_path_factory.mktemp("publish")
    runs = "algorithm,benchmark,seed,budget,value,prior\n" + "".join(
        f"{a},b,{s},{n},{(s + 1) / n},good\n" for a in "AB" for s in range(3) for n in range(1, 6)
    )
    (folder / "runs.csv").write_text(runs)
    (folder / "grid.csv").write_text("lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,nan\n")
    with Warehouse(shutil.copy(empty_warehouse, folder / "hpowh.duckdb")) as store:
        ingest(store, find_source("runs"), Request(str(folder / "runs.csv"), "runs"))
        ingest(store, find_source("grid"), Request(str(folder / "grid.csv"), "grid"))
    return store.path


@pytest.fixture
def filled(filled_file: Path, tmp_path: Path) -> Warehouse:
    """A copy of it."""
    return Warehouse(shutil.copy(filled_file, tmp_path / "hpowh.duckdb"))


def test_the_copy_holds_everything(filled, tmp_path):
    target = tmp_path / "public.duckdb"
    publish_copy(filled, target)
    copy = Warehouse(target)
    assert copy.sql("select identity from ops.warehouse").rows() == [("published copy of hpowh",)]
    for table in filled.tables():
        if table.name == "ops.warehouse":
            continue  # the copy says that it is one
        assert copy.sql(f"select * from {table.name} order by all").rows() == (
            filled.sql(f"select * from {table.name} order by all").rows()
        ), table.name
    assert {t.name: t.grain for t in copy.tables()} == {t.name: t.grain for t in filled.tables()}


def test_readers_of_the_old_copy_keep_it(filled, tmp_path):
    target = tmp_path / "public.duckdb"
    publish_copy(filled, target)
    with duckdb.connect(str(target), read_only=True) as reader:
        before = reader.execute("select count(*) from core.trace").fetchall()
        (tmp_path / "more.csv").write_text("algorithm,benchmark,seed,budget,value\nC,b,0,1,0.5\n")
        ingest(filled, find_source("runs"), Request(str(tmp_path / "more.csv"), "more"))
        publish_copy(filled, target)
        assert reader.execute("select count(*) from core.trace").fetchall() == before
    assert Warehouse(target).sql("select count(*) from core.trace").one() == before[0][0] + 1
    assert not list(tmp_path.glob(".*partial*"))


@pytest.mark.slow
def test_readers_in_other_processes_never_find_half_a_copy(filled, tmp_path):
    """A reader that opens the published file again and again finds it whole while it is swapped."""
    target = tmp_path / "public.duckdb"
    publish_copy(filled, target)
    script = (
        "import duckdb, sys; from pathlib import Path; stop = Path(sys.argv[2]); reads = 0\n"
        "while not stop.exists() or reads < 10:\n"
        "    with duckdb.connect(sys.argv[1], read_only=True) as c:\n"
        "        assert c.execute('select count(*) from core.trace').fetchall() == [(30,)]\n"
        "    reads += 1\n"
        "    print(reads, flush=True)"
    )
    command = [sys.executable, "-c", script, str(target), str(tmp_path / "stop")]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reads = 0
    for _ in range(10):  # swap and let it read in turn; it also reads while the next swap is on
        publish_copy(filled, target)
        reads = int(reader.stdout.readline())
    (tmp_path / "stop").touch()
    reader.communicate(timeout=300)
    assert reader.returncode == 0
    assert reads == 10


def test_what_a_killed_publication_left_is_removed(filled, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".public.duckdb.partial-{ended.pid}"
    left.write_bytes(b"half")
    publish_copy(filled, tmp_path / "public.duckdb")
    assert not left.exists()


def test_the_warehouse_is_not_its_own_copy(filled):
    with pytest.raises(UsageError, match="is the warehouse itself"):
        publish_copy(filled, filled.path)


def test_a_copy_that_cannot_be_written_leaves_the_old_one(filled, tmp_path):
    with pytest.raises(HpowhError):
        publish_copy(filled, tmp_path / "absent" / "public.duckdb")


def test_a_file_that_is_no_copy_is_not_replaced(filled, tmp_path):
    (data := tmp_path / "results.csv").write_text("algorithm,value\nA,1\n")
    with pytest.raises(UsageError, match="is no published copy"):
        publish_copy(filled, data)
    with pytest.raises(UsageError, match="is a file"):
        export_parquet(filled, data)
    assert data.read_text() == "algorithm,value\nA,1\n"


def test_a_refused_folder_keeps_the_copy_from_being_published(filled, tmp_path, hpowh):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    done = hpowh("publish", "copy.duckdb", "--parquet", "mine", "-w", str(filled.path))
    assert done.returncode == 2
    assert "no export of hpowh" in done.stderr
    assert not (tmp_path / "copy.duckdb").exists()
    assert (tmp_path / "mine" / "notes.txt").read_text() == "x"


def test_views_say_the_same_on_the_exported_parquet(filled, tmp_path):
    folder = tmp_path / "parquet"
    tables = {table.name: table for table in export_parquet(filled, folder)}
    assert tables["core.trace"].rows == 30
    assert pl.read_parquet(folder / "core" / "trace" / "**" / "*.parquet").height == 30
    manifest = json.loads((folder / "manifest.json").read_text())
    assert all(bool(table["rows"]) == bool(table["files"]) for table in manifest["tables"])
    assert all(len(table["files"]) <= 1 for table in manifest["tables"])  # small ones are not split
    compared = verify_parquet(filled, folder)
    assert {c.view for c in compared} >= {"neighbour", "landscape_node", "run_regret", "coverage"}
    assert {c.view for c in compared} >= {"observation", "space.grid"}
    assert [c.view for c in compared if not c.is_equal] == []
    assert {c.view: c.rows for c in compared}["neighbour"] == 8


def test_large_tables_are_split_into_folders(filled, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "LARGE", 4)
    export_parquet(filled, tmp_path / "parquet")
    assert (tmp_path / "parquet" / "core" / "evaluation" / "search_space_id=1" / "benchmark_id=2").is_dir()
    copy = Warehouse(tmp_path / "parquet")
    assert copy.sql("select * from mart.evaluation order by all").rows() == (
        filled.sql("select * from mart.evaluation order by all").rows()
    )


@pytest.mark.parametrize("small", [1 << 20, 0], ids=["in memory", "as views"])
def test_a_published_folder_is_read_as_a_warehouse(filled, tmp_path, monkeypatch, small):
    monkeypatch.setattr(published, "SMALL", small)
    folder = tmp_path / "parquet"
    export_parquet(filled, folder)
    copy = Warehouse(folder)
    grains = {t.name: t.grain for t in filled.tables() if t.name != "ops.view_definition"}
    assert {t.name: t.grain for t in copy.tables()} == grains
    for name in [t.name for t in copy.tables() if t.name.startswith(("core.", "mart.", "space.", "ops."))]:
        assert copy.columns(name) == filled.columns(name), name
        assert copy.sql(f"select * from {name} order by all").rows() == (
            filled.sql(f"select * from {name} order by all").rows()
        ), name
    with pytest.raises(UsageError, match="only read"), copy.writing():
        pass


def test_marts_are_the_rows_of_the_views(filled, tmp_path):
    folder = tmp_path / "parquet"
    export_parquet(filled, folder, with_marts=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    views = [t.name for t in filled.tables() if t.kind == "view" and t.name.startswith(("mart.", "space."))]
    assert [mart["name"] for mart in manifest["marts"]] == views
    written = {mart["name"]: mart for mart in manifest["marts"] if mart["rows"]}
    assert {"mart.run_regret", "mart.observation", "space.grid"} <= set(written)
    with duckdb.connect() as connection:
        for name, mart in written.items():
            (file,) = mart["files"]
            columns = ", ".join(f'"{column}"::{kind}' for column, kind in mart["columns"].items())
            rows = connection.execute(f"select {columns} from '{folder / file}' order by all").fetchall()
            assert repr(rows) == repr(filled.sql(f"select * from {name} order by all").rows()), name
    assert Warehouse(folder).sql("select count(*) from mart.run_regret").one() == written["mart.run_regret"]["rows"]
    export_parquet(filled, folder)  # an export without them takes its place
    assert not (folder / "mart").exists()


def test_others_sql_on_a_published_folder_reaches_that_folder_alone(filled, tmp_path):
    folder = tmp_path / "parquet"
    export_parquet(filled, folder)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with Warehouse(folder, locked_down=True) as copy:
        assert copy.sql("select count(*) from core.trace").one() == 30
        for query in (f"from '{tmp_path}/secret.csv'", f"from read_parquet('{folder}/core/trace/*.parquet')"):
            with pytest.raises((HpowhError, duckdb.Error), match=r"Not allowed here|Cannot access"):
                copy.sql(query)
    export_query(Warehouse(folder), "core.trace", tmp_path / "trace.csv")
    assert len((tmp_path / "trace.csv").read_text().splitlines()) == 31


def test_what_is_no_whole_folder_is_refused_in_words(filled, tmp_path):
    folder = tmp_path / "parquet"
    export_parquet(filled, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "revision": "9999"}))
    with pytest.raises(VersionError, match="made by a newer hpowh"):
        Warehouse(folder).sql("select 1")
    (folder / "manifest.json").write_text(json.dumps({"tables": []}))
    with pytest.raises(VersionError, match="older hpowh"):
        Warehouse(folder).sql("select 1")
    (folder / "manifest.json").write_text("{")
    with pytest.raises(NotAWarehouseError, match="no published folder"):
        Warehouse(folder).sql("select 1")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "core" / "benchmark" / "part.parquet").unlink()
    with pytest.raises(NotAWarehouseError, match="Publish it again"):
        Warehouse(folder).sql("select 1")


def test_verification_notices_other_rows_and_changed_files(filled, tmp_path):
    folder = tmp_path / "parquet"
    export_parquet(filled, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    with filled.writing() as connection:
        connection.execute("update core.trace set value = value + 1 where budget = 5")
    assert {c.view for c in verify_parquet(filled, folder) if not c.is_equal} >= {"trace", "incumbent"}
    (file,) = next(t for t in manifest["tables"] if t["name"] == "core.benchmark")["files"]
    (folder / file).write_bytes(b"other")
    with pytest.raises(HpowhError, match="missing or was changed"):
        verify_parquet(filled, folder)


def test_an_export_replaces_an_export_but_nothing_else(filled, tmp_path):
    folder = tmp_path / "parquet"
    export_parquet(filled, folder)
    export_parquet(filled, folder)
    assert [c.view for c in verify_parquet(filled, folder) if not c.is_equal] == []
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.tex").write_text("x")
    with pytest.raises(UsageError, match="no export of hpowh|is no export"):
        export_parquet(filled, foreign)
    assert (foreign / "chapter1.tex").read_text() == "x"


def test_the_command(filled, hpowh, tmp_path):
    done = hpowh("publish", "public.duckdb", "--parquet", "parquet", "--verify")
    assert done.returncode == 0, done.stderr
    assert "views give the same rows there" in done.stderr
    assert hpowh("publish").returncode == 2
    assert (
        hpowh("sql", "select count(*) from core.trace", "-w", "public.duckdb", "--format", "csv").stdout.split()[1]
        == "30"
    )


def test_another_warehouse_is_never_replaced(filled, empty_warehouse, tmp_path):
    live = tmp_path / "live.duckdb"
    shutil.copy(empty_warehouse, live)
    before = live.read_bytes()
    with pytest.raises(UsageError, match="a warehouse of its own"):
        publish_copy(filled, live)
    assert live.read_bytes() == before


def test_a_copy_that_was_written_into_is_a_warehouse_of_its_own(filled, tmp_path):
    target = tmp_path / "public.duckdb"
    publish_copy(filled, target)
    publish_copy(filled, target)  # a copy is replaced by the next
    target.chmod(0o644)
    with Warehouse(target).writing() as connection:
        connection.execute("insert into core.algorithm values (99, 'added here')")
    with pytest.raises(UsageError, match="a warehouse of its own"):
        publish_copy(filled, target)


def test_a_copy_of_the_first_versions_is_told_by_its_mode(filled, empty_warehouse, tmp_path):
    target = tmp_path / "public.duckdb"
    shutil.copy(empty_warehouse, target)
    target.chmod(0o444)
    publish_copy(filled, target)
    assert Warehouse(target).sql("select count(*) from core.trace").one()


def test_an_export_with_other_files_in_it_is_not_replaced(filled, tmp_path):
    folder = tmp_path / "parquet"
    export_parquet(filled, folder)
    (folder / "notes.md").write_text("mine")
    with pytest.raises(UsageError, match=r"notes.md is no part of the export"):
        export_parquet(filled, folder)
    assert (folder / "notes.md").read_text() == "mine"
