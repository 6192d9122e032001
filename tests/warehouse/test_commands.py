"""The commands as a user calls them: output, exit codes, one-line errors."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
import typer

import hpowh.warehouse.sources
from hpowh.warehouse import Warehouse
from hpowh.warehouse.cli import build
from hpowh.warehouse.grouping import assembled
from hpowh.warehouse.ingest import Request, find_source, ingest

pexpect = pytest.importorskip("pexpect")

SOURCES = Path(hpowh.warehouse.sources.__file__).parent

RUNS = "algorithm,benchmark,seed,budget,value,prior\n" + "".join(
    f"{a},b{b},{s},{n},{s + n / 10},good\n" for a in "AB" for b in (1, 2) for s in (0, 1) for n in (1, 2, 3)
)


@pytest.fixture(scope="module")
def loaded(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse that holds 24 points, and the file they came from."""
    folder = tmp_path_factory.mktemp("loaded")
    shutil.copy(empty_warehouse, folder / "hpowh.duckdb")
    (folder / "runs.csv").write_text(RUNS)
    with contextlib.chdir(folder), Warehouse("hpowh.duckdb") as store:
        ingest(store, find_source("runs"), Request("runs.csv", "runs", {}, {"direction": "min"}))
    return folder


@pytest.fixture
def ready(hpowh, loaded: Path, tmp_path: Path):
    """A copy of that folder, and the command line to ask it."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    return hpowh


COMMANDS = ("init", "ingest", "sql", "tables", "export", "check", "repair", "restore", "publish", "doctor")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(hpowh, command):
    shown = hpowh(command, "--help")
    assert shown.returncode == 0
    assert f"Example: hpowh {command}" in re.sub(r"\s+", " ", shown.stdout)


def test_help_is_whole_on_eighty_columns(hpowh):
    """Each command's first paragraph to its end, and examples broken only between words."""
    shown = hpowh("--help").stdout
    listed = " ".join(shown.partition("Commands:")[2].split())
    assert "..." not in listed and "swap in the site." in listed
    assert max(map(len, shown.splitlines())) <= 80
    assert "keras-tuner" in hpowh("ingest", "--help").stdout


def test_commands_made_later_are_those_that_typer_makes_at_once():
    """Names, help, options and hidden ones of every command and group."""
    app = build()

    def told(group):
        context = typer.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            options = [(one.name, one.opts, one.required) for one in command.params]
            yield name, command.name, command.help, command.epilog, command.hidden, options
            if hasattr(command, "commands"):
                yield from told(command)

    at_once, later = typer.main.get_command(app), assembled(app)
    assert list(told(later)) == list(told(at_once))
    assert [one.name for one in later.params] == [one.name for one in at_once.params]
    helped = [one.get_help(typer.Context(one, info_name="hpowh")) for one in (assembled(app), at_once)]
    assert helped[0] == helped[1]
    assert "analyse" in helped[0]


def test_help_imports_nothing_heavy():
    """What `hpowh --help` may not import, because each costs a tenth of a second or more."""
    script = (
        "import sys; sys.argv = ['hpowh', '--help']\n"
        "from hpowh.warehouse.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'alembic', 'sqlalchemy', 'polars', 'pyarrow', 'pandas', 'numba', 'scipy', 'sklearn', 'statsmodels',"
        " 'duckdb', 'igraph', 'plotly', 'jinja2', 'optuna', 'rich'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout


def test_init_says_what_it_did(hpowh, tmp_path):
    first, second = hpowh("init", "--json"), hpowh("init")
    assert json.loads(first.stdout)["done"] == "created"
    assert "is up to date" in second.stderr


def test_no_warehouse_says_how_to_make_one(hpowh):
    done = hpowh("sql", "select 1")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("Make one: hpowh init")


def test_ingest_reports_and_is_idempotent(ready):
    again = ready("ingest", "runs", "runs.csv", "--direction", "min", "--json")
    outcome = json.loads(again.stdout)
    assert (again.returncode, outcome["action"], outcome["row_count"]) == (0, "unchanged", 24)


def test_dry_run_writes_nothing(ready):
    shown = ready("ingest", "runs", "runs.csv", "--as", "other", "--dry-run", "--map", "prior=ignore")
    assert shown.returncode == 0
    assert "24 rows. Nothing is written." in shown.stdout
    assert re.search(r"prior +ignore +given", shown.stdout)
    assert json.loads(ready("sql", "select count(*) as n from core.source", "--format", "json").stdout) == [{"n": 1}]


def test_bad_usage_is_exit_code_2(ready):
    for arguments in (
        ("ingest", "nonsense", "x"),
        ("ingest", "runs"),
        ("ingest", "runs", "runs.csv", "--map", "prior"),
        ("ingest", "runs", "runs.csv", "--as", "y", "--map", "prior=nothing"),
        ("sql", "select 1", "--format", "excel"),
        ("frobnicate",),
        ("tables", "nope"),
        ("export", "mart.nope", "x.csv"),
        ("export", "core.run", "x.xlsx"),
    ):
        done = ready(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr


def test_refused_rows_are_one_line_and_debug_shows_the_traceback(ready, tmp_path):
    (tmp_path / "bad.csv").write_text(RUNS + "A,b1,0,x,1,good\n")
    done = ready("ingest", "runs", "bad.csv", "--direction", "min")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "row 25, column 'budget', value 'x'" in done.stderr
    assert "Traceback" in ready("ingest", "runs", "bad.csv", "--direction", "min", "--debug").stderr


def test_toml_declares_sources(hpowh, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "runs.csv").write_text(RUNS.replace("algorithm", "who"))
    (tmp_path / "grid.csv").write_text("lr,depth,q\n0.1,1,0.5\n0.1,2,0.6\n")
    (tmp_path / "hpowh.toml").write_text(
        """
        [[source]]
        kind = "runs"
        path = "data/runs.csv"
        as = "study"
        direction = "min"
        map = { who = "algorithm", prior = "ignore" }

        [[source]]
        kind = "grid"
        path = "grid.csv"
        benchmark = "iris"
        map = { q = "metric:loss@test" }
        levels = { lr = [0.1, 0.2], depth = [1, 2, 3] }
        """
    )
    hpowh("init")
    done = hpowh("ingest")
    assert done.returncode == 0, done.stderr
    rows = json.loads(
        hpowh("sql", "select benchmark, cardinality, split from mart.landscape", "--format", "json").stdout
    )
    assert rows == [{"benchmark": "iris", "cardinality": 6, "split": "test"}]
    assert "Already loaded" in hpowh("ingest").stderr


def test_a_failed_source_does_not_stop_the_others(hpowh, tmp_path):
    (tmp_path / "runs.csv").write_text(RUNS)
    (tmp_path / "hpowh.toml").write_text(
        '[[source]]\nkind = "runs"\npath = "absent.csv"\n\n[[source]]\nkind = "runs"\npath = "runs.csv"\n'
    )
    hpowh("init")
    done = hpowh("ingest")
    assert done.returncode == 1
    assert "absent.csv" in done.stderr
    assert "Loaded runs: 24 rows" in done.stderr


def test_toml_errors_say_where(hpowh, tmp_path):
    hpowh("init")
    assert hpowh("ingest").returncode == 2
    for text, said in (("x = [", "not valid TOML"), ("", "declares no source"), ("[[source]]\n", "has no kind")):
        (tmp_path / "hpowh.toml").write_text(text)
        done = hpowh("ingest")
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_sql_formats(ready, tmp_path):
    query = "select algorithm, count(*) as n from mart.observation group by 1 order by 1"
    assert ready("sql", query, "--format", "csv").stdout == "algorithm,n\nA,12\nB,12\n"
    assert json.loads(ready("sql", query, "--format", "json").stdout)[1] == {"algorithm": "B", "n": 12}
    assert ready("sql", query, "--format", "markdown").stdout.splitlines()[2] == "| A | 12 |"
    assert ready("sql", query).stdout.split() == ["algorithm", "n", "A", "12", "B", "12"]
    ready("sql", query, "--format", "parquet", "--out", "n.parquet")
    assert pl.read_parquet(tmp_path / "n.parquet")["n"].to_list() == [12, 12]


def test_sql_from_file_and_pipe(ready, tmp_path):
    (tmp_path / "q.sql").write_text("select 42 as answer")
    assert ready("sql", "--file", "q.sql", "--format", "csv").stdout.split() == ["answer", "42"]
    assert ready("sql", "--format", "csv", stdin="select 43 as answer").stdout.split() == ["answer", "43"]


def test_sql_limit_is_noticed(ready):
    done = ready("sql", "select * from mart.observation", "--limit", "5", "--timing")
    assert len(done.stdout.strip().splitlines()) == 6
    assert "first 5 rows" in done.stderr
    assert re.search(r"\d\.\d{3} s", done.stderr)
    assert len(ready("sql", "select * from mart.observation", "--limit", "0").stdout.strip().splitlines()) == 25


def test_unlocked_sql_reads_files_and_still_not_writes_the_warehouse(ready):
    assert ready("sql", "select count(*) from 'runs.csv'", "--unlocked", "--format", "csv").stdout.split()[1] == "24"
    assert ready("sql", "delete from core.run", "--unlocked").returncode == 1


def test_wrong_sql_points_at_the_place(ready):
    done = ready("sql", "select bugdet from mart.observation")
    assert done.returncode == 1
    assert "budget" in done.stderr  # DuckDB names the candidates
    assert "^" in done.stderr


def test_prompt_answers_and_keeps_its_history(ready, tmp_path):
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "HPOWH_WAREHOUSE": str(tmp_path / "hpowh.duckdb"),
        "TERM": "dumb",
    }
    child = pexpect.spawn(
        sys.executable, ["-m", "hpowh.warehouse", "sql"], env=environment, encoding="utf-8", timeout=20
    )
    child.expect("hpowh> ")
    child.sendline("select count(*)")
    child.expect(r"\.\.\.> ")
    child.sendline("from mart.observation;")
    child.expect("24")
    child.expect("hpowh> ")
    child.sendline("selec 1;")
    child.expect("syntax error")
    child.expect("hpowh> ")
    child.sendline(".tables")
    child.expect("mart.observation")
    child.expect("hpowh> ")
    for line, answer in (
        (".help", "list the tables"),
        (".columns mart.observation", "algorithm"),
        (".what", "no command"),
    ):
        child.sendline(line)
        child.expect(answer)
        child.expect("hpowh> ")
    child.sendline(".quit")
    child.expect(pexpect.EOF)
    assert "from mart.observation;" in (tmp_path / ".hpowh_history").read_text()


def test_tables_say_what_one_row_is(ready):
    listed = json.loads(ready("tables", "--json").stdout)
    by_name = {table["name"]: table for table in listed}
    assert by_name["core.trace"]["rows"] == 24
    assert by_name["mart.neighbour"]["grain"].startswith("One row per directed pair")
    assert "budget" in ready("tables", "mart.observation").stdout


def test_export_writes_whole_files_only(ready, tmp_path):
    assert ready("export", "mart.observation", "o.parquet").returncode == 0
    assert pl.read_parquet(tmp_path / "o.parquet").height == 24
    assert ready("export", "mart.observation", "o.parquet").returncode == 0  # hpowh made it
    (tmp_path / "mine.parquet").write_text("mine")
    refused = ready("export", "mart.observation", "mine.parquet")
    assert (refused.returncode, (tmp_path / "mine.parquet").read_text()) == (2, "mine")
    assert "give --force" in refused.stderr
    assert ready("export", "select 1 as a", "a.csv").returncode == 0
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"
    failed = ready("export", "select error('x')", "b.csv")
    assert failed.returncode == 1
    assert not (tmp_path / "b.csv").exists()
    assert not list(tmp_path.glob(".*partial"))


def test_check_finds_what_is_broken(ready, tmp_path):
    assert ready("check").returncode == 0
    with duckdb.connect(str(tmp_path / "hpowh.duckdb")) as connection:
        connection.execute("insert into core.trace values (999, 1, 1.0, null, 'ok', 1)")
    done = ready("check", "--json")
    assert done.returncode == 1
    failed = {result["name"] for result in json.loads(done.stdout) if result["failures"]}
    assert failed == {"trace_references", "trace_status", "view_completeness", "seal_source"}


def test_doctor_tells_what_is_there_and_what_is_wrong(ready, tmp_path):
    done = ready("doctor", "--json")
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert found["duckdb"] == {"what": "duckdb", "state": "ok", "detail": duckdb.__version__}
    assert found["warehouse"]["state"] == "ok"
    with duckdb.connect(str(tmp_path / "hpowh.duckdb")) as connection:
        connection.execute("insert into core.trace values (999, 1, 1.0, 0.5, 'ok', 1)")
    sick = ready("doctor")
    assert sick.returncode == 1
    assert re.search(r"check trace_references +problem", sick.stdout)
    (tmp_path / "hpowh.duckdb").write_text("no warehouse")
    assert re.search(r"warehouse +problem +.*is not a DuckDB file", ready("doctor").stdout)


def test_help_of_ingest_lists_every_source_from_its_folder_and_third_parties_too(tmp_path):
    """A package of somebody else's that registers a source in the entry-point group is listed and reached."""
    from hpowh.warehouse.ingest import sources

    (tmp_path / "theirs.py").write_text("class Theirs:\n    kind = 'theirs'\nSOURCE = Theirs()\n")
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hpowh.sources]\ntheirs = theirs:SOURCE\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"}
    shown = subprocess.run(
        [sys.executable, "-m", "hpowh.warehouse", "ingest", "--help"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    ).stdout
    listed = re.search(r"Sources: ([^.]*)\.", " ".join(shown.split()))
    assert listed is not None
    assert listed[1].split(", ") == [*sources(), "theirs"]
    assert {path.parent.name.replace("_", "-") for path in SOURCES.glob("*/source.py")} == set(sources())
