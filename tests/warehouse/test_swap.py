"""A folder is replaced whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hpowh.warehouse.output import swap
from hpowh.warehouse.output.swap import replaced_folder


def write(folder: Path, text: str) -> None:
    with replaced_folder(folder) as fresh:
        (fresh / "page").write_text(text)


def test_new_content_takes_the_place_of_the_old(tmp_path: Path):
    write(tmp_path / "site", "old")
    write(tmp_path / "site", "new")
    assert (tmp_path / "site" / "page").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_error_leaves_the_old_content(tmp_path: Path):
    write(tmp_path / "site", "old")
    with pytest.raises(RuntimeError), replaced_folder(tmp_path / "site") as fresh:
        (fresh / "page").write_text("half")
        raise RuntimeError
    assert (tmp_path / "site" / "page").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_where_names_cannot_be_exchanged_two_renames_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(swap, "exchange", lambda one, other: False)
    write(tmp_path / "site", "old")
    write(tmp_path / "site", "new")
    assert (tmp_path / "site" / "page").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_a_killed_build_left_is_removed_and_a_running_ones_stays(tmp_path: Path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        for process in (ended.pid, running.pid):
            (tmp_path / f".site-building-{process}-abc").mkdir()
        write(tmp_path / "site", "new")
        assert sorted(path.name for path in tmp_path.iterdir()) == [f".site-building-{running.pid}-abc", "site"]
    finally:
        running.kill()
        running.wait()


def test_missing_parents_are_made(tmp_path: Path):
    write(tmp_path / "a" / "b" / "site", "text")
    assert (tmp_path / "a" / "b" / "site" / "page").read_text() == "text"
