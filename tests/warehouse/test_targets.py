"""No output option destroys what hpowh did not make, and never a warehouse."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import duckdb
import pytest
import typer

from hpowh.reports.door.results import Picture
from hpowh.warehouse import Warehouse, console
from hpowh.warehouse.checks.repairing import restore
from hpowh.warehouse.errors import EXIT_FAILED, HpowhError, NotAWarehouseError, UsageError
from hpowh.warehouse.migrate import initialise
from hpowh.warehouse.output import targets
from hpowh.warehouse.output.lakes import refuse_other_files
from hpowh.warehouse.output.publishing import publish_copy
from hpowh.warehouse.output.targets import refuse_folder, was_made, written_file


def write(target: Path, text: str = "new", **more) -> None:
    with written_file(target, option="--out", **more) as place:
        place.write_text(text)


def test_a_new_file_is_whole_and_marked(tmp_path):
    target = tmp_path / "rows.csv"
    write(target)
    assert target.read_text() == "new"
    assert was_made(target)
    write(target, "newer")
    assert target.read_text() == "newer"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_what_hpowh_did_not_make_needs_force(tmp_path):
    target = tmp_path / "mine.csv"
    target.write_text("mine")
    with pytest.raises(UsageError, match="did not make.*--force"):
        write(target)
    assert target.read_text() == "mine"
    write(target, force=True)
    assert target.read_text() == "new"
    target.write_text("changed by hand")
    with pytest.raises(UsageError, match="did not make"):
        write(target)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "w.duckdb",
        "w.duckdb.wal",
        "w.duckdb.wal.recovery",
        "w.duckdb.wal.checkpoint",
        ".w.duckdb.blocks-12-0",
        "link",
        "folder",
    ],
)
def test_a_warehouse_and_what_belongs_to_it_is_never_overwritten(tmp_path, empty_warehouse, name, force):
    shutil.copy(empty_warehouse, tmp_path / "w.duckdb")
    (tmp_path / "link").symlink_to("w.duckdb")
    (tmp_path / "folder").mkdir()
    before = (tmp_path / "w.duckdb").read_bytes()
    with pytest.raises(UsageError, match="would overwrite|is a folder"):
        write(tmp_path / name, force=force)
    assert (tmp_path / "w.duckdb").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "w.duckdb"]


@pytest.mark.parametrize("name", ["gone.duckdb.wal", "link.csv"])
def test_a_log_whose_warehouse_was_moved_is_never_overwritten(tmp_path, name):
    """It may hold what was acknowledged last."""
    (tmp_path / "gone.duckdb.wal").write_bytes(b"log")
    (tmp_path / "link.csv").symlink_to("gone.duckdb.wal")
    with pytest.raises(UsageError, match="log of a warehouse that was moved"):
        write(tmp_path / name, force=True)
    assert (tmp_path / "gone.duckdb.wal").read_bytes() == b"log"


def test_no_copy_or_warehouse_is_taken_for_a_log_or_meets_that_of_another(tmp_path, empty_warehouse):
    shutil.copy(empty_warehouse, tmp_path / "w.duckdb")
    (tmp_path / "gone.duckdb.wal").write_bytes(b"log")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with Warehouse(tmp_path / "w.duckdb") as store:
        for name in ("w.duckdb.wal", "w.duckdb.wal.recovery", ".w.duckdb.blocks-1-0", "gone.duckdb", "gone.duckdb.wal"):
            with pytest.raises(HpowhError):
                publish_copy(store, tmp_path / name)
    for name in ("w.duckdb.wal", "w.duckdb.wal.checkpoint", "gone.duckdb"):
        with pytest.raises(HpowhError):
            initialise(tmp_path / name)
    for name in ("w.duckdb.wal", ".w.duckdb.blocks-1-0", "gone.duckdb.wal"):
        with pytest.raises(HpowhError):
            restore(tmp_path / "w.duckdb", tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_another_database_keeps_its_log(tmp_path):
    """Opening it to write would fold the log in: its bytes are not ours."""
    with duckdb.connect(str(tmp_path / "live.duckdb")) as connection:
        connection.execute("set wal_autocheckpoint = '1GB'")
        connection.execute("create table t as select 1")
        for ending in ("", ".wal"):
            shutil.copy(tmp_path / f"live.duckdb{ending}", tmp_path / f"foreign.duckdb{ending}")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("foreign*")}
    assert set(before) == {"foreign.duckdb", "foreign.duckdb.wal"}
    with pytest.raises(NotAWarehouseError):
        initialise(tmp_path / "foreign.duckdb")
    with pytest.raises(NotAWarehouseError), Warehouse(tmp_path / "foreign.duckdb").writing():
        pass
    assert {path.name: path.read_bytes() for path in tmp_path.glob("foreign*")} == before


def test_a_lake_is_not_made_of_another_database(tmp_path):
    with sqlite3.connect(tmp_path / "optuna.db") as connection:
        connection.execute("create table studies (study_id integer)")
    with sqlite3.connect(tmp_path / "lake.db") as connection:
        connection.execute("create table ducklake_metadata (key text)")
    (tmp_path / "cut.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    refuse_other_files(str(tmp_path / "lake.db"))
    refuse_other_files(str(tmp_path / "new.db"))
    for name in ("optuna.db", "cut.db", "."):
        with pytest.raises(UsageError, match="no catalogue of a lake"):
            refuse_other_files(str(tmp_path / name))


def test_the_source_is_never_overwritten(tmp_path):
    source = tmp_path / "runs.csv"
    source.write_text("a\n1\n")
    with pytest.raises(UsageError, match="overwrite the source"):
        write(source, sources=[source], force=True)
    inside = tmp_path / "study" / "notes.txt"
    inside.parent.mkdir()
    inside.write_text("mine")
    with pytest.raises(UsageError, match="overwrite the source"):
        write(inside, sources=[inside.parent], force=True)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "rows.csv"
    write(target, "old")
    with pytest.raises(ZeroDivisionError), written_file(target, option="--out") as place:
        place.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    with pytest.raises(HpowhError, match="Cannot write"):
        write(tmp_path / "absent" / "rows.csv")


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    write(real)
    real.chmod(0o640)
    link.symlink_to(real)
    write(link, "newer")
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("newer", 0o640)


def test_a_pipe_is_written_to_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(pipe)
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_disk_is_no_device_to_write_to(monkeypatch):
    monkeypatch.setattr(Path, "is_block_device", lambda _: True)
    with pytest.raises(UsageError, match="this is a disk"):
        write(Path(os.devnull), force=True)


def test_what_a_killed_process_left_and_nobody_may_remove_stops_nothing(tmp_path, monkeypatch):
    left = tmp_path / f".rows.csv.partial-{2**22 + 1}"  # no process has such a number
    left.write_text("half")
    with monkeypatch.context() as patch:

        def refuse(path: Path, **_: object) -> None:
            raise PermissionError(1, "Operation not permitted", str(path))

        patch.setattr(Path, "unlink", refuse)
        write(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text() == "new"


def test_figures_of_python_spare_a_warehouse(tmp_path, empty_warehouse):
    shutil.copy(empty_warehouse, tmp_path / "w.duckdb")
    before = (tmp_path / "w.duckdb").read_bytes()
    picture = Picture("cd", "<svg/>")
    with pytest.raises(UsageError, match="would overwrite a warehouse"):
        picture.save(tmp_path / "w.duckdb")
    assert (tmp_path / "w.duckdb").read_bytes() == before
    for _ in range(2):
        assert picture.save(tmp_path / "cd.svg").read_text() == "<svg/>"


def test_what_the_system_refuses_is_said_in_a_sentence(monkeypatch, capsys):
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere/main.tex")

    app = typer.Typer()
    monkeypatch.setattr(console, "assembled", lambda _: refused)
    monkeypatch.setattr(sys, "argv", ["hpowh", "one"])
    assert console.run(app) == EXIT_FAILED
    assert capsys.readouterr().err == "Error: /somewhere/main.tex: Permission denied. --debug shows where.\n"
    monkeypatch.setattr(sys, "argv", ["hpowh", "one", "--debug"])
    with pytest.raises(PermissionError):
        console.run(app)


def test_marks_do_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(targets, "MOST_LINES", 10)
    for number in range(40):
        write(tmp_path / f"{number % 3}.csv", str(number))
    assert len(targets.made_file().read_text().splitlines()) <= 10
    assert all(was_made(tmp_path / f"{number}.csv") for number in range(3))


def test_without_a_place_for_marks_force_is_asked_for(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    write(tmp_path / "a.csv")
    with pytest.raises(UsageError, match="--force"):
        write(tmp_path / "a.csv")


def test_a_folder_is_filled_only_where_hpowh_made_it(tmp_path, empty_warehouse):
    def ask(name: str) -> None:
        refuse_folder(tmp_path / name, option="--out", mark="plan.json", what="evaluations", besides=("lock",))

    ask("new")
    (tmp_path / "empty").mkdir()
    ask("empty")
    (tmp_path / "empty" / "lock").write_text("1")
    ask("empty")
    (tmp_path / "empty" / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="holds files that are no evaluations"):
        ask("empty")
    (tmp_path / "empty" / "plan.json").write_text("{}")
    ask("empty")
    with pytest.raises(UsageError, match="is a file"):
        ask("empty/thesis.tex")
    shutil.copy(empty_warehouse, tmp_path / "w.duckdb")
    with pytest.raises(UsageError, match="is a warehouse"):
        ask("w.duckdb")


def test_every_command_that_writes_a_file_asks_here(hpowh, empty_warehouse, tmp_path):
    """One slip of a name must not cost the warehouse."""
    shutil.copy(empty_warehouse, tmp_path / "hpowh.duckdb")
    shutil.copy(empty_warehouse, tmp_path / "other.csv")  # a warehouse whatever its name
    (tmp_path / "bad.csv").write_text("algorithm,benchmark,seed,budget,value\nA,b,0,1,x\nA,b,0,2,1\n")
    before = {name: (tmp_path / name).read_bytes() for name in ("hpowh.duckdb", "other.csv")}
    for arguments in (
        ("sql", "select 1", "--out", "hpowh.duckdb"),
        ("sql", "select 1", "--out", "hpowh.duckdb", "--force"),
        ("sql", "select 1", "--out", "other.csv", "--force"),
        ("export", "core.run", "other.csv", "--force"),
        ("ingest", "runs", "bad.csv", "--direction", "min", "--reject-to", "hpowh.duckdb"),
        ("publish", "other.csv"),
        ("report", "--out", "hpowh.duckdb"),
        ("publish", "--parquet", "hpowh.duckdb"),
    ):
        done = hpowh(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert {name: (tmp_path / name).read_bytes() for name in before} == before, arguments
