"""Which hyperparameters matter: variance, interactions, and what tuning each of them can gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.paying import pays
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import MAX_CELLS, Surface
from hpowh.analyses.landscapes.one import games
from hpowh.analyses.landscapes.one.fanova import Decomposition, capped, decompose, roughness_to_slope, without_rounding
from hpowh.analyses.landscapes.one.interactions import Squares, count_squares, square_count
from hpowh.analyses.landscapes.one.surrogate import Surrogate, fit_surrogate
from hpowh.analyses.landscapes.values import EQUAL, Metric, metric
from hpowh.analyses.wording import percent

EXACT = "exact: cell means of the complete grid"
CONDITIONAL = "the space is conditional and some of its configurations have no value"
BEST_SHARE = 0.1
SCOPES = ("all", "ranks", "best_10")
"""The loss; its ranks, which diverged runs cannot ruin; the loss with the worst 90 % set to the 10 % quantile."""
MAX_SQUARES = 5_000_000_000
"""More squares are not counted (it would take minutes)."""
COMPILED_SQUARES = 5_000_000
"""From here on the compiled loops pay, once their machine code is on disk."""
ONE_LEVEL = "it has one level here, so that nothing is known of what it would change"


@dataclass(frozen=True)
class Importance:
    """Rows of `landscape_importance` and `landscape_interaction`, and the scalar metrics that come with them."""

    hyperparameters: list[dict[str, Any]]
    pairs: list[dict[str, Any]]
    metrics: list[Metric]


def measure_importance(surface: Surface, *, default: int | None, seed: int, threads: int | None = None) -> Importance:
    """Return importances, interactions and games of all hyperparameters.

    Exact on a complete grid; otherwise the shares are those of a random forest's predictions times its R2, so that no
    more than it explains is shared out, with R2 as their method; what the landscape's own shares are, and the games,
    which need every configuration, are NULL with the reason.

    Args:
        default: rank of the default configuration of the tunability game; none gives NULL.
        seed: of the forest.
        threads: of compiled loops; by default one for each core.
    """
    space = surface.space
    squares, square_reason = _squares(surface, threads)
    players, play, play_reason = _games(surface, default)
    hyperparameters, pairs = [], []
    metrics = _square_metrics(squares, square_reason)
    surrogates = _Surrogates(surface, seed)
    for scope in SCOPES:
        shared = _decomposition(surface, scope, surrogates, threads)
        parts, reason = shared.parts, shared.reason
        for j, axis in enumerate(space.axes):
            varies = parts if space.shape[j] > 1 else None
            why = reason or (None if space.shape[j] > 1 else ONE_LEVEL)
            row = {
                "scope": scope, "position": axis.position, "hyperparameter": axis.name, "method": shared.method,
                "main_share": shared.share(float(varies.main[j]) if varies else None),
                "total_share": shared.share(float(varies.total[j]) if varies else None),
                "reason": why,
            }  # fmt: skip
            if scope == "all":
                row |= {name: None if values is None else float(values[j]) for name, values in players.items()}
                row["reason"] = "; ".join(x for x in (why, play_reason) if x) or None
            hyperparameters.append(row)
        for a, b in _axis_pairs(space):
            row = {
                "scope": scope, "position_a": space.axes[a].position, "position_b": space.axes[b].position,
                "hyperparameter_a": space.names[a], "hyperparameter_b": space.names[b],
                "pair_share": shared.share(parts.pair[a, b] if parts else None), "reason": reason,
            }  # fmt: skip
            if scope == "all":
                row |= _square_columns(squares.get((a, b)))
                row["tunability_interaction"] = play.get((a, b))
                row["reason"] = "; ".join(x for x in (reason, square_reason, play_reason) if x) or None
            pairs.append(row)
        why = reason if reason or surface.is_complete else _bound(shared.explained)
        metrics += _variance_metrics(surface, scope, parts if surface.is_complete else None, why)
    return Importance(hyperparameters, pairs, metrics)


def _bound(explained: float) -> str:
    return f"only a model's shares are known, of at most {percent(explained, 2)} of the variance (see importances)"


def _axis_pairs(space: Space) -> list[tuple[int, int]]:
    k = len(space.axes)
    return [(a, b) for a in range(k) for b in range(a + 1, k)]


class _Surrogates:
    """The forests of the losses and of their ranks, each fitted when first asked for."""

    def __init__(self, surface: Surface, seed: int) -> None:
        self._surface, self._seed = surface, seed
        self._fitted: dict[bool, Surrogate] = {}

    def of(self, by_rank: bool) -> Surrogate:
        """Return a forest; raises what `fit_surrogate` raises."""
        if by_rank not in self._fitted:
            values = self._surface.average_rank if by_rank else self._surface.loss
            self._fitted[by_rank] = fit_surrogate(self._surface, values, seed=self._seed)
        return self._fitted[by_rank]


@dataclass(frozen=True)
class _Shared:
    """The decomposition of one scope, how it was made, why there is none, and what it explains of the whole."""

    parts: Decomposition | None
    method: str
    reason: str | None = None
    explained: float = 1.0

    def share(self, variance: float | None) -> float | None:
        """Return a variance as a share of all, where `explained` of all is what the parts share out."""
        if self.parts is None or variance is None or not np.isfinite(variance):
            return None
        found = self.parts.share(variance)
        return None if found is None else found * self.explained


def _decomposition(surface: Surface, scope: str, surrogates: _Surrogates, threads: int | None) -> _Shared:
    """Return the decomposition of one scope."""
    if surface.ordered[0] == surface.ordered[-1]:
        return _Shared(None, EXACT, EQUAL)
    method, explained = EXACT, 1.0
    if surface.space.conditions:
        return _Shared(None, EXACT, CONDITIONAL)
    if surface.is_complete:
        grid = (surface.average_rank if scope == "ranks" else surface.loss).reshape(surface.space.shape)
    else:
        try:
            surrogate = surrogates.of(scope == "ranks")
        except LandscapeError as error:
            return _Shared(None, "random forest", error.message)
        explained = surrogate.r_squared
        method = (
            f"random forest, out-of-bag R2 = {explained:.3f}, shares of at most {percent(explained, 2)} of the variance"
        )
        if surrogate.grid is None:
            if scope == "best_10":
                return _Shared(None, method, "differences among the best tenth need predictions of the whole grid")
            return _Shared(surrogate.parts, method, None, explained)
        grid = surrogate.grid
    if scope == "best_10":
        grid = np.minimum(grid, surface.quantile(BEST_SHARE)) if surface.is_complete else capped(grid, BEST_SHARE)
    parts = decompose(grid, threads=threads)
    if not parts.variance > 0:
        return _Shared(None, method, "the best tenth of the configurations has one and the same loss", explained)
    return _Shared(parts, method, None, explained)


def _variance_metrics(surface: Surface, scope: str, parts: Decomposition | None, reason: str | None) -> list[Metric]:
    """Return how much of the variance is additive, pairwise and of higher order, and the roughness-to-slope ratio."""
    prefix = "variance_" if scope == "all" else f"variance_{scope}_"
    why = reason or EQUAL
    additive = None if parts is None else parts.share(float(parts.main.sum()))
    pairwise = None if parts is None else parts.share(float(sum(parts.pair.values())))
    higher = None if additive is None or pairwise is None else without_rounding(max(0.0, 1.0 - additive - pairwise))
    metrics = [
        metric(prefix + "main", additive, why),
        metric(prefix + "pairs", pairwise, why),
        metric(prefix + "higher", higher, why),
    ]
    if scope == "all":
        ratio = None
        if parts is not None and surface.is_complete:
            ratio = roughness_to_slope(surface.dense().reshape(surface.space.shape), surface.space.ordinal, parts)
        why = reason or ("the grid is incomplete" if not surface.is_complete else "no main effect has a slope")
        metrics.append(metric("roughness_to_slope", ratio, why))
    return metrics


def _squares(surface: Surface, threads: int | None) -> tuple[dict[tuple[int, int], Squares], str | None]:
    if len(surface.space.axes) < 2:
        return {}, "a single hyperparameter has no pair"
    expected = square_count(surface.space.shape, surface.space.ordinal)
    if expected > MAX_SQUARES or surface.space.cardinality > MAX_CELLS:
        return {}, f"the grid has {expected:,} squares; up to {MAX_SQUARES:,} are counted"
    grid = surface.dense().reshape(surface.space.shape)
    is_compiled = pays("classify_squares", expected, COMPILED_SQUARES)
    squares = count_squares(grid, surface.space.ordinal, compiled=is_compiled, threads=threads)
    return squares, None if any(s.count for s in squares.values()) else "no square of configurations was evaluated"


def _square_columns(squares: Squares | None) -> dict[str, Any]:
    if squares is None or not squares.count:
        return {"square_count": 0 if squares is not None else None}
    n = squares.count
    return {
        "square_count": n, "additive_share": squares.additive / n, "magnitude_share": squares.magnitude / n,
        "sign_share": squares.sign / n, "reciprocal_share": squares.reciprocal / n,
    }  # fmt: skip


def _square_metrics(squares: dict[tuple[int, int], Squares], reason: str | None) -> list[Metric]:
    kinds = ("additive", "magnitude", "sign", "reciprocal")
    total = sum(s.count for s in squares.values())
    why = reason or "no square of configurations was evaluated"
    return [
        metric(
            f"interaction_{kind}",
            sum(getattr(s, kind) for s in squares.values()) / total if total else None,
            why,
            total,
        )
        for kind in kinds
    ]


PLAYER_COLUMNS = ("tunability_alone", "tunability_shapley", "ablation_shapley")


def _games(
    surface: Surface, default: int | None
) -> tuple[dict[str, NDArray[np.float64] | None], dict[tuple[int, int], float], str | None]:
    """Return the players' values, the pairs' interactions, and why there are none."""
    nothing: dict[str, NDArray[np.float64] | None] = dict.fromkeys(PLAYER_COLUMNS)
    space = surface.space
    if default is None:
        return nothing, {}, "no default configuration is known"
    if not surface.is_complete:
        return nothing, {}, "tunability needs a complete grid"
    if len(space.axes) > games.MAX_PLAYERS:
        return nothing, {}, f"tunability is computed for up to {games.MAX_PLAYERS} hyperparameters"
    grid = surface.loss.reshape(space.shape)
    start = tuple(int(x) for x in np.unravel_index(default, space.shape))
    best = tuple(int(x) for x in np.unravel_index(int(surface.ranks[surface.optima[0]]), space.shape))
    tuning = games.tunability_game(grid, start)
    values = (
        games.gains_alone(tuning),
        games.shapley_values(tuning),
        games.shapley_values(games.ablation_game(grid, start, best)),
    )
    return dict(zip(PLAYER_COLUMNS, values, strict=True)), games.shapley_interactions(tuning), None
