"""Landscapes of which some numbers are known without measuring: for tests, and to see what a measure means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """A made landscape: its losses, and what is known of it."""

    name: str
    loss: Floats
    """One dimension a hyperparameter."""
    truth: dict[str, float]
    """Metric -> its value."""
    about: str


def additive(shape: Sequence[int], *, seed: int = 0) -> Known:
    """Return a sum of main effects: one optimum, effects that carry over wholly, one pass that finds the optimum."""
    rng = np.random.default_rng(seed)
    loss = np.zeros(shape)
    for axis, size in enumerate(shape):
        # Falling, then rising: on ordered levels a slice has one optimum, and so has the whole.
        steps = np.abs(np.arange(size) - rng.integers(size)) * rng.uniform(0.5, 2.0)
        loss = loss + steps.reshape([-1 if j == axis else 1 for j in range(len(shape))])
    truth = {"n_lo": 1.0, "gamma": 1.0, "variance_main": 1.0, "pass_optimal_share": 1.0, "slice_unimodal_share": 1.0}
    return Known("additive", loss, truth, "a sum of one slope up and down for each hyperparameter")


def parity(axes: int) -> Known:
    """Return the sign that flips with every move: variance of the highest order only, half of the cells optima."""
    loss = (np.indices((2,) * axes).sum(axis=0) % 2).astype(np.float64)
    truth = {
        "n_lo": 2.0 ** (axes - 1), "gamma": -1.0, "variance_main": 0.0, "assortativity_loss": -1.0,
        "interaction_reciprocal": 1.0,
    }  # fmt: skip
    return Known("parity", loss, truth, "0 or 1, turned by every single move")


def nk(axes: int, others: int, *, seed: int = 0) -> Known:
    """Return an NK landscape (Kauffman and Levin 1987): each axis's part depends on its level and those of some others.

    Known in expectation is the correlation of neighbours, 1 - (K + 1) / N (Weinberger 1991) over all instances. Within
    one a move changes K + 1 parts to others of their own M = 2^(K + 1) values: 1 - (K + 1) / N * M / (M - 1).

    Args:
        axes: N, of two levels each.
        others: K, below N.

    Raises:
        LandscapeError: K is not below N, or negative.
    """
    if not 0 <= others < axes:
        raise LandscapeError(f"An NK landscape of {axes} hyperparameters has 0 to {axes - 1} others, not {others}.")
    rng = np.random.default_rng(seed)
    levels = np.indices((2,) * axes).reshape(axes, -1)
    loss = np.zeros(2**axes)
    for axis in range(axes):
        among = np.delete(np.arange(axes), axis)
        parents = np.append(axis, rng.choice(among, others, replace=False))
        code = (levels[parents] << np.arange(parents.size)[:, None]).sum(axis=0)
        loss += rng.random(2 ** (others + 1))[code] / axes
    values = 2 ** (others + 1)
    truth = {"assortativity_loss": 1.0 - (others + 1) / axes * values / (values - 1)}
    about = f"NK with N = {axes}, K = {others} (known in expectation)"
    return Known(f"nk-{axes}-{others}", loss.reshape((2,) * axes), truth, about)


def planted(shape: Sequence[int], optima: int, *, seed: int = 0) -> Known:
    """Return funnels about planted optima: the loss is the number of moves to the nearest, plus how deep that one is.

    Optima lie at least three moves apart and differ in depth by less than one move, so that none swallows another.

    Raises:
        LandscapeError: there is no room for so many.
    """
    rng = np.random.default_rng(seed)
    levels = np.stack([axis.ravel() for axis in np.indices(shape)], axis=1)
    centres: list[int] = []
    for cell in rng.permutation(len(levels)).tolist():
        if all(np.abs(levels[cell] - levels[other]).sum() >= 3 for other in centres):
            centres.append(cell)
        if len(centres) == optima:
            break
    else:
        raise LandscapeError(f"There is no room for {optima} optima that lie three moves apart.")
    depth = rng.permutation(optima) * 0.9 / optima
    away = np.stack([np.abs(levels - levels[cell]).sum(axis=1) for cell in centres], axis=1)
    loss = (away + depth).min(axis=1).reshape(shape)
    truth = {"n_lo": float(optima), "n_global": 1.0, "loss_best": 0.0}
    return Known(
        f"planted-{optima}", loss, truth, f"{optima} funnels, each cell at its distance to the nearest optimum"
    )


def gallery() -> list[Known]:
    """Return one of each kind, small."""
    return [additive((6, 5, 4, 5)), planted((8, 8, 8), 7), nk(10, 0), nk(10, 4), parity(7)]
