"""The mean over benchmarks: same benchmarks for all algorithms, shared positions."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.traces.overall import Cell, common_positions, mean_over_benchmarks


def cell(benchmark: int, algorithm: int, budgets: list[float], regret: list[float], setting: str = "") -> Cell:
    ones = np.ones(len(budgets))
    values = np.array(regret)
    return Cell(
        benchmark_id=benchmark,
        algorithm_id=algorithm,
        setting=setting,
        budgets=np.array(budgets),
        regret=values,
        regret_sd=ones * 0.1,
        regret_count=ones * 4,
        rank=ones,
        rank_sd=ones * 0,
        rank_count=ones * 4,
    )


def test_equal_ends_are_compared_by_budget():
    position, unit = common_positions([cell(1, 1, [1, 2, 4], [0] * 3), cell(2, 1, [2, 3, 4], [0] * 3)])
    assert unit == "budget"
    assert position.tolist() == [2, 3, 4]


def test_different_ends_are_compared_by_share_of_the_budget():
    position, unit = common_positions([cell(1, 1, [1, 2, 4], [0] * 3), cell(2, 1, [25, 50, 100], [0] * 3)])
    assert unit == "fraction"
    assert position.tolist() == [0.25, 0.5, 1.0]


def test_value_holds_until_the_next_budget():
    curves, _ = mean_over_benchmarks([cell(1, 1, [1, 4], [1.0, 0.0]), cell(2, 1, [1, 2, 4], [0.8, 0.4, 0.2])])
    assert curves[0].position.tolist() == [1, 2, 4]
    assert curves[0].regret[0] == pytest.approx([0.9, 0.7, 0.1])


def test_a_benchmark_that_an_algorithm_lacks_is_left_out_for_all():
    cells = [cell(1, 1, [1, 2], [0.5, 0.1]), cell(1, 2, [1, 2], [0.7, 0.3]), cell(2, 1, [1, 2], [0.0, 0.0])]
    curves, left_out = mean_over_benchmarks(cells)
    assert left_out == {"": [2]}
    assert [curve.benchmark_count for curve in curves] == [1, 1]
    assert curves[0].regret[0].tolist() == [0.5, 0.1]


def test_undefined_regret_leaves_the_benchmark_out():
    nan = float("nan")
    curves, left_out = mean_over_benchmarks([cell(1, 1, [1, 2], [0.5, 0.1]), cell(2, 1, [1, 2], [nan, nan])])
    assert left_out == {"": [2]} and curves[0].regret[0].tolist() == [0.5, 0.1]


def test_settings_are_averaged_apart():
    curves, _ = mean_over_benchmarks([cell(1, 1, [1], [0.2], "prior=good"), cell(1, 1, [1], [0.6], "prior=bad")])
    assert {curve.setting: curve.regret[0].tolist() for curve in curves} == {"prior=good": [0.2], "prior=bad": [0.6]}


def test_nothing_gives_nothing():
    assert mean_over_benchmarks([]) == ([], {})
