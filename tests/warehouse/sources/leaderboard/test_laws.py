"""Laws of leaderboards: which way a table stands, its order and its file's form change nothing."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.ingest import LoadContext, Request, find_source, ingest
from hpowh.warehouse.ingest.remove import remove_source

from ..tables.test_laws import NAMES, NUMBERS, UndoneError, among, store, written  # noqa: F401

CELLS = """select a.name, b.name, t.value, t.status from core.trace t join core.run r using (run_id)
  join core.algorithm a using (algorithm_id) join core.benchmark b using (benchmark_id) order by all"""


@st.composite
def boards(draw: st.DrawFn) -> pl.DataFrame:
    """Draw a table with a row a task and a column a method; a cell may be empty, no row and no column is."""
    methods = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    tasks = draw(st.lists(NAMES.map(lambda name: f"task {name}"), min_size=2, max_size=4, unique=True))
    columns: dict[str, Any] = {"dataset": tasks}
    for place, method in enumerate(methods):
        cells = [draw(st.one_of(st.none(), NUMBERS)) for _ in tasks]
        cells[place % len(tasks)] = draw(NUMBERS)
        columns[method] = cells
    return pl.DataFrame(columns, schema_overrides=dict.fromkeys(methods, pl.Float64)).filter(
        pl.any_horizontal(pl.col(*methods).is_not_null())
    )


def cells_of(store: Warehouse, path: Path) -> list[Any]:  # noqa: F811
    """Return the cells that a board comes to; the warehouse stays as it was."""
    found: list[Any] = []
    try:
        with store.writing() as connection:
            asked = Request(str(path), "t", {}, {"direction": "max"})
            find_source("leaderboard").load(connection, asked, LoadContext(1, lambda _message, _share: None))
            found = sorted(connection.execute(CELLS).fetchall(), key=repr)
            raise UndoneError
    except UndoneError:
        return found


@pytest.mark.parametrize("count", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_a_board_is_its_cells_whichever_way_it_stands(count, store):  # noqa: F811
    @among(count)
    @given(boards(), st.integers(0, 99))
    def law(frame: pl.DataFrame, seed: int) -> None:
        long = frame.unpivot(index="dataset").rows()
        said = sorted((of, task, value, "missing" if value is None else "ok") for task, of, value in long)
        with TemporaryDirectory() as name:
            folder = Path(name)
            frame.write_csv(folder / "t.csv")
            turned = frame.transpose(include_header=True, header_name="method", column_names="dataset")
            (folder / "turned").mkdir()
            turned.sample(fraction=1, shuffle=True, seed=random.Random(seed).randrange(99)).write_csv(
                folder / "turned" / "t.csv"
            )
            asked = Request(str(folder / "t.csv"), "t", {}, {"direction": "max"})
            first = ingest(store, find_source("leaderboard"), asked)
            assert ingest(store, find_source("leaderboard"), asked).action == "unchanged"
            assert sorted(store.sql(CELLS).rows(), key=repr) == sorted(said, key=repr)
            assert [one.name for one in run_checks(store) if one.failures] == []
            with store.writing() as connection:
                remove_source(connection, first.source_id)
            for form, path in [("turned", folder / "turned" / "t.csv"), *written(frame, folder, seed)]:
                assert cells_of(store, path) == sorted(said, key=repr), form

    law()
