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

EXAMPLES = {
    "ALTER": ["alter table core.run add column x int", "comment on table core.run is 'x'"],
    "ANALYZE": ["analyze"],
    "ATTACH": ["attach '{folder}/x.duckdb' as x", "attach '{warehouse}' as again (read_write)"],
    "CALL": ["call pragma_version()", "call enable_logging(storage='file', storage_path='{folder}/log')", "checkpoint"],
    "COPY": [
        "copy (select 'gone' as x) to '{warehouse}' (format csv, use_tmp_file false)",
        "copy (select from_hex('00') as b) to '{warehouse}.wal' (format blob)",
        "copy (select 1) to '{warehouse}.tmp/x.csv'",
        "copy (select 1) to '{warehouse}.wal.recovery' (format csv, use_tmp_file false)",
        "copy (select 1) to '{folder}/new.csv'",
        "copy (select 1) to '/dev/stdout'",
        "copy core.run to '{folder}/new.parquet' (format parquet)",
        "copy core.run from '{folder}/secret.csv'",
    ],
    "COPY_DATABASE": ["copy from database w to w"],
    "CREATE": [
        "create table core.x (a integer)",
        "create temp table x as select 1",
        "create view mart.x as select 1",
        "create macro f(x) as x",
        "create schema x",
        "create sequence x",
        "create type x as enum ('a')",
        "create secret s (type s3)",
        "create index i on core.run (run_id)",
    ],
    "CREATE_FUNC": [],
    "DELETE": ["delete from core.run", "truncate core.trace"],
    "DETACH": ["detach w"],
    "DROP": ["drop table core.run", "drop view mart.run", "drop schema core cascade", "deallocate p"],
    "EXECUTE": ["execute p"],
    "EXPLAIN": [
        "explain analyze copy (select 1) to '{folder}/new.csv'",
        "explain copy (select 1) to '{folder}/new.csv'",
        "EXPLAIN ANALYZE delete from core.run",
        "explain (analyze, format json) delete from core.run",
        "-- a\n/* explain select */ explain analyze /* select 1 */ insert into core.algorithm values (9, 'x')",
        "explain analyze select * from enable_logging()",
        "explain set variable x = 1",
        "explain prepare p as copy (select 1) to '{folder}/new.csv'",
        "explain analyze create table x as select 1",
        "explain --\ranalyze create temp table x as\nselect 1",
        "explain --\ranalyze insert into core.algorithm\nselect 9, 'x'",
    ],
    "EXPORT": ["export database '{folder}/dump'"],
    "EXTENSION": [],
    "INSERT": ["insert into core.algorithm values (9, 'x')", "insert or replace into core.algorithm values (9, 'x')"],
    "INVALID": [],
    "LOAD": ["install httpfs", "load httpfs", "load '{folder}/x.duckdb_extension'", "force install spatial"],
    "LOGICAL_PLAN": [],
    "MERGE_INTO": ["merge into core.run as t using core.run as s on t.run_id = s.run_id when matched then delete"],
    "MULTI": [],
    "PRAGMA": ["pragma threads = 1", "pragma enable_profiling", "pragma disable_checkpoint_on_shutdown"],
    "PREPARE": ["prepare p as select 1", "prepare p as copy (select 1) to '{folder}/new.csv'"],
    "RELATION": [],
    "SET": [
        "set enable_external_access = true",
        "set global enable_external_access = true",
        "set memory_limit = '100GB'",
        "set temp_directory = '{folder}'",
        "set session search_path = 'core'",
        "set allowed_paths = ['{folder}/secret.csv']",
        "reset memory_limit",
        "reset lock_configuration",
        "use w",
        "set variable x = (select content from read_text('{folder}/secret.csv'))",
        "set variable x = (select 1 from enable_logging())",
        "set variable x to (select 1 from query('select 1'))",
        "set schema = 'core'",
    ],
    "TRANSACTION": ["begin", "commit", "rollback", "begin transaction read write"],
    "UPDATE": ["update core.trace set value = 0"],
    "VACUUM": ["vacuum", "vacuum analyze"],
    "VARIABLE_SET": [],
}
"""Kind of statement -> examples. An empty list: DuckDB's parser gives none of this kind for any text."""
READS = [
    f"select * from {call}"
    for call in (
        "read_csv('{secret}')", "read_csv_auto('{secret}')", "read_text('{secret}')", "read_blob('{secret}')",
        "read_json('{secret}')", "read_json_auto('{secret}')", "read_json_objects('{secret}')",
        "read_ndjson('{secret}')",
        "read_ndjson_objects('{secret}')", "read_parquet('{secret}')", "parquet_scan('{secret}')",
        "parquet_metadata('{secret}')", "parquet_schema('{secret}')", "parquet_file_metadata('{secret}')",
        "parquet_kv_metadata('{secret}')", "sniff_csv('{secret}')", "glob('{folder}/*')", "glob('/proc/self/fd/*')",
        "read_text('/proc/self/environ')", "read_text('/proc/self/cmdline')", "read_blob('/proc/self/fd/{descriptor}')",
        "read_blob('/proc/self/mem')", "read_text('/etc/passwd')", "read_csv('/dev/stdin')", "read_blob('{warehouse}')",
        "read_blob('{warehouse}.wal')", "read_text('{warehouse}.tmp/x')", "read_duckdb('{warehouse}')",
        "read_duckdb('{folder}/other.duckdb')", "'{secret}'", "'{folder}/*.csv'", "'{folder}/other.duckdb'",
        "\"{secret}\"", "'https://example.org/x.csv'", "read_csv('https://example.org/x.csv')",
        "read_csv('s3://bucket/x.csv')", "read_parquet('hf://datasets/x/y.parquet')", "query_table('{secret}')",
        "query_table(['{secret}'])", "read_csv(['{secret}', '{secret}'])", "read_text('file://{secret}')",
        "read_text('{folder}/../' || 'secret.csv')", "sqlite_scan('{secret}', 't')", "postgres_scan('', '', '')",
        "st_read('{secret}')", "read_xlsx('{secret}')", "iceberg_scan('{secret}')", "delta_scan('{secret}')",
    )
]  # fmt: skip
EFFECTS = [
    "from enable_logging(storage='file', storage_path='{folder}/log')",
    "from enable_logging(storage='file', storage_path='{warehouse}')",
    "from enable_logging(storage='stdout')",
    'from system.main."enable_logging"()',
    'select * from "ENABLE_LOGGING"()',
    "select (select count(*) from enable_logging(level='trace'))",
    "select * from range(3) where exists (from enable_logging())",
    "with a as materialized (from enable_logging()) from a",
    "with recursive r(n) as (select 1 union all select n + 1 from r, enable_logging() where n < 2) from r",
    "select * from range(3) as a, lateral (from enable_logging()) as b",
    "(select 1) union all (select 1 from enable_logging())",
    "values ((select 1 from enable_logging()))",
    "describe from enable_logging()",
    "describe select * from (from disable_logging())",
    "summarize from enable_logging()",
    "from (summarize from enable_logging())",
    "pivot (select 1 as a, 2 as b from enable_logging()) on a using sum(b)",
    'pivot (select 1 as a, 2 as b from "enable_logging" /* ( */ ()) on a using sum(b)',
    "from (pivot (select 1 as a, 2 as b) on a using sum(b)), enable_logging()",
    *(
        f"pivot (select 1 as a, 2 as b from {name}{between}({arguments})) on a using sum(b)"
        for name, arguments in (("enable_logging", ""), ("query", "'select 1'"), ("glob", "'{folder}/*'"))
        for between in ("--\r", "--\r\n", "/* /* */ */", "\u00a0", "\u200b", "\u2060", "\ufeff")
    ),
    "pivot (select write_log('x') as a, 2 as b) on a using sum(b)",
    "select write_log('x')",
    "select list_transform(['x'], lambda m: write_log(m))",
    "select json_serialize_plan('export database ''{folder}/dump''')",
    "pragma json_execute_serialized_sql(json_serialize_sql('from checkpoint()'))",
    *(
        f"{first}; pivot (select 1 as a, 2 as b where 1 in ({'1::int, ' * 100}1)) on a using sum(b)"
        for first in (
            f"from (pivot (select 1 as a, 2 as b where 1 in ({'1::int, ' * 40}1)) on a using sum(b)), checkpoint()",
            "explain analyze create temp table x as pivot (select 1 as a, 2 as b) on a using sum(b)",
            "create temp table x as pivot (select 1 as a, 2 as b) on a using sum(b)",
            "pivot (select 1 as a, 2 as b) on a using sum(b); create temp table x as select 1",
            "create temp type t as enum ('a')",
        )
    ),
    "unpivot (select 1 as a, 2 as b from enable_logging()) on a, b",
    "from disable_logging()",
    "from truncate_duckdb_logs()",
    "from enable_profiling()",
    "from enable_profiling(format='json', save_location='{folder}/p.json')",
    "from disable_profiling()",
    "from checkpoint()",
    "from checkpoint('hpowh')",
    "from force_checkpoint()",
    "from query('select 1')",
    "from query('from enable_' || 'logging()')",
    "from query('copy (select 1) to ''{folder}/new.csv''')",
    "from query_table('core.run')",
    "from json_execute_serialized_sql(json_serialize_sql('from enable_logging()'))",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "from python_map_function(1, 2, 3)",
    "from arrow_scan(1, 2, 3)",
    "from arrow_scan_dumb(1, 2, 3)",
    "from pandas_scan(1)",
    "from seq_scan(1)",
    "pragma import_database('{folder}')",
    "import database '{folder}'",
    "update extensions",
    "select 1; copy (select 1) to '{folder}/new.csv'",
    "select 1; select 2; delete from core.run",
    "/* ; */ select ';'; drop table core.run -- select",
    "from frame",
    "select * from Path",
    "select nextval('x')",
    "select load_extension('x')",
    'select * from U&"enable_loggin\\\\0067"()',
    "with x as (delete from core.run returning *) select * from x",
    "with x as (insert into core.algorithm values (9, 'x') returning *) select * from x",
    "select * into core.x from core.run",
    "describe (delete from core.run returning *)",
    "select * from (delete from core.run returning *)",
]
ATTEMPTS = [*(text for texts in EXAMPLES.values() for text in texts), *READS, *EFFECTS]
ANSWERED = [
    "select 1",
    "from core.run",
    "table core.run",
    "values (1)",
    "with a as (select 1) from a",
    "explain select 1",
    "explain analyze select count(*) from core.run",
    "EXPLAIN (analyze, format json) select 1",
    "-- why\nexplain /* how */ from core.run",
    "describe core.run",
    "describe select 1",
    "show tables",
    "show all tables",
    "summarize core.run",
    "pragma table_info('core.run')",
    "pivot (select 1 as a, 2 as b) on a using sum(b)",
    "from (pivot (select 1 as a, 2 as b) on a in (1) using sum(b))",
    "unpivot (select 1 as a, 2 as b) on a, b",
    "set variable x = 1; select getvariable('x')",
    "set variable y to (select count(*) from core.run)",
    "reset variable x",
    "reset /* a */ variable --\r x ;",
    "set /* /* */ */ variable --\rz = (select 1)",
    "explain /* /* */ analyze create temp table x as -- */\nselect 1",
    "pivot (select 'enable_logging()' as a, 2 as query) on a using sum(query)",
    "pivot (select 1 as a, 2 as b from range\u200b(2)) on a using sum(b)",
    "pivot (select 1 as a, 2 as b) on a using sum(b); select 1",
    "select * from range(3), generate_series(1, 2), unnest([1])",
    "from json_each('[1]')",
    "from duckdb_tables()",
    "from duckdb_settings()",
    "select 1; select 2;",
]


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
