"""Run factors that are facts of a benchmark, and folds that repeat a run: neither divides what is compared."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.reading.suspects import AVERAGED
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest, preview

FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write what benchmarks of AutoML frameworks publish: a row a framework, task and fold, and what a task is."""
    draw, path = random.Random(1), tmp_path / "results.csv"
    rows = [
        f"{name},t{task},{fold},{'binary' if task % 2 else 'regression'},{place + task + draw.gauss(0, 0.3):.6f}"
        for place, name in enumerate("ABC") for task in range(6) for fold in range(4)
    ]  # fmt: skip
    path.write_text("\n".join(["framework,task,fold,type,loss", *rows]) + "\n", encoding="utf-8")
    return path


def test_blocks_are_benchmarks_where_folds_repeat_runs_and_a_factor_tells_of_the_benchmark(warehouse: Warehouse, table):
    roles = {column: role for column, role, _ in preview(find_source("runs"), Request(str(table), "x")).mapping}
    assert (roles["fold"], roles["type"]) == ("seed", "factor")
    ingest(warehouse, find_source("runs"), Request(str(table), "x"))
    found = analyse_rankings(warehouse, response="value")
    assert found.tables["ranking_algorithm"]["block_count"].unique().to_list() == [6]
    model = analyse_lmem(warehouse, FORMULA)
    assert not any(AVERAGED in sentence for sentence in (*found.warnings, *model.warnings))


def test_a_factor_that_differs_within_a_benchmark_divides_its_block(warehouse: Warehouse, table):
    ingest(warehouse, find_source("runs"), Request(str(table), "x", {"fold": "factor"}))
    found = analyse_rankings(warehouse, response="value")
    assert found.tables["ranking_algorithm"]["block_count"].unique().to_list() == [24]
    assert any("benchmark x fold: blocks of one benchmark are not independent" in one for one in found.warnings)
    model = analyse_lmem(warehouse, FORMULA)
    assert any(f"fold (4 levels), which the model does not know, so that {AVERAGED}" in one for one in model.warnings)
