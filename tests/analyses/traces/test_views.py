"""The views on runs and traces: input rows and expected rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hpowh.warehouse import Warehouse

Fill = Callable[..., None]
Points = Callable[..., list[Any]]


def test_run_names_its_setting(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 3, [1]), setting="good")
    with warehouse.writing() as con:
        con.execute("insert into core.run_factor values (1, 'Budget', 2, '2')")
    assert warehouse.sql("select experiment, algorithm, benchmark, seed, setting from mart.run").rows() == [
        ("trial", "a", "b", 3, "Budget=2, prior=good")
    ]


@pytest.mark.parametrize(("direction", "expected"), [("min", [None, 4, 4, 1]), ("max", [None, 4, 6, 6])])
def test_incumbent_ignores_failures(
    warehouse: Warehouse, fill: Fill, points: Points, direction: str, expected: list[float | None]
):
    fill(warehouse, points("a", "b", 0, [None, 4, 6, 1]), direction=direction)
    rows = warehouse.sql("select incumbent from mart.incumbent order by budget").rows()
    assert [value for (value,) in rows] == expected


def test_run_regret_at_the_end_that_all_runs_of_the_benchmark_reach(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 0, [3, 1]) + points("b", "b", 0, [4, 4, 2]) + points("c", "b", 0, [None]))
    rows = warehouse.sql(
        "select algorithm, last_budget, final_incumbent, regret, unusable_count, reason from mart.run_regret order by 1"
    ).rows()
    assert rows == [("a", 2, 1, 0, 0, None), ("b", 3, 4, 3, 0, None), ("c", 1, None, None, 1, "no usable value")]


def test_block_rank_at_the_last_common_budget(warehouse: Warehouse, fill: Fill, points: Points):
    # At budget 2, which both reach, a has 3 and b 4; that b gets to 1 later does not count.
    fill(warehouse, points("a", "b", 0, [5, 3]) + points("b", "b", 0, [4, 4, 1]))
    rows = warehouse.sql("select algorithm, budget, incumbent, block_rank, block_size from mart.block_rank").rows()
    assert sorted(rows) == [("a", 2, 3, 1, 2), ("b", 2, 4, 2, 2)]


def test_block_rank_is_null_with_a_reason_where_a_run_failed(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 0, [5, 3]) + points("b", "b", 0, [None, None]))
    rows = warehouse.sql("select distinct block_rank, reason from mart.block_rank").rows()
    assert rows == [(None, "a run of the block has no usable value")]


def test_coverage_lists_what_was_never_run(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "x", 0, [1]) + points("a", "x", 1, [1]) + points("b", "y", 1, [1]))
    rows = warehouse.sql(
        "select algorithm, benchmark, run_count, expected_seed_count, missing_seeds from mart.coverage order by 1, 2"
    ).rows()
    assert rows == [("a", "x", 2, 2, []), ("a", "y", 0, 2, [0, 1]), ("b", "x", 0, 2, [0, 1]), ("b", "y", 1, 2, [0])]


@pytest.fixture
def landscape(warehouse: Warehouse) -> Warehouse:
    """Two benchmarks on one space of two configurations, two fidelities, two splits, two seeds; accuracy."""
    with warehouse.writing() as con:
        con.execute("insert into core.search_space values (1, 's', 'f', 2, 1)")
        con.execute("insert into core.metric values (1, 'accuracy', 'max', 0, 1, null)")
        con.execute("insert into core.benchmark values (1, 'one'), (2, 'two')")
        con.execute(
            "insert into core.evaluation select 1, c, b, f, s, null, 1, p, "
            "c + 10 * b + 100 * f + (case p when 'test' then 1000 else 0 end) + s - 0.5, "
            "null, 'ok', 1 from range(2) as x(c), range(1, 3) as y(b), (values (1), (4)) as z(f), range(2) as w(s), "
            "(values ('valid'), ('test')) as v(p)"
        )
    return warehouse


def test_fidelity_pair(landscape: Warehouse):
    rows = landscape.sql(
        "select configuration_id, lower_fidelity, higher_fidelity, lower_value, higher_value, lower_loss "
        "from mart.fidelity_pair where benchmark = 'one' and split = 'valid' order by 1"
    ).rows()
    assert rows == [(0, 1, 4, 110, 410, -110), (1, 1, 4, 111, 411, -111)]


def test_split_pair(landscape: Warehouse):
    rows = landscape.sql(
        "select first_split, second_split, first_value, second_value from mart.split_pair "
        "where benchmark = 'two' and fidelity = 1 and configuration_id = 1"
    ).rows()
    assert rows == [("valid", "test", 121, 1121)]


def test_benchmark_pair(landscape: Warehouse):
    rows = landscape.sql(
        "select first_benchmark, second_benchmark, first_value, second_value from mart.benchmark_pair "
        "where split = 'test' and fidelity = 4 and configuration_id = 0"
    ).rows()
    assert rows == [("one", "two", 1410, 1420)]


def test_best_known_takes_the_mean_at_the_highest_fidelity_on_valid(landscape: Warehouse):
    rows = landscape.sql("select benchmark, value, found_in from mart.best_known order by 1").rows()
    assert rows == [("one", 411, "landscape"), ("two", 421, "landscape")]
