"""`hpowh schedule slurm SPEC`: what it writes, and what comes of it where tasks are warned, killed, submitted again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hpowh.analyses.evaluate.parts.batch import KINDS, ArrayJob, script, wall_and_rounds
from hpowh.reports.nightly.schedule import array_script
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.packets.parts import part_of

SPEC = """
name = "grid"
folds = 3
[[data]]
name = "iris"
[[model]]
name = "tree"
kind = "decision_tree"
space.max_depth = {from = 1, to = 40, levels = 40, integer = true}
space.min_samples_leaf = {from = 1, to = 10, levels = 10, integer = true}
"""
VARIABLES = {
    "slurm": {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "40"},
    "pbs": {"PBS_ARRAY_INDEX": "3"},
    "sge": {"SGE_TASK_ID": "3", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "40", "SGE_TASK_STEPSIZE": "1"},
    "lsf": {"LSB_JOBINDEX": "3", "LSB_JOBINDEX_END": "40"},
}


def job(folder: Path, **changes: object) -> ArrayJob:
    facts = {
        "name": "grid", "command": ("/opt/a b/hpowh",), "spec": folder / "grid.toml", "folder": folder / "shared",
        "warehouse": folder / "w.duckdb", "parts": 40, "jobs": 1, "wall": 3600, "rounds": 2, "seconds": 1e5,
    }  # fmt: skip
    return ArrayJob(**{**facts, **changes})


@pytest.mark.parametrize("kind", KINDS)
def test_the_script_submits_the_array_as_often_as_it_takes_and_then_the_collector(tmp_path, kind):
    """The shell runs it with a stand-in that keeps what it is given; each task finds its part in its variables."""
    folder, bin_ = tmp_path / "it's %a", tmp_path / "bin"
    folder.mkdir()
    bin_.mkdir()
    stub = f"#!/bin/bash\nn=$(ls {tmp_path}/call-*.in 2>/dev/null | wc -l)\ncat > {tmp_path}/call-$n.in\n"
    stub += f'printf "%s\\n" "$@" > {tmp_path}/call-$n.args\n'
    answer = {"slurm": "7$n", "pbs": "7$n[].server", "sge": "7$n.1-40:1", "lsf": "Job <7$n> is submitted to queue <q>."}
    for name in ("sbatch", "qsub", "bsub"):
        (bin_ / name).write_text(stub + f'echo "{answer[kind]}"\n')
        (bin_ / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-s"],
        input=script(kind, job(folder)),
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr
    calls = [(tmp_path / f"call-{n}.in").read_text() for n in range(3)]
    arguments = [(tmp_path / f"call-{n}.args").read_text() for n in range(3)]
    assert not (tmp_path / "call-3.in").exists()
    assert calls[0] == calls[1]
    assert "70" not in arguments[0] and "70" in arguments[1] and "71" in arguments[2]
    (line,) = [one for one in calls[0].splitlines() if one.startswith("exec ")]
    words = subprocess.run(
        ["bash", "-c", line.replace("exec ", "printf '%s\\n' ")], text=True, capture_output=True, check=True
    ).stdout.splitlines()
    assert words[:3] == ["/opt/a b/hpowh", "evaluate", str(folder / "grid.toml")]
    assert str(part_of(words[words.index("--part") + 1], VARIABLES[kind])) == "3/40"
    assert words[words.index("--time-limit") + 1] == "0:57:00"
    assert "collect" in calls[2] and "--warehouse" in calls[2]
    assert (tmp_path / "it's %a" / "shared.logs").is_dir()


@pytest.mark.parametrize(
    ("seconds", "parts", "most", "expected"),
    [
        (0.0, 10, None, (600, 1)),
        (36_000.0, 10, None, (5520, 1)),  # 120 + 1.5 x 3600
        (36_000.0, 10, 3600, (3600, 2)),
        (36_000.0, 100, 3600, (660, 1)),  # no more than it takes, so that it starts sooner
        (3_600_000.0, 10, 3600, (3600, 174)),
    ],
)
def test_the_walltime_is_the_forecasts_and_the_limit_says_how_often(seconds, parts, most, expected):
    assert wall_and_rounds(seconds, parts, 1, most) == expected


def test_what_is_asked_for_is_checked_before_anything_is_made(tmp_path, empty_warehouse):
    spec = tmp_path / "grid.toml"
    spec.write_text(SPEC)
    shutil.copy(empty_warehouse, tmp_path / "w.duckdb")
    more = {"parts": 4, "jobs": 1, "shared": tmp_path / "s", "warehouse": tmp_path / "w.duckdb", "notify": print}
    with pytest.raises(UsageError, match="takes no spec"):
        array_script("cron", spec, most=None, **more)
    with pytest.raises(UsageError, match="What is slurm to do"):
        array_script("slurm", None, most=None, **more)
    with pytest.raises(UsageError, match="not a span of time"):
        array_script("slurm", spec, most="soon", **more)
    with pytest.raises(UsageError, match="ten minutes"):
        array_script("slurm", spec, most="90", **more)
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_from_the_login_node_to_the_warehouse_although_tasks_are_warned_and_killed(tmp_path, hpowh):
    """Three tasks: one gets SIGTERM, one SIGKILL in the middle of its work; the script again brings all of it home."""
    (tmp_path / "grid.toml").write_text(SPEC)
    assert hpowh("init").returncode == 0
    made = hpowh(
        "schedule", "slurm", "grid.toml", "--parts", "3", "--time", "4:00:00", "--shared", "s", "--out", "jobs"
    )
    assert made.returncode == 0, made.stderr
    bin_, stub = tmp_path / "bin", Path(__file__).with_name("stub_sbatch.py")
    bin_.mkdir()
    (bin_ / "sbatch").write_text(f'#!/bin/sh\nexec {sys.executable} {stub} "$@"\n')
    (bin_ / "sbatch").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{bin_}:{os.environ['PATH']}",
        "STUB_FOLDER": str(tmp_path / "s"),
        "STUB_LOG": str(tmp_path / "log"),
    }
    for trouble in ({"STUB_TERM": "1:60", "STUB_KILL": "2:60"}, {}):
        subprocess.run(
            ["bash", str(tmp_path / "jobs" / "hpowh-slurm.sh")],
            env={**environment, **trouble}, cwd="/", check=True, timeout=500,
        )  # fmt: skip
    calls = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    logs = "\n".join(path.read_text() for path in (tmp_path / "s.logs").iterdir())
    assert [call["codes"] for call in calls] == [[143, -9, 0], [0], [0, 0, 0], [0]], logs
    assert calls[0]["options"]["time"] == "0:10:00"
    assert calls[1]["options"]["dependency"] == "afterany:1"
    with Warehouse(tmp_path / "hpowh.duckdb") as store:
        rows = store.sql("select count(*), count(distinct (configuration_id, fold)) from core.evaluation").rows()
    assert rows == [(1200 * 2, 1200)]
    assert not list((tmp_path / "s" / "journal").iterdir())
