"""Benchmarks that each have a metric of their own, compared by what has no unit: as if all were losses of one name."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.reading.catalogue import EACH, Selection
from hpowh.analyses.mixed_models.reading.observations import observations
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.rankings.job import analyse_rankings, analyse_tiers
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

from ...traces.conftest import Point, fill_runs, run_points

RESPONSES = ("normalized_regret", "log_regret", "rank")
FORMULA = "{} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def half(seed: int, first: int) -> list[Point]:
    """Return runs on four benchmarks, with failures, missing seeds and ends of their own."""
    draw = random.Random(seed * 100 + first)
    found: list[Point] = []
    for benchmark in range(first, first + 4):
        for place, name in enumerate("ABC"):
            last = 4 + (name == "C")
            for run in range(4):
                if draw.random() < 0.1:
                    continue
                share = 1.0 if draw.random() < 0.1 else 0.1
                values = [None if draw.random() < share else draw.gauss(place + benchmark, 0.5) for _ in range(last)]
                found += run_points(name, f"b{benchmark}", run, values)
    return found


def fill(warehouse: Warehouse, seed: int, *, is_mixed: bool) -> None:
    """Add both halves: as losses of one name, or as two metrics with the other's empty cells."""
    losses, others = half(seed, 0), half(seed, 4)
    if not is_mixed:
        fill_runs(warehouse, losses)
        fill_runs(warehouse, others, fingerprint="f2")
        return
    scores = [(*point, None if value is None else 7.0 - value) for *point, value in losses]
    fill_runs(warehouse, scores, metric="auc", direction="max")
    fill_runs(warehouse, others, metric="rmse", fingerprint="f2")
    add_empty(warehouse)


def add_empty(warehouse: Warehouse) -> None:
    """Add what a table with a column a metric holds: empty cells of the metric that was not measured there."""
    with warehouse.writing() as connection:
        connection.execute(
            "insert into core.trace by name select t.* replace (m.metric_id as metric_id, null as value) "
            "from core.trace as t join core.metric as m on m.metric_id <> t.metric_id"
        )


def rows_of(warehouse: Warehouse, response: str, budget: str | None) -> dict[tuple[Any, ...], float | None]:
    reader = Reader.of(warehouse, None)
    selection = reader.settle(Selection(catalogue=reader.catalogue, budget=budget), response)
    base = observations(selection, reader.catalogue.metric(None), ("benchmark", "algorithm", "seed"), response)
    return {
        tuple(key): None if value is None else round(value, 9)
        for *key, value in warehouse.sql(
            f"select benchmark_id, algorithm_id, seed, budget, ({response})::double from ({base})"
        ).rows()
    }


@pytest.fixture
def both(tmp_path, warehouse: Warehouse):
    """Return two warehouses with the same runs: metrics of their own, and losses of one name."""
    fill(warehouse, 1, is_mixed=True)
    with Warehouse.create(tmp_path / "one.duckdb") as one:
        fill(one, 1, is_mixed=False)
        yield warehouse, one


def test_responses_models_ranks_and_tiers_are_those_of_one_loss(both):
    mixed, one = both
    for response in RESPONSES:
        for budget in ("final", None):
            expected = rows_of(one, response, budget)
            assert rows_of(mixed, response, budget) == expected
            assert len(expected) > 80 and any(value is None for value in expected.values())
    means, found = [], []
    for warehouse in both:
        outcome = analyse_lmem(warehouse, FORMULA.format("log_regret"), budget="final", failures="last")
        means += [outcome.tables["lmem_contrast"]["estimate"].to_list()]
        analyse_rankings(warehouse, response="rank")
        analyse_tiers(warehouse, response="normalized_regret")
        found += [[verdict.sentence for verdict in verdicts(warehouse, "trial")]]
    assert means[0] == pytest.approx(means[1], rel=1e-7)
    assert [one.replace("each benchmark by its own metric, ", "") for one in found[0]] == found[1]
    assert all("each benchmark by its own metric" in one for one in found[0])


def test_values_of_unlike_metrics_are_not_set_beside_each_other(both):
    mixed, _ = both
    for response in ("value", "value + log_regret"):
        with pytest.raises(UsageError, match=r"metric of its own \(auc, rmse\).*normalized_regret, log_regret, rank"):
            analyse_lmem(mixed, FORMULA.format(response), metric=EACH)
    auc = analyse_lmem(mixed, FORMULA.format("auc"), budget="final")  # a metric that is named stands for itself
    assert auc.tables["lmem_model"]["row_count"][0] < 48


def test_two_metrics_on_one_benchmark_are_asked_about(warehouse: Warehouse):
    fill_runs(warehouse, half(2, 0), metric="auc", direction="max")
    fill_runs(warehouse, half(2, 0), metric="f1", direction="max", fingerprint="f2")
    with pytest.raises(UsageError, match="several metrics .*--metric NAME"):
        analyse_lmem(warehouse, FORMULA.format("rank"))
    with pytest.raises(UsageError, match="needs one metric a benchmark, and b0 has several"):
        analyse_lmem(warehouse, FORMULA.format("rank"), metric=EACH)
