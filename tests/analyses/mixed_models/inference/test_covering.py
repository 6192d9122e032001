"""The covering design of calibration cells, its responses, and the level of some of them (all of them: slow)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.calibration import CELLS, SETTINGS, design, draw, respond, run

REDUCED = [
    {"algorithms": 2, "benchmarks": 8, "seeds": 5, "response": "rank", "data": "normal"},
    {"algorithms": 3, "benchmarks": 8, "seeds": 1, "response": "normalized_regret", "data": "t3"},
    {"algorithms": 3, "benchmarks": 5, "seeds": 5, "response": "value", "data": "one wide"},
]


def test_every_pair_of_settings_occurs():
    cells = design()
    assert len(cells) >= CELLS
    for one, other in itertools.combinations(SETTINGS, 2):
        seen = {(cell[one], cell[other]) for cell in cells}
        assert seen == set(itertools.product(SETTINGS[one], SETTINGS[other]))


def test_responses_are_those_of_the_docs():
    y = np.array([[[3.0, 1.0], [2.0, np.nan]]])
    np.testing.assert_allclose(respond(y, "regret"), [[[2.0, 0.0], [1.0, np.nan]]])
    np.testing.assert_allclose(respond(y, "normalized_regret"), [[[1.0, 0.0], [0.5, np.nan]]])
    np.testing.assert_allclose(respond(y, "log_regret"), [[[np.log10(2), 0.0], [0.0, np.nan]]])
    np.testing.assert_allclose(respond(y, "rank"), [[[2.0, np.nan], [1.0, np.nan]]])


def test_failed_runs_and_missing_pairs_are_drawn():
    rng = np.random.default_rng(0)
    base = {"algorithms": 6, "benchmarks": 12, "seeds": 10, "response": "value"}
    missing = np.isnan(draw(base | {"data": "missing"}, rng)).all(axis=2).mean()
    failed = np.isnan(draw(base | {"data": "failures"}, rng)).mean()
    assert (0.1 < missing < 0.5, 0.05 < failed < 0.15) == (True, True)


@pytest.mark.parametrize("cell", REDUCED, ids=lambda cell: f"{cell['response']}, {cell['data']}")
def test_the_level_is_held_in_a_few_cells(cell):
    found = run(cell, 25, seed=1)
    assert found.replicates == 25
    assert found.holds, found


def test_no_cell_has_a_response_that_cannot_vary():
    cell = {"algorithms": 2, "benchmarks": 8, "seeds": 1, "response": "log_regret", "data": "normal"}
    assert cell not in design(10_000)
    assert np.ptp(respond(draw(cell, np.random.default_rng(0)), "log_regret"), axis=(1, 2)).max() == 0.0
    assert run(cell, 2, seed=0).replicates == 0


def test_what_has_no_model_is_drawn_again():
    found = run({"algorithms": 6, "benchmarks": 5, "seeds": 1, "response": "rank", "data": "missing"}, 5, seed=0)
    assert found.replicates == 5
    assert found.refused > 5


@pytest.mark.slow
@pytest.mark.parametrize("at", range(CELLS))
def test_the_level_is_held_in_every_cell(at):
    found = run(design()[at], 1000, seed=at)
    assert found.replicates == 1000
    assert found.holds, (design()[at], found)
