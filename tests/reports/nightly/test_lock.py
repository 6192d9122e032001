"""The lock keeps two builds apart, names its holder, and is never in the way of the living."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hpowh.reports.nightly.lock import BuildLockedError, build_lock
from hpowh.warehouse.errors import EXIT_LOCKED, HpowhError

HOLD = """
import sys
from pathlib import Path
from hpowh.reports.nightly.lock import build_lock
with build_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock until its input ends, and return when it does."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_second_build_is_refused_and_told_who_holds_it(tmp_path):
    process = hold(tmp_path)
    try:
        message = rf"process {process.pid} on .*, started \d{{4}}-.*--wait"
        with pytest.raises(BuildLockedError, match=message) as caught, build_lock(tmp_path):
            pass
        assert caught.value.exit_code == EXIT_LOCKED
    finally:
        process.kill()
        process.wait()


def test_waiting_outlasts_the_holder(tmp_path):
    process = hold(tmp_path)
    said: list[str] = []

    def hear(sentence: str) -> None:
        said.append(sentence)
        assert process.stdin is not None
        process.stdin.close()  # now it waits, so the holder may go

    with build_lock(tmp_path, wait=300, notify=hear) as left:
        assert left is None
    assert process.wait() == 0
    assert len(said) == 1 and "Waiting up to 300 s" in said[0]


def test_a_killed_holder_is_told_and_not_in_the_way(tmp_path):
    process = hold(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with build_lock(tmp_path) as left:
        assert left is not None and left.pid == process.pid
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
    with build_lock(tmp_path) as left:
        assert left is None


def test_an_error_within_lets_go_and_is_told_to_the_next(tmp_path):
    with pytest.raises(RuntimeError), build_lock(tmp_path):
        raise RuntimeError
    with build_lock(tmp_path) as left:
        assert left is not None and left.pid == os.getpid()


def test_a_damaged_lock_file_is_no_obstacle(tmp_path):
    (tmp_path / ".lock").write_text("{half a")
    with build_lock(tmp_path) as left:
        assert left is None


def test_children_do_not_keep_it(tmp_path):
    """A child that outlives the build must not hold the lock with it."""
    with build_lock(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with build_lock(tmp_path):
            pass
    finally:
        child.kill()
        child.wait()


def test_threads_of_one_process_exclude_each_other(tmp_path):
    inside, tried = threading.Event(), threading.Event()

    def other() -> None:
        with build_lock(tmp_path):
            inside.set()
            tried.wait(300)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait()
    with pytest.raises(BuildLockedError), build_lock(tmp_path):
        pass
    tried.set()
    thread.join()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "builds").write_text("a file")
    with pytest.raises(HpowhError, match="Cannot write .*builds"), build_lock(tmp_path / "builds"):
        pass
