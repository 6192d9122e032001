"""What a check finds can be mended: sources come again from where they came, a backup takes the warehouse's place."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import polars as pl
import pytest

from hpowh.warehouse import Warehouse, migrate
from hpowh.warehouse.checks.contents import contents
from hpowh.warehouse.checks.repairing import repair, restore
from hpowh.warehouse.checks.seal import broken_seals
from hpowh.warehouse.connection import connect
from hpowh.warehouse.console import open_warehouse
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, UsageError, WarehouseLockedError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.migrate import back_up, initialise

RUNS = "algorithm,benchmark,seed,budget,value\n" + "".join(f"{a},b,{s},1,{s}\n" for a in "AB" for s in range(3))


@pytest.fixture
def damaged(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """A warehouse with two sources; a row of the first is gone."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(RUNS.replace("A,", f"{name},"))
        request = Request(location=str(tmp_path / f"{name}.csv"), name=name, options={"direction": "min"})
        ingest(warehouse, find_source("runs"), request)
    warehouse.close()
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("delete from core.trace where source_id = 1 and run_id = 1")
    return warehouse


def test_a_damaged_source_is_loaded_again(damaged):
    assert [one.table_name for one in broken_seals(damaged.connection)] == ["core.trace"]
    done = repair(damaged)
    assert (done.reloaded, done.failed, done.quarantined) == (["one"], {}, {})
    assert broken_seals(damaged.connection) == []
    assert damaged.sql("select count(*) from core.trace").one() == 12
    assert repair(damaged) == type(done)()  # nothing is left to do


def test_a_source_that_is_gone_keeps_its_rows_or_is_taken_out(damaged, tmp_path):
    (tmp_path / "one.csv").unlink()
    done = repair(damaged)
    assert "There is no file" in done.failed["one"]
    assert damaged.sql("select count(*) from core.trace").one() == 11
    done = repair(damaged, quarantine=True)
    folder = Path(done.quarantined["one"])
    assert pl.read_parquet(folder / "core.trace.parquet").height == 5
    assert pl.read_parquet(folder / "core.source.parquet")["name"].to_list() == ["one"]
    assert broken_seals(damaged.connection) == []
    assert damaged.sql("select name from core.source").rows() == [("two",)]


def test_a_source_is_named_or_none(damaged):
    with pytest.raises(UsageError, match="There is no source three"):
        repair(damaged, ["three"])
    assert repair(damaged, ["two"]).reloaded == ["two"]


def test_views_are_made_anew_and_what_cannot_be_mended_is_said(damaged):
    with duckdb.connect(str(damaged.path)) as connection:
        connection.execute("drop view mart.observation; update core.metric set direction = 'max'")
    done = repair(damaged)
    assert damaged.sql("select count(*) from mart.observation").one() == 11
    assert "direction" in done.failed["one"]  # the other source still has the metric with the wrong one
    assert "hpowh restore BACKUP" in done.failed["core.metric 1"]


def test_what_no_source_brings_needs_a_backup(damaged):
    with duckdb.connect(str(damaged.path)) as connection:
        connection.execute("drop table result.lmem_contrast")
    with pytest.raises(HpowhError, match=r"result.lmem_contrast.*hpowh restore BACKUP"):
        repair(damaged)


def test_a_backup_takes_the_place_and_nothing_is_lost(damaged, tmp_path):
    repair(damaged)
    damaged.close()
    backup = back_up(damaged.path, "0001")
    before = contents(backup)
    with duckdb.connect(str(damaged.path)) as connection:
        connection.execute("truncate core.trace")
    spoilt = contents(damaged.path)
    kept = restore(backup, damaged.path)
    assert contents(damaged.path) == before == contents(backup)
    assert contents(kept) == spoilt
    assert {path.name.split(".backup")[0].split(".before")[0] for path in tmp_path.glob("hpowh*")} == {"hpowh.duckdb"}
    assert not list(tmp_path.glob(".hpowh*"))


def test_restore_refuses_what_is_no_backup(damaged, tmp_path):
    (tmp_path / "text").write_text("no database")
    before = contents(damaged.path)
    for backup, error in ((tmp_path / "text", NotAWarehouseError), (tmp_path / "absent", UsageError)):
        with pytest.raises(error) as refused:
            restore(backup, damaged.path)
        assert str(backup) in str(refused.value)  # as it was given, not as a copy of it
    with pytest.raises(UsageError, match="itself"):
        restore(damaged.path, damaged.path)
    backup = back_up(damaged.path, "0001")
    writer = connect(damaged.path, read_only=True)
    try:
        with pytest.raises(WarehouseLockedError):
            restore(backup, damaged.path)
    finally:
        writer.close()
    assert contents(damaged.path) == before


def test_one_backup_serves_several_tries(damaged, tmp_path):
    first = back_up(damaged.path, "0001")
    assert back_up(damaged.path, "0001") == first
    with duckdb.connect(str(damaged.path)) as connection:
        connection.execute("truncate core.trace")
    second = back_up(damaged.path, "0001")
    assert contents(second) == contents(damaged.path) != contents(first)


def test_two_backups_of_one_second_are_both_kept(damaged, monkeypatch):
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(migrate, "datetime", SimpleNamespace(now=lambda zone: noon))
    first = back_up(damaged.path, "0001")
    before = contents(first)
    with duckdb.connect(str(damaged.path)) as connection:
        connection.execute("truncate core.trace")
    second = back_up(damaged.path, "0001")
    assert first != second
    assert contents(first) == before != contents(second)
    assert back_up(damaged.path, "0001") == second


def test_a_log_without_its_warehouse_is_refused(tmp_path):
    path = tmp_path / "w.duckdb"
    Path(f"{path}.wal").write_bytes(b"the log of a warehouse that was removed")
    with pytest.raises(HpowhError, match="write-ahead log"):
        initialise(path)
    assert not path.exists()
    assert Path(f"{path}.wal").read_bytes() == b"the log of a warehouse that was removed"


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    path = tmp_path / "w.duckdb"
    upgrade = migrate._upgrade

    def slow(fresh: Path, *rest: object, **more: object) -> None:
        upgrade(fresh, *rest, **more)
        path.write_text("somebody else's")

    monkeypatch.setattr(migrate, "_upgrade", slow)
    with pytest.raises(HpowhError, match="made meanwhile"):
        initialise(path)
    assert path.read_text() == "somebody else's"
    assert [one.name for one in tmp_path.iterdir()] == ["w.duckdb"]


def killed_with_a_log(path: Path) -> None:
    """Commit a row and end the process without closing: it is in the log alone."""
    import subprocess
    import sys

    script = (
        "import duckdb, os, sys\n"
        "c = duckdb.connect(sys.argv[1])\n"
        "c.execute(\"insert into core.algorithm values (99, 'in the log')\")\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert Path(f"{path}.wal").stat().st_size


def test_the_next_writing_command_folds_the_log_in(damaged, tmp_path):
    killed_with_a_log(damaged.path)
    from hpowh.warehouse.checks.doctor import examine

    (found,) = [one for one in examine(damaged.path) if one.what == "log"]
    assert found.state == "problem"
    assert "a copy of the file alone would lack" in found.detail
    request = Request(location=str(tmp_path / "two.csv"), name="two", options={"direction": "min"})
    assert ingest(damaged, find_source("runs"), request).action == "unchanged"
    damaged.close()
    assert not Path(f"{damaged.path}.wal").exists()
    copy = tmp_path / "copy.duckdb"
    shutil.copy(damaged.path, copy)
    assert Warehouse(copy).sql("select name from core.algorithm where algorithm_id = 99").one() == "in the log"
    assert [one for one in examine(damaged.path) if one.what == "log"] == []


def test_every_command_that_may_write_asks_for_the_log(damaged):
    """Also one that finds that it need not write: an analysis that is stored, a copy, a repair of nothing."""
    root = Path(__file__).resolve().parents[2]
    files = [*root.glob("analyses/*/commands*.py"), *root.glob("analyses/*/commands/*.py")]
    files += [root / "warehouse" / "commands" / f"{name}.py" for name in ("ingest", "publish", "repair")]
    calls = [
        (file.name, call)
        for file in files
        for call in re.findall(r"open_warehouse\((?!.*close\(\)).*", file.read_text())
    ]
    assert len(calls) >= 15
    assert [one for one in calls if not re.search("writes=True|# reads only", one[1])] == []
    killed_with_a_log(damaged.path)
    open_warehouse(damaged.path).close()
    assert Path(f"{damaged.path}.wal").exists()  # who reads leaves it
    open_warehouse(damaged.path, writes=True).close()
    assert not Path(f"{damaged.path}.wal").exists()


def test_a_folder_is_no_place_for_a_backup_and_two_restores_at_once_keep_both(tmp_path, empty_warehouse):
    shutil.copy(empty_warehouse, tmp_path / "w.duckdb")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="is a folder"):
        restore(tmp_path / "w.duckdb", tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "mine"
    kept = set()
    for _ in range(3):
        shutil.copy(empty_warehouse, tmp_path / "target.duckdb")
        kept.add(restore(tmp_path / "w.duckdb", tmp_path / "target.duckdb"))
    assert len(kept) == 3
    assert all(path.is_file() for path in kept)
