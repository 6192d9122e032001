"""Excel workbooks: a sheet says what the same table says as CSV, or why it cannot."""

from __future__ import annotations

import builtins
import datetime as dt
from typing import Any

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import HpowhError, IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.ingest.recognise import recognise
from hpowh.warehouse.sources.tables import spreadsheets

from ..stored import load, trials
from .workbook import book

openpyxl = pytest.importorskip("openpyxl")
HEADINGS = ["lr", "depth", "act", "Created", "flag", "val_loss"]
ROWS: list[list[Any]] = [
    [
        round(1 / (i + 3), 14),
        i % 4,
        f"{i % 3:03}",
        dt.datetime(2026, 1, 2, 3, i),
        bool(i % 2),
        round((i * 7 % 5) / 3 + 1e-12, 14),
    ]
    for i in range(12)
]


def test_a_sheet_says_what_its_csv_says_to_the_last_digit(warehouse, tmp_path):
    empty: list[list[Any]] = [[], [None, " "]]
    path = book(tmp_path / "t.xlsx", {"Notes": empty, "Results": [[], HEADINGS, *ROWS[:5], *empty, *ROWS[5:]]})
    text = "\n".join(",".join(str(cell) for cell in row) for row in [HEADINGS, *ROWS])
    (tmp_path / "t.csv").write_text(text + "\n")
    for one in (path, tmp_path / "t.csv"):
        assert [kind.kind for kind in recognise(one)] == ["trials"]
        load(warehouse, "trials", one, one.suffix)
    sheet, plain = trials(warehouse, ".xlsx"), trials(warehouse, ".csv")
    assert [one["parameters"]["lr"] for one in sheet] == [row[0] for row in ROWS]
    assert [one["parameters"]["act"] for one in sheet] == [row[2] for row in ROWS]
    assert [one["started_at"].minute for one in sheet] == list(range(12))
    assert [one["values"] for one in sheet] == [one["values"] for one in plain] == [
        {("val_loss", None): row[5]} for row in ROWS
    ]  # fmt: skip
    assert [one["parameters"] | {"flag": ""} for one in sheet] == [one["parameters"] | {"flag": ""} for one in plain]
    assert load(warehouse, "trials", path, ".xlsx").action == "unchanged"
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_of_several_sheets_one_is_asked_for(warehouse, tmp_path):
    runs = [["algorithm", "benchmark", "value"], ["A", "b", 1], ["B", "b", 2.5]]
    path = book(tmp_path / "t.xlsx", {"one": runs, "two": [*runs, ["C", "b", 3]]})
    with pytest.raises(UsageError, match="has 2 sheets: 'one', 'two'"):
        load(warehouse, "runs", path, options={"direction": "min"})
    with pytest.raises(UsageError, match="has no sheet 'three'"):
        load(warehouse, "runs", path, options={"direction": "min", "sheet": "three"})
    load(warehouse, "runs", path, options={"direction": "min", "sheet": "two"})
    assert warehouse.sql("select value from core.trace order by 1").rows() == [(1.0,), (2.5,), (3.0,)]


def test_a_title_above_the_headings_is_asked_about(warehouse, tmp_path):
    path = book(tmp_path / "t.xlsx", {"s": [["My results"], [], HEADINGS, *ROWS]})
    with pytest.raises(UsageError, match="row 1 of the sheet 's' names 1 of 6 columns"):
        load(warehouse, "trials", path)
    with pytest.raises(UsageError, match="header=99"):
        load(warehouse, "trials", path, options={"header": "99"})
    load(warehouse, "trials", path, options={"header": "3"})
    assert len(trials(warehouse)) == len(ROWS)


@pytest.mark.parametrize(
    ("rows", "merged", "why"),
    [
        (
            [["lr", "val_loss"], [1, 2], [3, "=A2*2"]],
            "",
            "the formula '=A2\\*2' in row 3 of the sheet 's' has no value",
        ),
        ([["lr", "val_loss"], [1, 2], [3, 4]], "A2:A3", "cells of the sheet 's' are merged \\(A2:A3\\)"),
        ([["lr", "val_loss"], [1, 2], [3, "#DIV/0!"]], "", "#DIV/0!"),
        ([["lr", "lr", "val_loss"], [1, 2, 3]], "", r"t.xlsx \(sheet 's'\): the header names lr twice"),
        ([], "", "has no rows"),
    ],
)
def test_what_is_not_a_plain_table_is_refused_in_a_sentence(warehouse, tmp_path, rows, merged, why):
    path = book(tmp_path / "t.xlsx", {"s": rows}, merged)
    with pytest.raises(IngestError, match=why):
        load(warehouse, "trials", path, mapping={"val_loss": "metric"})


def test_lengths_of_time_and_dates_are_those_of_a_csv(warehouse, tmp_path):
    long, short = dt.timedelta(days=1, hours=2, seconds=5), dt.timedelta(hours=1, minutes=30)
    rows = [["algorithm", "benchmark", "budget", "value"], ["A", "b", short, 2], ["A", "b", long, 1]]
    load(warehouse, "runs", book(tmp_path / "t.xlsx", {"s": rows}), options={"direction": "min"})
    assert warehouse.sql("select budget from core.trace order by 1").rows() == [(5400.0,), (93605.0,)]


def test_without_the_extra_both_ways_are_said(warehouse, tmp_path, monkeypatch):
    path = book(tmp_path / "t.xlsx", {"s": [HEADINGS, *ROWS]})
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "openpyxl":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(IngestError, match="is not installed") as refused:
        load(warehouse, "trials", path)
    assert "pip install 'hpowh[excel]'" in refused.value.hint
    assert "Save its sheet as CSV" in refused.value.hint


def test_a_cell_far_from_the_table_is_refused_at_once(warehouse, tmp_path):
    """Excel keeps such cells when somebody pressed a key far below; the places between are milliards."""
    made = openpyxl.Workbook()
    made.active.append(["trial", "lr", "loss"])
    made.active.append(["a", 1, 2])
    made.active.cell(1_048_576, 16_384, "x")
    made.save(tmp_path / "far.xlsx")
    with pytest.raises(HpowhError, match="reaches to row 1,048,576 and column 16,384"):
        ingest(warehouse, find_source("trials"), Request(str(tmp_path / "far.xlsx"), "far", {"loss": "metric"}))


def test_a_workbook_of_very_many_cells_is_refused_before_it_is_read(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_TAGS", 1000)
    made = openpyxl.Workbook()
    for row in range(400):
        made.active.append([f"t{row}", row, row])
    made.save(tmp_path / "many.xlsx")
    with pytest.raises(HpowhError, match="more cells than are read of a workbook"):
        ingest(warehouse, find_source("trials"), Request(str(tmp_path / "many.xlsx"), "many", {"loss": "metric"}))
