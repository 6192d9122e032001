"""What the surroundings may do: full disks, folders that nobody may write, clocks that step back, kills."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import duckdb
import pytest

from hpowh.analyses.traces.job import analyse
from hpowh.warehouse import Warehouse, limits, migrate, results
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.checks.contents import contents
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.ingest import Request, find_source, ingest, walk
from hpowh.warehouse.migrate import initialise
from hpowh.warehouse.revisions import revisions

RUNS = "algorithm,benchmark,seed,budget,value\n" + "".join(
    f"{a},b{b},{s},{n},{(s + 1) / n}\n" for a in "AB" for b in (1, 2) for s in (0, 1) for n in (1, 2)
)


@pytest.fixture
def place(tmp_path: Path, empty_warehouse: Path) -> Path:
    """A folder with a warehouse that holds one source."""
    folder = tmp_path / "place"
    folder.mkdir()
    shutil.copy(empty_warehouse, folder / "hpowh.duckdb")
    (folder / "runs.csv").write_text(RUNS)
    with Warehouse(folder / "hpowh.duckdb") as store:
        ingest(store, find_source("runs"), Request(str(folder / "runs.csv"), "runs", {}, {"direction": "min"}))
    return folder


def call(folder: Path, *arguments: str, before: Callable[[], None] | None = None, **more: str):
    """Run the command line in a folder, as a process of its own."""
    environment = {**os.environ, "HPOWH_WAREHOUSE": str(folder / "hpowh.duckdb"), "COLUMNS": "400", **more}
    command = [sys.executable, "-m", "hpowh.warehouse", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, preexec_fn=before
    )


def as_anybody() -> None:
    """Give up what lets a superuser write where nobody may."""
    if os.geteuid() == 0:
        drop_from_bounding_set = 24
        for capability in (1, 2):  # to override what a file's mode allows
            ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


def nothing_larger_than(size: int) -> Callable[[], None]:
    """Return what limits the size of files, as a full disk would."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """Return the message of a command that has failed in words."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def assert_sound(warehouse: Path, sources: int = 1) -> None:
    with Warehouse(warehouse) as store:
        assert store.sql("select count(*) from core.source").one() == sources
        assert [one.name for one in run_checks(store) if one.failures] == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", [0o555, 0o500])
def test_a_folder_that_nobody_may_write_is_read_and_named(place, mode):
    (place / "more.csv").write_text(RUNS.replace("A,", "C,"))
    (place / "hpowh.duckdb").chmod(0o444)
    place.chmod(mode)
    try:
        done = call(place, "sql", "select count(*) from core.trace", "--format", "csv", before=as_anybody)
        assert done.stdout.splitlines()[1:] == ["16"], done.stderr
        for command in (
            ("ingest", "runs", "more.csv", "--direction", "min"),
            ("init", "--warehouse", "other.duckdb"),
            ("export", "mart.run", "out.parquet"),
            ("report", "--out", "site"),
            ("publish", "copy.duckdb"),
            ("analyse", "traces"),
        ):
            said = failed(call(place, *command, before=as_anybody))
            assert "ermission" in said or "write" in said, (command, said)
        assert {one.name for one in place.iterdir()} == {"hpowh.duckdb", "runs.csv", "more.csv"}
    finally:
        place.chmod(0o755)
    assert_sound(place / "hpowh.duckdb")


@pytest.mark.slow
def test_a_file_system_that_is_read_only_is_read_and_named(place, tmp_path):
    """Not a matter of rights, and not even a superuser may write."""
    (place / "more.csv").write_text(RUNS.replace("A,", "C,"))
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "--bind", place, mounted], capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        subprocess.run([mount, "-o", "remount,bind,ro", mounted], check=True)
        for question in (("sql", "select count(*) from core.trace"), ("check",), ("doctor",)):
            done = call(mounted, *question)
            assert done.returncode == 0, (question, done.stderr)
        outside = ("export", "mart.run", str(tmp_path / "out.parquet"))
        assert call(mounted, *outside).returncode == 0
        for command in (
            ("init",),
            ("ingest", "runs", "more.csv", "--direction", "min"),
            ("init", "--warehouse", "other.duckdb"),
            ("export", "mart.run", "out.parquet"),
            ("sql", "select 1", "--out", "out.csv"),
            ("report", "--out", "site"),
            ("publish", "copy.duckdb"),
            ("analyse", "traces"),
        ):
            done = call(mounted, *command)
            if command == ("init",) and done.returncode == 0:
                continue  # there is nothing to do
            said = failed(done)
            assert "ead-only" in said or "write" in said, (command, said)
        assert {one.name for one in place.iterdir()} == {"hpowh.duckdb", "runs.csv", "more.csv"}
    finally:
        subprocess.run(["umount", mounted], check=True)
    assert_sound(place / "hpowh.duckdb")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["missing", "unwritable"])
def test_a_temporary_folder_that_cannot_be_used_stops_nothing(place, kind):
    odd = place / "tmp"
    if kind == "unwritable":
        odd.mkdir(mode=0o555)
    (place / "wide.csv").write_bytes(RUNS.replace("A,", "C,").encode("utf-16"))
    for command in (("ingest", "runs", "wide.csv", "--direction", "min"), ("sql", "select 1"), ("check",)):
        done = call(place, *command, before=as_anybody, TMPDIR=str(odd))
        assert done.returncode == 0, (command, done.stderr)
    assert_sound(place / "hpowh.duckdb", sources=2)


def test_what_cannot_be_removed_does_not_hide_why_writing_failed(tmp_path, monkeypatch):
    """A read-only file system refuses to remove even what is not there."""

    def refuse(path: Path, **_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    def make(path: Path, *_: object, **__: object) -> None:
        raise HpowhError("cannot be made")

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(migrate, "_upgrade", make)
    with pytest.raises(HpowhError, match="cannot be made"):
        initialise(tmp_path / "hpowh.duckdb")


class Ahead(datetime):
    """A clock that is an hour fast."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(hours=1)


def test_a_clock_that_steps_back_hides_nothing(place, monkeypatch):
    """Loads and analyses that end before they start are no damage, and what was done last counts."""
    with Warehouse(place / "hpowh.duckdb") as store:
        with monkeypatch.context() as patch:
            patch.setattr(walk, "datetime", Ahead)
            patch.setattr(results, "datetime", Ahead)
            other = RUNS.replace("A,", "C,")
            (place / "more.csv").write_text(other)
            request = Request(str(place / "more.csv"), "more", {}, {"direction": "min"})
            ingest(store, find_source("runs"), request)
            (first,) = [done.analysis_run_id for done in analyse(store, "more")]
        late = "select count(*) from {} where ended_at < started_at"
        assert [store.sql(late.format(table)).one() for table in ("ops.ingest", "ops.analysis_run")] == [1, 1]
        (place / "more.csv").write_text(other + "C,b3,0,1,9\nB,b3,0,1,8\n")
        ingest(store, find_source("runs"), request, replace_changed=True)
        (second,) = [done.analysis_run_id for done in analyse(store, "more")]
        newest = "select max(analysis_run_id) from mart.newest_run where job = 'traces'"
        assert store.sql(newest).one() == second > first
        assert [one.name for one in run_checks(store) if one.failures] == []


def damaged_by_none(old: Path, kept: dict[str, tuple[int, str]]) -> None:
    """Assert that a warehouse holds every row of before."""
    now = contents(old)
    assert {name: now[name] for name in kept} == kept


@pytest.mark.slow
def test_a_full_disk_in_an_upgrade_leaves_the_old_warehouse(tmp_path):
    path = tmp_path / "hpowh.duckdb"
    initialise(path, target=revisions()[0])
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into core.algorithm select n, 'a' || n from range(300000) as t(n)")
    before = contents(path)
    for room in (path.stat().st_size // 2, path.stat().st_size + 20_000):  # none for the backup, and none for the rest
        said = failed(call(tmp_path, "init", before=nothing_larger_than(room)))
        assert "full" in said or "File too large" in said, said
        assert contents(path) == before
        assert not list(tmp_path.glob(".*partial*"))
    assert call(tmp_path, "init").returncode == 0
    damaged_by_none(path, {name: rows for name, rows in before.items() if name.startswith("core.")})


SPEC = """name = "small"
metrics = ["accuracy"]
folds = 2
[[data]]
name = "iris"
[[model]]
name = "tree"
kind = "decision_tree"
space.max_depth = [1, 2, 3, 4]
"""


@pytest.mark.slow
def test_a_full_disk_in_evaluate_keeps_what_was_measured(place):
    (place / "spec.toml").write_text(SPEC)
    command = ("evaluate", "spec.toml", "--out", "results", "--jobs", "1")
    said = failed(call(place, *command, before=nothing_larger_than(600)))
    assert "full" in said or "File too large" in said or "Cannot write" in said, said
    done = call(place, *command)
    assert done.returncode == 0, done.stderr
    assert_sound(place / "hpowh.duckdb", sources=2)
    with Warehouse(place / "hpowh.duckdb") as store:
        assert store.sql("select count(*) from core.evaluation where status = 'ok'").one() > 0


@pytest.mark.slow
@pytest.mark.parametrize("start", revisions()[:-1])
def test_a_killed_upgrade_leaves_the_old_or_the_new_warehouse(tmp_path, start):
    path = tmp_path / "hpowh.duckdb"
    initialise(path, target=start)
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into core.algorithm select n, 'a' || n from range(200000) as t(n)")
        connection.execute("insert into core.benchmark select n, 'b' || n from range(200000) as t(n)")
    before = {name: rows for name, rows in contents(path).items() if name.startswith("core.")}
    environment = {**os.environ, "HPOWH_WAREHOUSE": str(path)}
    for moment in (0.0, 0.05, 0.3):  # after something has appeared beside the warehouse
        names = {one.name for one in tmp_path.iterdir()}
        process = subprocess.Popen(
            [sys.executable, "-m", "hpowh.warehouse", "init"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and {one.name for one in tmp_path.iterdir()} == names:
            time.sleep(0.002)
        time.sleep(moment)
        process.kill()
        process.wait()
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute("select count(*), sum(hash(name)) from core.algorithm").fetchall()
        assert found[0][0] == 200_000
    assert call(tmp_path, "init").returncode == 0
    damaged_by_none(path, before)


def in_little_memory(megabytes: int) -> Callable[[], None]:
    """Return what limits a process's address space."""
    size = megabytes * 2**20
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))


def test_duckdb_takes_no_more_than_the_process_may_have(place):
    asked = ("sql", "select current_setting('memory_limit') as most", "--format", "csv")
    limited = call(place, *asked, before=in_little_memory(2_000)).stdout.split("\n")[1].split()
    assert call(place, *asked).stdout.split("\n")[1] == "1.8 GiB"
    assert limited[1] == "MiB" and 200 < float(limited[0]) < 1_000, limited


@pytest.mark.parametrize(
    ("limit", "is_frugal"), [(1_536 * 2**20, True), (2**40, False), (resource.RLIM_INFINITY, False)]
)
def test_libraries_reserve_little_where_there_is_little(monkeypatch, limit, is_frugal):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr(limits.ctypes, "CDLL", lambda _: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    for name in {*limits.ONE_THREAD, "ARROW_DEFAULT_MEMORY_POOL"} - {"OMP_NUM_THREADS"}:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    limits.be_frugal()
    found = [os.environ.get(name) for name in ("POLARS_MAX_THREADS", "ARROW_DEFAULT_MEMORY_POOL", "OMP_NUM_THREADS")]
    assert found == (["1", "system", "7"] if is_frugal else [None, None, "7"])


@pytest.mark.slow
def test_five_million_rows_are_loaded_and_a_model_fitted_in_a_gigabyte_and_a_half_of_address_space(tmp_path):
    duckdb.sql(
        "copy (select 'A' || i % 8 as algorithm, 'b' || i // 8 % 25 as benchmark, i // 200 % 50 as seed, "
        "i // 10_000 + 1 as budget, hash(i) % 1000 / 1000 as value from range(5_000_000) as t(i)) "
        f"to '{tmp_path}/runs.csv'"
    )
    load = ("ingest", "runs", "runs.csv", "--direction", "min")
    done = call(tmp_path, *load, before=in_little_memory(1_536), HPOWH_THREADS="1")
    assert done.returncode == 0, done.stderr
    with Warehouse(tmp_path / "hpowh.duckdb") as store:
        assert store.sql("select count(*), round(sum(value)) from core.trace").rows() == [
            duckdb.sql(f"select count(*), round(sum(value)) from '{tmp_path}/runs.csv'").fetchone()
        ]
    model = ("analyse", "lmem", "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")
    done = call(tmp_path, *model, before=in_little_memory(1_536), HPOWH_THREADS="1")
    assert done.returncode == 0, done.stderr
    with Warehouse(tmp_path / "hpowh.duckdb") as store:
        assert store.sql("select distinct row_count from result.lmem_model").rows() == [(5_000_000,)]
    assert_sound(tmp_path / "hpowh.duckdb")
