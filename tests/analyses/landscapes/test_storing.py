"""How often landscapes are stored: every few seconds, and more seldom where storing takes long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hpowh.analyses.landscapes import job


@pytest.mark.parametrize(("took", "stored"), [(0.1, [6] * 10), (6.0, [6, 31, 23])])
def test_storing_takes_no_more_than_a_sixth_of_the_time(
    monkeypatch: pytest.MonkeyPatch, took: float, stored: list[int]
):
    now, calls = [0.0], []

    def save_runs(ready: Any, keep: int) -> list[int]:
        now[0] += took
        calls.append(len(ready))
        return list(range(len(ready)))

    monkeypatch.setattr(job.time, "monotonic", lambda: now[0])
    ledger = job._Ledger(SimpleNamespace(save_runs=save_runs))  # type: ignore[arg-type]
    for number in range(60):
        now[0] += 1.0
        ledger.add(SimpleNamespace(subject=f"s{number}", warnings=[]), {})  # type: ignore[arg-type]
    ledger.flush()
    assert calls == stored
    assert len(ledger.outcomes) == 60
