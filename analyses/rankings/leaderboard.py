"""What leaderboards print, with intervals: win rate, Elo and improvability, over blocks (benchmarks) drawn anew.

Sources: Bradley & Terry (1952), Biometrika 39, and Hunter (2004), Ann. Stat. 32 (the algorithm) for Elo; Erickson et
al. (2025), TabArena, for improvability: by how many percent of its loss the best in a block undercuts an algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.rankings.blocks import Floats

RESAMPLES = 1_000
ELO_SCALE = 400.0 / np.log(10.0)
ELO_MEAN = 1000.0
TIE = 0.5
"""Every pair has this share of a drawn game added, so that who always wins has a finite Elo."""
STEPS, CLOSE = 500, 1e-9


@dataclass(frozen=True)
class Measure:
    """A number for every algorithm (A,) with a 95 % interval; NaN where it is not defined."""

    value: Floats
    lower: Floats
    upper: Floats


def win_rates(losses: Floats) -> Floats:
    """Return the share of games (block x opponent) that each algorithm wins (A,); ties are half a win."""
    won = _wins(losses)
    return np.asarray(won.sum(axis=1) / (len(losses) * (losses.shape[1] - 1)))


def _wins(losses: Floats) -> Floats:
    """Return wins of each over each (A, A), ties half."""
    better = (losses[:, :, None] < losses[:, None, :]).sum(axis=0)
    equal = (losses[:, :, None] == losses[:, None, :]).sum(axis=0) - len(losses) * np.eye(losses.shape[1])
    return np.asarray(better + 0.5 * equal, dtype=float)


def elo_of(wins: Floats, drawn: float = TIE) -> Floats:
    """Return Elo ratings (A,) with mean 1000 from wins (A, A): Bradley and Terry's maximum likelihood.

    Args:
        drawn: how much of a drawn game every pair has besides; without any it is the likelihood of the games alone, as
            `bencheval` has it, and who always wins has no finite rating.
    """
    size = len(wins)
    won = wins + 0.5 * drawn * (1.0 - np.eye(size))
    games = won + won.T
    total = won.sum(axis=1)
    strength = np.ones(size)
    for _ in range(STEPS):
        fresh = total / (games / (strength[:, None] + strength[None, :])).sum(axis=1)
        fresh /= np.exp(np.log(fresh).mean())
        change = float(np.abs(np.log(fresh / strength)).max())
        strength = fresh
        if change < CLOSE:
            break
    return np.asarray(ELO_MEAN + ELO_SCALE * np.log(strength))


def improvability(losses: Floats) -> Floats:
    """Return by how many percent of its loss the best of a block undercuts each algorithm (A,), averaged over blocks.

    Not defined where a loss is negative or unknown.
    """
    if not losses.min() >= 0:
        return np.full(losses.shape[1], np.nan)
    best = losses.min(axis=1, keepdims=True)
    share = np.divide(losses - best, losses, out=np.zeros_like(losses), where=losses > 0)
    return np.asarray(100.0 * share.mean(axis=0))


def measures(losses: Floats, seed: int = 0, errors: Floats | None = None) -> dict[str, Measure]:
    """Return `win_rate`, `elo` and `improvability` of losses (blocks, A) with bootstrap intervals over blocks.

    Args:
        errors: (blocks, A), of which improvability is taken, since zero must mean that nothing is left to improve; NaN
            where there are none. By default the losses.
    """
    rng = np.random.default_rng(seed)
    places = [rng.integers(0, len(losses), len(losses)) for _ in range(RESAMPLES)]
    functions = {"win_rate": win_rates, "elo": lambda part: elo_of(_wins(part)), "improvability": improvability}
    found = {}
    for name, function in functions.items():
        table = errors if name == "improvability" and errors is not None else losses
        value = function(table)
        if not np.isfinite(value).all() or len(losses) < 2:
            nothing = np.full(len(value), np.nan)
            found[name] = Measure(value, nothing, nothing)
            continue
        again = np.array([function(table[place]) for place in places])
        lower, upper = np.quantile(again, [0.025, 0.975], axis=0)
        found[name] = Measure(value, np.minimum(lower, value), np.maximum(upper, value))
    return found
