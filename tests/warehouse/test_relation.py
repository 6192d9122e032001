"""Rows in plain Python are printed and stored as data frames are."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.warehouse.console import _print_fitted, show
from hpowh.warehouse.fitting import aligned
from hpowh.warehouse.relation import Rows, Tables, rows_of
from hpowh.warehouse.results import AnalysisRun

LETTERS = st.text(st.sampled_from("ab1 .-−–é|[]:\\"), max_size=8)
ROWS = [
    {"model": "a", "position": 1, "estimate": 0.1 + 0.2, "term": 'say "é\n"'},
    {"model": "b", "position": 2**31 - 1, "term": "", "df": 27, "reason": "1.50"},
]


@given(st.lists(st.tuples(LETTERS, LETTERS, st.none() | st.floats()), max_size=3), LETTERS)
def test_a_pipe_gets_what_rich_prints(rows, title):
    columns = ["name", "setting", "a longer one"]
    cells = [[show(value) for value in row] for row in rows]
    lines = aligned(columns, cells, title, 10_000)
    if lines is None:
        assert any(
            text != text.strip() or not text.isprintable() for text in (title, *(c for row in cells for c in row))
        )
        return

    with contextlib.redirect_stdout(io.StringIO()) as said:
        _print_fitted(columns, rows, cells, title, None)
    assert said.getvalue() == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("text", ["中文", "tab\there", "two\nlines", " blank", "\u0301", "👍"])
def test_other_letters_are_left_to_rich(text):
    assert aligned(["name"], [[text]], "", 100) is None


def test_what_is_wider_than_its_table_is_left_to_rich():
    assert aligned(["a"], [["b"]], "a long title", 100) is None
    assert aligned(["a"], [["b" * 101]], "", 100) is None
    assert aligned([], [], "", 100) is None


def test_rows_are_stored_and_read_as_frames_are(warehouse):
    found = []
    for tables in (Rows.of(ROWS), pl.DataFrame(ROWS, infer_schema_length=None)):
        run = AnalysisRun(job="j", subject="s", job_version="1", parameters={}, input_fingerprint="x")
        saved = warehouse.save_run(run, {"lmem_fixed_effect": tables})
        query = "select * exclude (analysis_run_id) from result.lmem_fixed_effect where analysis_run_id = ? order by 1"
        found.append((warehouse.sql(query, [saved]).held(), warehouse.sql(query, [saved]).pl()))
    (first, frame), (second, _) = found
    assert first.dicts() == second.dicts() == frame.to_dicts()
    assert first.pl().equals(frame) and first.pl().schema == frame.schema
    assert Tables({"x": first})["x"].equals(frame)
    assert rows_of({"x": frame}, "x").values == first.values == rows_of(Tables({"x": first}), "x").values
    assert first.chosen(["position"], 1) == [(1,)]


def test_a_value_of_another_kind_is_refused_and_nothing_is_stored(warehouse):
    run = AnalysisRun(job="j", subject="s", job_version="1", parameters={}, input_fingerprint="x")
    with pytest.raises(Exception, match="Failed to cast"):
        warehouse.save_run(run, {"lmem_fixed_effect": Rows.of([ROWS[0] | {"position": "first"}])})
    with pytest.raises(ValueError, match="not JSON compliant"):
        warehouse.save_run(run, {"lmem_fixed_effect": Rows.of([ROWS[0] | {"estimate": float("nan")}])})
    assert warehouse.sql("select count(*) from result.lmem_fixed_effect").one() == 0


def test_columns_of_other_kinds_are_held_as_frames_have_them(warehouse):
    held = warehouse.sql("select date '2020-01-02' as day, [1, 2] as listed, 1.5::decimal(3, 1) as price").held()
    assert held.pl().equals(
        warehouse.sql("select date '2020-01-02' as day, [1, 2] as listed, 1.5::decimal(3, 1) as price").pl()
    )


def test_print_table_on_a_pipe_does_without_rich():
    script = "import sys; from hpowh.warehouse.console import print_table; print_table(['a'], [(1,)]); "
    script += "print('rich' in sys.modules)"
    plain = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=plain)
    assert done.stdout == "a\n1\nFalse\n"
