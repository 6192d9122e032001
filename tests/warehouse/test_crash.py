"""What survives: kill -9, Ctrl-C, a full disk, a second process. Real processes, real signals."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.connection import connect
from hpowh.warehouse.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_LOCKED
from hpowh.warehouse.ingest import Request, find_source, ingest


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """800,000 rows: long enough to be hit in the middle."""
    path = tmp_path_factory.mktemp("big") / "big.csv"
    budget = np.tile(np.arange(1, 2001), 400)
    seed = np.repeat(np.arange(400), 2000)
    pl.DataFrame({"algorithm": "A", "benchmark": "b", "seed": seed, "budget": budget, "value": 1.0 / budget}).write_csv(
        path
    )
    return path


@pytest.fixture
def loaded(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """A warehouse with one acknowledged source."""
    path = tmp_path / "small.csv"
    path.write_text("algorithm,benchmark,seed,budget,value\nR,b,0,1,0.5\n")
    ingest(warehouse, find_source("runs"), Request(str(path), "small"))
    warehouse.close()
    return warehouse


def start(warehouse: Warehouse, *arguments: str, **more) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "hpowh.warehouse", *arguments, "--warehouse", str(warehouse.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def assert_whole(warehouse: Warehouse) -> bool:
    """The warehouse opens, what was acknowledged is there, and the big load is there whole or not at all."""
    sources = {row[0] for row in warehouse.sql("select name from core.source").rows()}
    traces = dict(
        warehouse.sql(
            "select s.name, count(*) from core.trace t join core.source s using (source_id) group by 1"
        ).rows()
    )
    assert traces.pop("small") == 1
    assert traces == ({"big": 800_000} if "big" in sources else {})
    assert [result.name for result in run_checks(warehouse) if result.failures] == []
    warehouse.close()
    return "big" in sources


@pytest.mark.parametrize("trial", [0, 1, *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(2, 8))])
def test_kill_9_leaves_all_or_nothing(loaded, big, trial):
    process = start(loaded, "ingest", "runs", str(big), "--direction", "min")
    time.sleep(random.Random(trial).uniform(0.3, 2.0))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    was_there = assert_whole(loaded)
    again = start(loaded, "ingest", "runs", str(big), "--direction", "min")
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert ("Already loaded" in said) == was_there
    assert assert_whole(loaded)


def test_ctrl_c_undoes_the_load(loaded, big):
    process = start(
        loaded,
        *("ingest", "runs", str(big), "--direction", "min"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background test run ignores it
    )
    wal = Path(f"{loaded.path}.wal")
    size = loaded.path.stat().st_size
    while process.poll() is None and not (wal.exists() or loaded.path.stat().st_size > size):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    if process.returncode == 0:
        pytest.skip("the load was through before the signal came")
    assert process.returncode == EXIT_INTERRUPTED, said
    assert "Interrupted" in said
    assert "Traceback" not in said
    assert not assert_whole(loaded)


def test_a_full_disk_undoes_the_load(loaded, big):
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        room = loaded.path.stat().st_size + 2_000_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    process = start(loaded, "ingest", "runs", str(big), "--direction", "min", preexec_fn=limit)
    _, said = process.communicate(timeout=300)
    assert process.returncode == EXIT_FAILED, said
    assert "nothing was stored" in said
    assert "Traceback" not in said
    assert not assert_whole(loaded)


def test_a_locked_warehouse_names_its_holder(loaded, big):
    holder = connect(loaded.path, read_only=False)
    try:
        process = start(loaded, "ingest", "runs", str(big), "--direction", "min")
        _, said = process.communicate(timeout=300)
        assert process.returncode == EXIT_LOCKED
        assert f"process {os.getpid()}" in said
        assert "--wait" in said
    finally:
        holder.close()
    assert not assert_whole(loaded)


def test_wait_outlasts_the_holder(loaded):
    holder = connect(loaded.path, read_only=False)
    process = start(loaded, "sql", "select count(*) from core.source", "--wait", "300", "--format", "csv")
    assert process.stderr is not None
    said = process.stderr.readline()  # it has found the holder and waits
    assert process.poll() is None, "it does not wait"
    holder.close()
    out, more = process.communicate(timeout=300)
    assert process.returncode == 0, said + more
    assert out.splitlines() == ["count_star()", "1"]
    assert "Waiting up to 300 s" in said + more


def test_readers_share_the_warehouse(loaded):
    with loaded:
        assert loaded.sql("select 1").one() == 1
        process = start(loaded, "sql", "select count(*) from core.source", "--format", "csv")
        out, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert out.splitlines()[1] == "1"
