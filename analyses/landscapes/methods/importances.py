"""Which hyperparameters matter on one landscape, by each of the methods in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one import games
from hpowh.analyses.landscapes.one.fanova import decompose
from hpowh.analyses.landscapes.one.surrogate import MAX_PREDICTED, encode
from hpowh.analyses.landscapes.partial.completed import IMPUTATIONS, can_be_completed
from hpowh.analyses.landscapes.partial.completing import completions

Floats = NDArray[np.float64]
METHODS = (
    "fanova", "fanova_total", "fanova_forest", "permutation", "ped_anova", "tunability", "ablation", "local",
)  # fmt: skip
BEST = 0.1
"""Share of the configurations that PED-ANOVA counts as good."""
TREES, SEEN, LEAST = 64, 5_000, 50
"""Trees of the forest; configurations that it is fitted to, and asked for, at most; at least in all."""
REPEATS = 5
"""Shuffles of each hyperparameter in the permutation importance."""
INCOMPLETE = "some configurations have no value, and this method needs them all"


@dataclass(frozen=True)
class Found:
    """What one method says of one landscape: a number a hyperparameter, or why there is none (or by what it is)."""

    method: str
    values: Floats | None
    reason: str | None = None


def importances(surface: Surface, *, default: int | None, seed: int, is_bounded: bool = False) -> list[Found]:
    """Return what each of `METHODS` says, a value for each axis of the space; larger is more important.

    - `fanova`, `fanova_total`: main and total share of the variance of ranks, exact over the grid (Hutter et al. 2014).
    - `fanova_forest`: the main share of the predictions of a forest fitted to at most 5,000 random configurations.
    - `permutation`: how much the forest's squared error on others grows, as a share of the variance of ranks, when one
      hyperparameter's levels are shuffled (Breiman 2001); mean of five shuffles.
    - `ped_anova`: Pearson divergence of the levels of the best tenth from those of all (Watanabe et al. 2023).
    - `tunability`: Shapley value of the loss saved by tuning from the default; `ablation`: of the way from the default
      to the best configuration.
    - `local`: variance of the loss along one hyperparameter through the best configuration (Biedenkapp et al. 2018).

    In a conditional space what is inactive changes nothing. Where the grid has holes that can be completed, the methods
    that need all of it are means over completions (see `completing`), and `reason` says so; the others go by what was
    evaluated.

    Args:
        is_bounded: whether the metric lies in [0, 1]; completions then do, too.
    """
    if surface.ordered[0] == surface.ordered[-1]:
        return [Found(method, None, "all losses are equal") for method in METHODS]
    whole = surface.expanded() if surface.space.conditions else surface
    found = {**_of_grids(surface, default, seed, is_bounded), **_of_forest(whole, seed)}
    found["ped_anova"] = Found("ped_anova", ped_anova(whole))
    return [found[method] for method in METHODS]


def _of_grids(surface: Surface, default: int | None, seed: int, is_bounded: bool) -> dict[str, Found]:
    """Return what the methods say that need every configuration: of the grid, or of completions of it."""
    if not can_be_completed(surface):
        return _of_grid(surface, default)
    drawn = [_of_grid(one, default) for one in completions(surface, IMPUTATIONS, seed=seed, is_bounded=is_bounded)]
    cells = surface.space.configuration_count
    how = f"mean of {IMPUTATIONS} completions, {cells - surface.size:,} of {cells:,} configurations imputed"
    found = {}
    for method, first in drawn[0].items():
        values = [one[method].values for one in drawn]
        there = [one for one in values if one is not None]
        found[method] = Found(method, np.mean(there, axis=0), how) if len(there) == len(drawn) else first
    return found


def _of_grid(surface: Surface, default: int | None) -> dict[str, Found]:
    names = ("fanova", "fanova_total", "tunability", "ablation", "local")
    if not surface.is_whole:
        return {name: Found(name, None, INCOMPLETE) for name in names}
    surface = surface.expanded() if surface.space.conditions else surface
    shape = surface.space.shape
    parts = decompose(surface.average_rank.reshape(shape), with_pairs=False)
    loss = surface.loss.reshape(shape)
    best = tuple(int(x) for x in np.unravel_index(int(surface.optima[0]), shape))
    found = {
        "fanova": Found("fanova", parts.main / parts.variance),
        "fanova_total": Found("fanova_total", parts.total / parts.variance),
        "local": Found("local", local_variances(loss, best)),
    }
    why = None
    if default is None:
        why = "no default configuration is known (one that is best over several benchmarks, or --default)"
    elif len(shape) > games.MAX_PLAYERS:
        why = f"games are computed for up to {games.MAX_PLAYERS} hyperparameters"
    if default is None or why is not None:
        return found | {name: Found(name, None, why) for name in ("tunability", "ablation")}
    start = tuple(int(x) for x in np.unravel_index(default, shape))
    played = {"tunability": games.tunability_game(loss, start), "ablation": games.ablation_game(loss, start, best)}
    return found | {name: Found(name, games.shapley_values(game)) for name, game in played.items()}


def local_variances(loss: Floats, at: tuple[int, ...]) -> Floats:
    """Return for each axis the variance of the losses along it through one configuration."""
    lines = [np.moveaxis(loss, axis, -1)[at[:axis] + at[axis + 1 :]] for axis in range(loss.ndim)]
    return np.array([float(line.var()) for line in lines])


def ped_anova(surface: Surface) -> Floats:
    """Return for each axis sum over levels of (share among the best - share among all)^2 / share among all.

    The best are those with at most the loss of the tenth quantile, so that equal losses stand together.
    """
    good = surface.ranks[surface.loss <= surface.quantile(BEST)]
    values = []
    for axis, size in enumerate(surface.space.shape):
        everyone, best = (
            np.bincount(surface.space.levels(ranks, axis), minlength=size) / ranks.size
            for ranks in (surface.ranks, good)
        )
        there = everyone > 0
        values.append(float(np.sum((best[there] - everyone[there]) ** 2 / everyone[there])))
    return np.array(values)


def _of_forest(surface: Surface, seed: int) -> dict[str, Found]:
    """Return what a forest's predictions of the ranks say, fitted to some configurations and asked for others."""
    from sklearn.ensemble import RandomForestRegressor

    names = ("fanova_forest", "permutation")
    if surface.size < LEAST:
        why = f"{surface.size} configurations are too few for a forest ({LEAST})"
        return {name: Found(name, None, why) for name in names}
    rng = np.random.default_rng(seed)
    order = rng.permutation(surface.size)
    cut = min(SEEN, int(0.7 * surface.size))
    seen, held = order[:cut], order[cut : cut + SEEN]
    forest = RandomForestRegressor(TREES, min_samples_leaf=2, max_features=0.7, random_state=seed, n_jobs=1)
    forest.fit(encode(surface.space, surface.ranks[seen]), surface.average_rank[seen])
    target, ranks = surface.average_rank[held], surface.ranks[held]
    variance = float(target.var())
    error = _error(forest, surface.space, ranks, target)
    if not error < variance:
        why = "the forest predicts configurations that it has not seen no better than their mean"
        return {name: Found(name, None, why) for name in names}
    grown = [
        np.mean(
            [_error(forest, surface.space, shuffled(surface.space, ranks, axis, rng), target) for _ in range(REPEATS)]
        )
        for axis in range(len(surface.space.axes))
    ]
    found = {"permutation": Found("permutation", (np.array(grown) - error) / variance)}
    if surface.space.cardinality > MAX_PREDICTED:
        why = f"the grid has more than {MAX_PREDICTED:,} cells to be predicted"
        return found | {"fanova_forest": Found("fanova_forest", None, why)}
    cells = encode(surface.space, np.arange(surface.space.cardinality))
    parts = decompose(forest.predict(cells).reshape(surface.space.shape), with_pairs=False)
    share = parts.main / parts.variance if parts.variance > 0 else None
    return found | {
        "fanova_forest": Found("fanova_forest", share, None if share is not None else "it predicts one value")
    }


def shuffled(space: Space, ranks: NDArray[np.int64], axis: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the configurations with the levels of one axis dealt anew among them."""
    level = space.levels(ranks, axis)
    return ranks + (rng.permutation(level) - level) * space.strides[axis]


def _error(forest: Any, space: Space, ranks: NDArray[np.int64], target: Floats) -> float:
    return float(np.mean((forest.predict(encode(space, ranks)) - target) ** 2))
