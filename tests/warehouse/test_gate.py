"""What SQL of a user's may do: answer. Whatever is tried, the warehouse keeps its bytes and nothing else is reached."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

import duckdb
import pytest

from hpowh.warehouse import HpowhError, Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.gate import MOST_LETTERS, NotAdmittedError, admitted, one_query
from hpowh.warehouse.limits import LimitError, Limits, Watch
from hpowh.warehouse.output.exporting import export_query

from .attempts import ANSWERED, ATTEMPTS, EFFECTS, EXAMPLES, READS

"""Kind of statement -> examples. An empty list: DuckDB's parser gives none of this kind for any text."""


def test_there_are_as_many_attempts_as_promised():
    assert len(ATTEMPTS) == len(set(ATTEMPTS)) >= 150


@pytest.fixture(scope="module")
def besieged(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse among other files; nothing in the folder may change."""
    folder = tmp_path_factory.mktemp("besieged")
    shutil.copy(empty_warehouse, folder / "w.duckdb")
    shutil.copy(empty_warehouse, folder / "other.duckdb")
    (folder / "w.duckdb.tmp").mkdir()
    (folder / "w.duckdb.tmp" / "x").write_text("spilt")
    (folder / "secret.csv").write_text("a\nsecret\n")
    (folder / "schema.sql").write_text("create table core.imported (a integer);")
    (folder / "load.sql").write_text("")
    return folder


def state(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def filled(text: str, folder: Path) -> str:
    places = {"folder": folder, "warehouse": folder / "w.duckdb", "secret": folder / "secret.csv"}
    if "{descriptor}" in text:
        text = text.replace("{descriptor}", str(descriptor(places["secret"])))
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


@cache
def descriptor(secret: Path) -> int:
    """A descriptor of this process, open on the secret: any other may be a test runner's pipe, without an end."""
    return os.open(secret, os.O_RDONLY)


def test_every_kind_of_statement_is_known():
    """A new DuckDB may bring new kinds: each must be looked at before it is let in."""
    kinds = {name for name in vars(duckdb.StatementType) if name.isupper()}
    assert kinds == {*EXAMPLES, "SELECT"}
    parsed = {
        statement.type.name
        for texts in EXAMPLES.values()
        for text in texts
        for statement in duckdb.connect().extract_statements(text)
    }
    absent = {kind for kind, texts in EXAMPLES.items() if not texts}
    assert not parsed & absent


@pytest.mark.parametrize("may_read_files", [False, True], ids=["locked", "unlocked"])
def test_whatever_is_tried_nothing_changes(besieged, may_read_files, capfd):
    before = state(besieged)
    frame = {"a": [1]}
    assert frame  # a variable that DuckDB's Python package would offer as a table
    answered = []
    limits = Limits(timeout=20)
    with Warehouse(besieged / "w.duckdb", locked_down=True, limits=limits, may_read_files=may_read_files) as store:
        for attempt in ATTEMPTS:
            try:
                rows = store.sql(filled(attempt, besieged)).rows()
            except (HpowhError, duckdb.Error):
                pass
            else:
                answered.append(attempt)
                assert may_read_files, (attempt, rows)
            assert store.sql("select count(*) from core.run").one() == 0  # and it still answers
            assert state(besieged) == before, attempt
    assert state(besieged) == before
    readable = "set variable x = (select content from read_text('{folder}/secret.csv'))"
    globbed = [one for one in EFFECTS if "from glob" in one]
    assert set(answered) <= {*(one for one in READS if "{" in one or "/" in one), readable, *globbed}
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("attempt", [text for texts in EXAMPLES.values() for text in texts])
def test_other_statements_are_refused_by_name(besieged, attempt):
    with pytest.raises(NotAdmittedError) as refused:
        admitted(filled(attempt, besieged))
    said = str(refused.value)
    assert "hpowh answers queries; " in said or "hpowh explains queries" in said or "Not allowed here: " in said
    assert "INVALID" not in said


@pytest.mark.parametrize("query", ANSWERED)
def test_queries_are_answered(besieged, query):
    with Warehouse(besieged / "w.duckdb", locked_down=True) as store:
        store.sql(query).rows()


def test_a_text_of_very_many_statements_is_refused_at_once():
    """They would be looked at one by one, before the limit of time begins."""
    with pytest.raises(NotAdmittedError, match="20,000 statements"):
        admitted("select 1;" * 20_000)


def test_long_texts_are_looked_at_once():
    """What is looked at cannot be interrupted, so it must not grow with the square of the text."""
    values = ", ".join(map(str, range(30_000)))
    pivot = "pivot (select 1 as a, 2 as b) on a using sum(b);"
    for text in (f"explain select [{values}]", f"set variable x = [{values}]", f"{pivot * 4} select [{values}]"):
        admitted(text)
    with pytest.raises(NotAdmittedError, match="letters"):
        admitted(f"select '{'x' * MOST_LETTERS}'")


def test_rows_of_a_pivot_and_of_several_queries(besieged):
    with Warehouse(besieged / "w.duckdb", locked_down=True) as store:
        assert store.sql("pivot (values ('x', 1), ('y', 2)) as t(a, b) on a using sum(b)").rows() == [(1, 2)]
        assert store.sql("select $n + 1", {"n": 41}).one() == 42
        assert [one.rows() for one in store.each("select 1; select 2")] == [[(1,)], [(2,)]]
        pivot = "pivot (select 1 as a, {} as b) on a using sum(b);"
        several = pivot.format(2) + "select 7;" + pivot.format("3::int + 1::int") + pivot.format(5)
        assert [one.rows() for one in store.each(several)] == [[(2,)], [(7,)], [(4,)], [(5,)]]
        with pytest.raises(UsageError, match="empty"):
            list(store.each("  -- nothing"))


def test_the_warehouse_s_own_macros_are_admitted():
    assert len(admitted("from mart.ranked('points'); select mart.loss(1.0, 'min')")) == 2
    with pytest.raises(NotAdmittedError):
        admitted("from mart.other_macro('points')")


def test_a_locked_warehouse_gives_no_connection_and_is_not_written(besieged):
    with Warehouse(besieged / "w.duckdb", locked_down=True) as store:
        with pytest.raises(UsageError, match="locked down"):
            _ = store.connection
        with pytest.raises(UsageError, match="locked down"), store.writing():
            pass
        assert any(table.name == "core.run" for table in store.tables())


@pytest.mark.parametrize(
    "text", [*EFFECTS[:4], "select 1) to 'x' (format csv); --", "delete from core.run", "select 1; select 2"]
)
def test_only_one_select_stands_within_parentheses(text):
    with pytest.raises((NotAdmittedError, duckdb.Error)):
        one_query(filled(text, Path("/nowhere")))


def test_a_comment_at_the_end_hides_nothing(besieged, tmp_path):
    with Warehouse(besieged / "w.duckdb") as store:
        assert export_query(store, "select 1 as a -- ) to 'elsewhere'", tmp_path / "a.csv") == 1
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize("attempt", [*READS, *EFFECTS[:8], "copy (select 1) to '{folder}/new.csv'"])
def test_an_exported_query_reaches_nothing_else(besieged, tmp_path, attempt):
    before = state(besieged)
    with Warehouse(besieged / "w.duckdb") as store, pytest.raises((HpowhError, duckdb.Error)):
        export_query(store, filled(attempt, besieged), tmp_path / "out.csv")
    assert state(besieged) == before
    assert list(tmp_path.iterdir()) == []


def test_a_runaway_query_stops(besieged):
    query = "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r"
    with Warehouse(besieged / "w.duckdb", locked_down=True, limits=Limits(timeout=0.3)) as store:
        began = time.monotonic()
        with pytest.raises(LimitError, match=r"stopped after 0.3 s.*--timeout"):
            store.sql(query).rows()
        assert time.monotonic() - began < 30
        assert store.sql("select 1").one() == 1


def test_memory_is_limited(besieged):
    query = "select len(list(range)) from range(100000000)"
    limits = Limits(timeout=60, memory="60MB")
    with Warehouse(besieged / "w.duckdb", locked_down=True, limits=limits) as store:
        with pytest.raises((duckdb.OutOfMemoryException, LimitError)):
            store.sql(query).rows()
        assert not (besieged / "w.duckdb.tmp" / "duckdb_temp_storage").exists()
    with pytest.raises(UsageError, match="not understood"):
        _ = Limits(memory="much").bytes


def test_temporary_files_are_private_and_go(besieged):
    with Warehouse(besieged / "w.duckdb", locked_down=True) as store:
        folder = Path(store.sql("select current_setting('temp_directory')").one())
        assert folder.stat().st_mode & 0o077 == 0
        assert not folder.is_relative_to(besieged)
    assert not folder.exists()


@pytest.mark.parametrize(
    "how",
    [
        lambda run, text, folder: run("sql", text),
        lambda run, text, folder: run("sql", stdin=text),
        lambda run, text, folder: run("sql", "-", stdin=text),
        lambda run, text, folder: run("sql", "--file", "attack.sql"),
        lambda run, text, folder: run("sql", text, "--unlocked"),
        lambda run, text, folder: run("export", text, "out.csv"),
    ],
    ids=["argument", "pipe", "dash", "file", "unlocked", "export"],
)
def test_every_door_of_the_command_line_is_this_one(hpowh, besieged, tmp_path, how):
    shutil.copy(besieged / "w.duckdb", tmp_path / "hpowh.duckdb")
    text = f"copy (select 1) to '{tmp_path / 'hpowh.duckdb'}' (format csv, use_tmp_file false)"
    (tmp_path / "attack.sql").write_text(text)
    before = state(tmp_path)
    done = how(hpowh, text, tmp_path)
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("Error: hpowh answers queries; COPY is none."), done.stderr
    assert state(tmp_path) == before


def test_the_command_says_that_a_query_took_too_long(hpowh, besieged, tmp_path):
    shutil.copy(besieged / "w.duckdb", tmp_path / "hpowh.duckdb")
    query = "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r"
    done = hpowh("sql", query, "--timeout", "0.5")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The query was stopped after 0.5 s.")


def test_what_does_not_heed_the_interruption_is_told(monkeypatch):
    class Deaf:
        asked = 0

        def interrupt(self) -> None:
            self.asked += 1

    monkeypatch.setattr("hpowh.warehouse.limits.GRACE", 0.05)
    monkeypatch.setattr("hpowh.warehouse.limits.BEAT", 0.01)
    told = threading.Event()
    said: list[str] = []
    connection = Deaf()
    watch = Watch(connection, Limits(timeout=0.05), lambda sentence: (said.append(sentence), told.set()))
    watch.begin()
    with watch.running():
        assert told.wait(30)
    watch.stop()
    assert connection.asked
    assert said[0].startswith("The query was stopped after 0.05 s.")


def test_the_process_ends_at_once_and_tidies():
    script = (
        "import threading, time\n"
        "from hpowh.warehouse.console import end_now\n"
        "threading.Thread(target=lambda: end_now('Error: too long', lambda: print('tidied', flush=True))).start()\n"
        "time.sleep(60)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "tidied\n", "Error: too long\n")
