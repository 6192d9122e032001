"""Who waits at a terminal sees that something goes on; a pipe sees nothing of it."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer

from hpowh.analyses.mixed_models.commands import models, studies
from hpowh.analyses.rankings import commands as rankings
from hpowh.analyses.traces import commands as traces
from hpowh.warehouse import console
from hpowh.warehouse.cli import build
from hpowh.warehouse.grouping import assembled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_tells_what_is_made_and_goes_when_it_is_done(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with console.working("Rank tests", after=0.01):
        end = time.monotonic() + 30
        while "Rank tests … 0 s" not in shown.getvalue() and time.monotonic() < end:
            time.sleep(0.01)
        console.note("a word between")
    assert "\r\x1b[Ka word between\n" in shown.getvalue()
    assert shown.getvalue().endswith("\r\x1b[K") or shown.getvalue().endswith("a word between\n")


def test_counts_take_the_place_of_the_line(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with console.working("Rank tests", after=0.01):
        counts = console.progress("Pair")
        counts(0, 2, "a, b")
        counts(1, 2, "a, c")
        time.sleep(0.05)
    assert shown.getvalue().endswith("\r\x1b[KPair 1 of 2: a, b\r\x1b[KPair 2 of 2: a, c\n")


def test_nothing_is_shown_on_a_pipe_and_an_error_passes(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with pytest.raises(ValueError, match="as it was"), console.working("Rank tests", after=0.001):
        time.sleep(0.02)
        raise ValueError("as it was")
    assert shown.getvalue() == ""


class ReachedError(Exception):
    pass


@contextmanager
def reached(what: str) -> Iterator[None]:
    raise ReachedError(what)
    yield


@pytest.mark.parametrize(
    ("module", "words", "said"),
    [
        (traces, ["traces"], "^Traces$"),
        (rankings, ["rankings"], "^Rank tests$"),
        (rankings, ["tiers"], "Tiers"),
        (models, ["lmem", "value ~ algorithm + (1|benchmark)"], "^Mixed model$"),
        (models, ["lmem", "value ~ algorithm + (1|benchmark)", "--from", "x.parquet"], "Mixed model of the files"),
        (studies, ["presets"], "Presets"),
        (studies, ["ladder"], "Ladder of models"),
        (studies, ["anytime"], "Models of all budgets"),
    ],
)
def test_every_analysis_that_may_last_tells_so(monkeypatch, empty_warehouse, module, words, said):
    monkeypatch.setattr(module, "working", reached)
    monkeypatch.setenv("HPOWH_WAREHOUSE", str(empty_warehouse))
    command: typer.Typer = assembled(build())
    with pytest.raises(ReachedError, match=said):
        command(["analyse", *words], standalone_mode=False)
