"""Sums of runs give the cells that the stable query gives, or say that they cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.reading import reader as reading
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

from ..conftest import load


def curves(rng: np.random.Generator, *, offset: float = 0.0, budgets: int = 8) -> dict:
    """An experiment of several budgets a run, with a numeric and a text factor."""
    shape = (4, 3, 5, budgets)
    b, a, s, t = (index.ravel() for index in np.indices(shape))
    return {
        "algorithm": np.array(["A", "B", "C"])[a],
        "benchmark": np.array([f"b{i}" for i in range(4)])[b],
        "seed": s,
        "prior": np.where(s % 2 == 0, "good", "bad"),
        "width": 10.0 * (s % 3) + 1.0,
        "budget": 1.0 + t + 0.1 * s,
        "value": offset + b + 0.3 * a + 0.1 * t * rng.standard_normal(shape[:3])[b, a, s] + rng.standard_normal(b.size),
    }


@pytest.fixture(scope="module")
def drawn(empty_warehouse, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("by-run")
    with Warehouse(shutil.copy(empty_warehouse, folder / "hpowh.duckdb")) as store:
        load(store, folder, curves(np.random.default_rng(1)))
    return folder / "hpowh.duckdb"


@pytest.fixture
def opened(drawn, tmp_path) -> Warehouse:
    return Warehouse(shutil.copy(drawn, tmp_path / "hpowh.duckdb"))


def both(opened: Warehouse, formula: str, monkeypatch, **options):
    """Cells by runs and by the stable query, in the same order."""
    reader = Reader.of(opened, None)
    selection = Selection(catalogue=reader.catalogue, **options)
    quick = reader.find(formula, selection)
    assert any(sums is not None for sums in reader._sums.values())
    monkeypatch.setattr(reading, "plan_by_run", lambda plan, chosen: None)
    stable = reader.find(formula, selection)
    orders = [np.lexsort([found.cells.codes[name] for name in sorted(found.cells.codes)]) for found in (quick, stable)]
    return (quick, orders[0]), (stable, orders[1])


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("value ~ algorithm + prior + (1|benchmark)", {}),
        ("value ~ algorithm*budget + (1+budget|benchmark)", {}),
        ("value ~ algorithm + budget*width + log(budget):width + (1|benchmark) + (1|seed)", {}),
        ("value ~ width + (1|benchmark:algorithm)", {"where": "prior = 'good' and algorithm <> 'B'"}),
        ("log(value + 20) ~ budget + (1|run)", {"where": "budget < 5"}),
    ],
)
def test_cells_are_those_of_the_stable_query(formula, options, opened, monkeypatch):
    (quick, first), (stable, second) = both(opened, formula, monkeypatch, **options)
    for name in quick.cells.codes:
        assert quick.cells.levels[name] == stable.cells.levels[name]
        assert (quick.cells.codes[name][first] == stable.cells.codes[name][second]).all()
    for one, other in zip(quick.keys, stable.keys, strict=True):
        assert one[first].tolist() == other[second].tolist()
    assert (quick.cells.count[first] == stable.cells.count[second]).all()
    assert quick.cells.excluded == stable.cells.excluded
    assert quick.cells.shift + quick.cells.mean_y[first] == pytest.approx(
        stable.cells.shift + stable.cells.mean_y[second], rel=1e-12
    )
    for name in ("scatter_y", "mean_x", "scatter_x", "scatter_xy"):
        ours, theirs = getattr(quick.cells, name)[first], getattr(stable.cells, name)[second]
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9 * max(1.0, np.abs(theirs).max(initial=0.0))), name


@pytest.mark.parametrize("damage", ["missing", "infinite", "far away"])
def test_what_plain_sums_cannot_hold_takes_the_stable_way(damage, warehouse, tmp_path):
    rows = curves(np.random.default_rng(2), offset=1e9 if damage == "far away" else 0.0)
    if damage != "far away":
        rows["value"] = rows["value"].astype(object)
        rows["value"][7] = "" if damage == "missing" else "inf"
    else:
        # The first run is near zero, so the sample's mean is no help.
        rows["value"] = rows["value"] - np.where(np.arange(len(rows["value"])) < 400, 1e9, 0.0)
    opened = load(warehouse, tmp_path, rows)
    reader = Reader.of(opened, None)
    found = reader.find("value ~ algorithm + (1|benchmark)", Selection(catalogue=reader.catalogue))
    assert list(reader._sums.values()) == [None]
    assert found.cells.excluded == (0 if damage == "far away" else 1)
    within = [v for v in rows["value"] if isinstance(v, float) and np.isfinite(v)]
    assert found.cells.total_scatter == pytest.approx(len(within) * np.var(within), rel=1e-9)


def test_other_experiments_and_metrics_stay_out(opened, tmp_path):
    rows = curves(np.random.default_rng(3)) | {"loss": np.linspace(0, 1, 480)}
    rows["algorithm"] = np.char.add("other ", rows["algorithm"])
    path = tmp_path / "two.csv"
    lines = [",".join(rows), *(",".join(map(str, row)) for row in zip(*rows.values(), strict=True))]
    path.write_text("\n".join(lines), encoding="utf-8")
    mapping = {"loss": "metric", "value": "metric"}
    ingest(opened, find_source("runs"), Request(str(path), "two", mapping, {"direction": "min"}, None))
    for name, metric, mean in (("x", "value", None), ("two", "loss", 0.5)):
        reader = Reader.of(opened, name)
        cells = reader.cells(f"{metric} ~ algorithm + (1|benchmark)", Selection(catalogue=reader.catalogue))
        assert cells.row_count == 480
        assert all(level.startswith("other") == (name == "two") for level in cells.levels["algorithm"])
        if mean is not None:
            assert cells.response_mean == pytest.approx(mean)
    assert set(Reader.of(opened, "x").catalogue.metrics) == {"value"}


def test_mixed_conditions_and_derived_responses_are_left_to_the_stable_query(opened):
    reader = Reader.of(opened, None)
    for formula, where in (
        ("value ~ algorithm + (1|benchmark)", "budget > 2 or prior = 'good'"),
        ("regret ~ algorithm + (1|benchmark)", None),
        ("value ~ algorithm + (1|benchmark) + (1|budget)", None),
    ):
        reader.find(formula, Selection(catalogue=reader.catalogue, where=where))
    assert not reader._sums


def test_factors_and_features_are_looked_for_only_where_a_name_may_be_one(opened, monkeypatch):
    asked = []
    ask = Warehouse.sql
    monkeypatch.setattr(Warehouse, "sql", lambda self, query, *rest: asked.append(query) or ask(self, query, *rest))
    for formula, where, tables in (
        ("value ~ algorithm*budget + (1|benchmark)", None, set()),
        ("value ~ algorithm + prior + (1|benchmark)", None, {"run_factor"}),
        ("value ~ algorithm + (1|benchmark)", "prior = 'good'", {"run_factor", "benchmark_feature"}),
    ):
        asked.clear()
        reader = Reader.of(opened, None)
        reader.find(formula, Selection(catalogue=reader.catalogue, where=where))
        assert {table for table in ("run_factor", "benchmark_feature") for text in asked if table in text} == tables
