"""One at a time: landscapes in which it is enough, and in which it is not, with known numbers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.alone import gamma, one_at_a_time, slices, variance_orders
from hpowh.analyses.landscapes.one.characterise import Options, characterise


def additive(*shape: int) -> np.ndarray:
    rng = np.random.default_rng(len(shape))
    grid = np.zeros(shape)
    for axis, size in enumerate(shape):
        grid = grid + rng.normal(size=[size if j == axis else 1 for j in range(len(shape))])
    return grid


def test_one_pass_finds_the_optimum_of_an_additive_landscape() -> None:
    surface = Surface.from_grid(additive(4, 5, 3, 4), (True, False, True, True))
    result = characterise(surface, Options(has_network=False))
    assert one_at_a_time(surface, seed=0) == (0.0, 0.0, 1.0)
    assert result.value("gamma") == pytest.approx(1.0)
    assert result.value("variance_order_3") == pytest.approx(0, abs=1e-12)


def test_in_a_landscape_of_parity_every_move_turns_every_other_around() -> None:
    parity = (np.indices((2, 2, 2, 2)).sum(axis=0) % 2).astype(float)
    assert gamma(parity, (True,) * 4) == pytest.approx(-1.0)
    assert variance_orders(Surface.from_grid(parity)) == pytest.approx((0.0, 1.0))


def test_noise_carries_nothing_over() -> None:
    noise = np.random.default_rng(0).normal(size=(6, 6, 6, 6, 4))
    assert gamma(noise, (True,) * 5) == pytest.approx(0.0, abs=0.02)


def test_gamma_is_the_correlation_over_all_moves_written_out() -> None:
    rng = np.random.default_rng(1)
    grid, ordinal = rng.normal(size=(3, 4, 2)), (False, True, True)
    space = Space.of(grid.shape, ordinal)
    pairs = []
    moves = [
        [(i, j) for i, j in combinations(range(size), 2) if not flag or j - i == 1]
        for size, flag in zip(grid.shape, ordinal, strict=True)
    ]
    for a in range(3):
        for b in range(3):
            if a == b:
                continue
            (c,) = {0, 1, 2} - {a, b}
            for (i, j), (p, q), rest in [(x, y, z) for x in moves[a] for y in moves[b] for z in range(grid.shape[c])]:

                def at(one: int, other: int, a: int = a, b: int = b, c: int = c, rest: int = rest) -> float:
                    cell = [0, 0, 0]
                    cell[a], cell[b], cell[c] = one, other, rest
                    return float(grid[tuple(cell)])

                pairs.append((at(j, p) - at(i, p), at(j, q) - at(i, q)))
    x, y = np.array(pairs).T
    assert gamma(grid, space.ordinal) == pytest.approx(2 * (x @ y) / (x @ x + y @ y))


def test_slices_worked_by_hand() -> None:
    """Rows: down and up (no hump, convex), a hump of 1, a straight line, up and down (no hump: nothing before it)."""
    grid = np.array([[3.0, 1, 0, 2], [0, 1, 0, 5], [0, 1, 2, 3], [0, 2, 3, 3.5]])
    assert slices(grid, (False, True), 0.0) == (0.75, 0.5)
    assert slices(grid, (False, True), 1.0) == (1.0, 0.5)
    assert slices(np.ones((2, 2)), (True, True), 0.0) == (None, None)


def test_orders_add_up_with_mains_and_pairs() -> None:
    surface = Surface.from_grid(np.random.default_rng(2).normal(size=(3, 4, 2, 3)), (True, False, True, True))
    result = characterise(surface, Options(has_network=False))
    higher = result.value("variance_higher")
    assert sum(result.value(f"variance_order_{order}") or 0 for order in (3, 4)) == pytest.approx(higher)


def test_what_cannot_be_said_has_a_reason() -> None:
    table = characterise(Surface.from_grid(np.array([1.0, 2.0])), Options()).tables["landscape_metric"]
    rows = dict(zip(table["name"], zip(table["value"], table["reason"], strict=True), strict=True))
    assert rows["slice_convex_share"] == (None, "no ordered hyperparameter has three levels")
    assert rows["gamma"] == (None, "there is no square")
    assert rows["variance_order_3"][0] is None
