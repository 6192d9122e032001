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
from hpowh.warehouse.sources.tables.kinds import kinds_of_table

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


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Write the same with all that such a benchmark writes down: dictionaries, drawn seeds, times, further scores."""
    draw, path = random.Random(2), tmp_path / "published.csv"
    header = "id,task,framework,fold,type,result,metric,params,utc,duration,models_count,seed,info,acc,rmse"
    rows = []
    for place, name in enumerate("ABC"):
        for task in range(6):
            for fold in range(5):
                loss, is_binary = 0.1 + 0.1 * place + abs(draw.gauss(0, 0.01)), task % 2 == 0
                is_failed = name == "B" and task == 3 and fold < 2
                result = "" if is_failed else f"{1 - loss if is_binary else -100 * loss:.5f}"
                score = result.lstrip("-")
                rows.append(
                    f"openml.org/t/{task},t{task},{name},{fold},{'binary' if is_binary else 'regression'},{result},"
                    f"{'auc' if is_binary else 'neg_rmse'},{{}},2026-01-0{fold + 1}T12:{draw.randrange(10, 60)}:07,"
                    f"{draw.uniform(10, 20):.2f},{draw.randrange(1, 90)},{draw.randrange(10**9)},"
                    f"{'Error: out of memory' if is_failed else ''},{score if is_binary else ''},"
                    f"{'' if is_binary else score}"
                )
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_what_benchmarks_of_automl_frameworks_publish_is_loaded_as_it_stands(warehouse: Warehouse, published):
    assert [kind for kind, _ in kinds_of_table(published)] == ["runs"]
    found = preview(find_source("runs"), Request(str(published), "x"))
    roles = {column: role for column, role, _ in found.mapping}
    ignored = {"seed", "utc", "duration", "models_count", "info", "acc", "rmse"}
    assert {column for column, role in roles.items() if role == "ignore"} == ignored
    assert (roles["fold"], roles["result"], roles["metric"]) == ("seed", "value", "metric-name")
    said = "\n".join(found.notes)
    assert "'seed' is another in every run, so that no two could be compared: 'fold' repeats them." in said
    assert "Filled only where there is no result, so no setting: info." in said
    ingest(warehouse, find_source("runs"), Request(str(published), "x"))
    ranked = analyse_rankings(warehouse, response="log_regret")
    assert ranked.tables["ranking_algorithm"]["block_count"].unique().to_list() == [6]
    means = analyse_lmem(warehouse, FORMULA.replace("value", "log_regret")).tables["lmem_marginal_mean"]
    assert means.sort("estimate")["level"].to_list() == ["A", "B", "C"]


def test_seeds_that_runs_share_stay_seeds_beside_folds(warehouse: Warehouse, tmp_path: Path):
    path = tmp_path / "both.csv"
    rows = [
        f"{a},b{b},{fold},{seed},{fold + seed + b}"
        for a in "AB"
        for b in range(3)
        for fold in (0, 1)
        for seed in (7, 8)
    ]
    path.write_text("\n".join(["algorithm,benchmark,fold,seed,loss", *rows]) + "\n", encoding="utf-8")
    found = preview(find_source("runs"), Request(str(path), "x"))
    roles = {column: role for column, role, _ in found.mapping}
    assert (roles["fold"], roles["seed"]) == ("factor", "seed")
