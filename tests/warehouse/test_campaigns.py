"""The campaigns of `python -m benchmarks kill` and `fuzz`, in a form of a few cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def campaign(*arguments: str) -> str:
    """Run one as `python -m` does."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def totals(text: str) -> list[int]:
    (line,) = [line for line in text.splitlines() if line.startswith("| all |")]
    return [int(cell) for cell in line.split("|")[2:-1]]


def test_a_kill_loses_nothing(tmp_path):
    record = tmp_path / "kills.jsonl"
    text = campaign("benchmarks.kill", "--only", "ingest replace", "--record", str(record), "--kills", "1")
    killed, through, faults, _ = totals(text)
    assert (killed + through, faults) == (1, 0), text
    assert len(record.read_text().splitlines()) == 1


@pytest.mark.slow
def test_kills_of_every_command_lose_nothing():
    killed, through, faults, _ = totals(text := campaign("benchmarks.kill", "--kills", "33"))
    assert (killed + through, faults) == (33, 0), text


@pytest.mark.slow
def test_mutations_of_every_source_are_loaded_or_refused():
    cases, _, _, *faults = totals(text := campaign("benchmarks.fuzz", "--cases", "48"))
    assert (cases, sum(faults)) == (48, 0), text


def test_a_few_mutations_are_loaded_or_refused():
    text = campaign("benchmarks.fuzz", "--cases", "6", "--only", "trials JSONL", "--only", "Ray Tune")
    cases, loaded, refused, *faults = totals(text)
    assert (cases, sum(faults)) == (6, 0), text
    assert loaded + refused == 6


def test_a_planted_fault_is_found(monkeypatch):
    """The oracle and the table can fail."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks import fuzz, kill
    finally:
        sys.path.remove(str(ROOT))

    class Store:
        def sql(self, _: str) -> Store:
            return self

        def one(self) -> float:
            return 65.0

    (content,) = fuzz.INPUTS["trials CSV"].files().values()
    assert fuzz.oracle("trials CSV", content, Store(), 12) == "sum 65.0, 66.0"
    assert fuzz.oracle("trials CSV", content, Store(), 11) == "11 rows, the file has 12"
    found = [{"scenario": "init", "killed": True, "faults": ["lost"], "left": []}]
    assert "| init | 1 | 0 | 1 | 0 |" in kill.table(found)
    assert "lost" in kill.table(found)
