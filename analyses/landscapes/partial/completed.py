"""The numbers of a landscape with holes: means over its completions, with the interval between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.partial.completing import MAX_CELLS, MIN_CONFIGURATIONS
from hpowh.analyses.landscapes.partial.incomplete import STRUCTURE_COVERAGE
from hpowh.analyses.landscapes.partial.modes import MAX_LEVELS
from hpowh.analyses.wording import percent

Columns = Mapping[str, Any]
Tables = Mapping[str, Columns]

IMPUTATIONS = 5
"""Completions of a landscape: enough for an interval (Student's t with four degrees of freedom makes up for so few)."""
CHECKS = 1
"""Completions with further holes."""
WIDER, BY_SHARE = 1.2, 2.5
"""Intervals are `WIDER` + `BY_SHARE` x share imputed times as wide as five draws have it: no real table is a Gaussian
field, and without it 84 % (half imputed) to 93 % (a hundredth) of the intervals on parts of public tables held."""
WIDER_CONDITIONAL = 1.5
"""At least so many times in conditional spaces: a configuration that fills many cells of the grid weighs more than
those from which the sizes of residuals are known, and without it 91 % of 420 simulated intervals held."""
MOST_FOR_OPTIMUM = 0.05
"""Share imputed from which there is no interval for what hangs on the optimum: a hole may be better by more than a
field foresees that is as smooth everywhere; at a tenth 83 to 90 % of such intervals held."""
HANGS_ON_OPTIMUM = ("near_best", "fdc", "basin_global")
HANGS_ON_TIES = ("interaction_additive", "n_plateau", "plateau_share")
"""What counts exact equality, which no draw restores: there is no interval."""
LOGARITHMIC = ("basin_mean", "basin_median", "basin_largest", "n_lo", "depth_median", "roughness_to_slope", "steps")
"""Sizes and counts, whose intervals are those of their logarithms where all are positive."""
FACTS = frozenset(("n_configurations", "coverage", "n_edges", "n_ties", "n_isolated", "loss_best", "loss_worst"))
"""Metrics that say what was evaluated; they are not completed."""
CORRELATIONS = ("gamma", "assortativity", "fdc", "ndc", "basin_depth_correlation")
SHARES = ("pass_better_share", "pass_optimal_share", "slice",
          "neutrality", "near_best", "variance", "interaction", "monotone_share", "plateau_share", "basin_global_share",
          "basin_gini", "lo_ratio")  # fmt: skip
ANY_SIGN = ("loss_",)
AT_LEAST_ONE = ("n_lo", "n_lo_weak", "n_lo_members", "n_global")
"""Counts of optima: every landscape has a best configuration."""
INTERVALS = {"main_share": "main", "total_share": "total", "pair_share": "pair"}
"""Columns of shares that have an interval, and what its two columns' names begin with."""


WHOLE = ("position", "position_a", "position_b", "square_count", "reason")
"""Columns that are no numbers to be averaged."""


def can_be_completed(surface: Surface) -> bool:
    """Return whether a landscape has holes that are filled by draws."""
    return (
        not surface.is_whole
        and surface.coverage >= STRUCTURE_COVERAGE
        and surface.size >= MIN_CONFIGURATIONS
        and surface.space.cardinality <= MAX_CELLS
        and max(surface.space.shape) <= MAX_LEVELS
        and bool(surface.ordered[0] < surface.ordered[-1])
    )


_LEFT_OUT = {
    True: " (none for what counts exact ties or is measured from the best configuration, which may be missing)",
    False: " (none for what counts exact ties)",
}


def completion_sentence(surface: Surface) -> str:
    """Return what must be said beside every number of a completed landscape."""
    cells = surface.space.configuration_count
    return (
        f"{cells - surface.size:,} of {cells:,} configurations ({percent(1 - surface.coverage, 2)}) have no value and "
        f"were imputed {IMPUTATIONS} times by draws of a random field that is as smooth as what was evaluated: metrics "
        "and importances are means over these completions, with 95 % intervals between them, if what is missing is no "
        f"other than its surroundings tell{_LEFT_OUT[_is_much(1 - surface.coverage)]}; "
        "lists of optima, networks' edges and maps show what was evaluated."
    )


def thinned(surface: Surface, *, seed: int) -> tuple[Surface, float]:
    """Return the landscape with as many holes again, at random, and how many times those are its holes.

    Where a quarter of what was evaluated is fewer than the holes, that many are made.
    """
    holes = surface.space.configuration_count - surface.size
    made = max(1, min(holes, surface.size // 4))
    kept = np.sort(np.random.default_rng([seed, 1]).choice(surface.size, surface.size - made, replace=False))
    return Surface(space=surface.space, ranks=surface.ranks[kept], loss=surface.loss[kept]), holes / made


def completed_tables(
    surface: Surface, seen: Tables, completed: Sequence[Tables], checks: Sequence[Tables], times: float
) -> dict[str, Columns]:
    """Return the tables of what was evaluated, its metrics and importances replaced by those of the completions.

    An interval is that of one more draw, which the truth is by assumption: mean -+ t sqrt((1 + 1 / m) B), B the
    variance between the m completions, made wider by the share imputed (`WIDER`). Nothing varies within one: all its
    cells are there. No landscape is a Gaussian field: the interval reaches as far again, and as far once more, as holes
    made for the purpose move the mean.

    Args:
        checks: completions of the landscape with further holes.
        times: the landscape's holes divided by the further ones.
    """
    tables = dict(seen)
    wider = WIDER + BY_SHARE * (1 - surface.coverage)
    between = _Between(times, max(wider, WIDER_CONDITIONAL) if surface.space.conditions else wider)
    tables["landscape_metric"] = between.metrics(surface, seen, completed, checks)
    for name in ("landscape_quantile", "landscape_neutrality", "landscape_autocorrelation"):
        drawn = [one[name] for one in completed]
        tables[name] = _means(seen[name], _in_common(drawn) if name == "landscape_neutrality" else drawn)
    cells = surface.space.configuration_count
    method = f"exact on {len(completed)} completions, {cells - surface.size:,} of {cells:,} cells imputed"
    for name in ("landscape_importance", "landscape_interaction"):
        if name in completed[0]:
            tables[name] = between.shares([one[name] for one in completed], [one[name] for one in checks])
    if "landscape_importance" in tables:
        importance = dict(tables["landscape_importance"])
        importance["method"] = [method] * len(importance["method"])
        tables["landscape_importance"] = importance
    return tables


class _Between:
    """Means over completions and the intervals between them."""

    def __init__(self, times: float, wider: float) -> None:
        self._times, self._wider = times, wider

    def interval(
        self, name: str, values: Sequence[float], others: Sequence[float | None]
    ) -> tuple[float, float, float]:
        """Return mean, lower and upper bound of a number over completions, given it over those with further holes."""
        known = [value for value in others if value is not None]
        moved = self._times * (float(np.mean(known)) - float(np.mean(values))) if known else 0.0
        return interval(name, values, moved, wider=self._wider)

    def metrics(self, surface: Surface, seen: Tables, completed: Sequence[Tables], checks: Sequence[Tables]) -> Columns:
        """Return each metric as its mean and interval; what is known for sure, and how much was imputed, without."""
        observed = seen["landscape_metric"]
        known = {name: at for at, name in enumerate(observed["name"])}
        first = completed[0]["landscape_metric"]
        rows: list[dict[str, Any]] = []
        for at, name in enumerate(first["name"]):
            mine = known.get(name)
            if name in FACTS and mine is not None:
                rows.append({key: observed[key][mine] for key in observed})
                continue
            row = {key: first[key][at] for key in first}
            if mine is not None:
                row["pair_count"] = observed["pair_count"][mine]
            found = [_at(one["landscape_metric"], name) for one in completed]
            values = [value for value in found if value is not None]
            if len(values) == len(found):
                others = [_at(one["landscape_metric"], name) for one in checks]
                row["value"], row["lower"], row["upper"] = self.interval(name, values, others)
                if not _has_interval(name, values, 1 - surface.coverage):
                    row["lower"] = row["upper"] = None
            else:
                row["value"], row["reason"] = None, row["reason"] or "some completions have none"
            rows.append(row)
        holes = surface.space.configuration_count - surface.size
        imputed = {"name": "imputed_share", "value": 1 - surface.coverage, "pair_count": holes}
        rows.append({"reason": None, "lower": None, "upper": None} | imputed)
        return {key: [row[key] for row in rows] for key in observed}

    def shares(self, completed: Sequence[Columns], checks: Sequence[Columns]) -> Columns:
        """Return a table of shares as means, with the intervals' columns."""
        table = dict(completed[0])
        for name in completed[0]:
            columns = [one[name] for one in completed]
            if name not in WHOLE:
                table[name] = _mean_column(columns)
            if name in INTERVALS:
                others = zip(*[one[name] for one in checks], strict=True)
                ends = [
                    (None,) * 3 if any(x is None for x in row) else self.interval("variance", row, other)
                    for row, other in zip(zip(*columns, strict=True), others, strict=True)
                ]
                table[f"{INTERVALS[name]}_lower"] = [low for _, low, _ in ends]
                table[f"{INTERVALS[name]}_upper"] = [high for _, _, high in ends]
        return table


def _has_interval(name: str, values: Sequence[float], imputed: float) -> bool:
    """Return whether completions tell how far a metric may be off: not where all agree on a count or share.

    Five draws that agree are no interval of no width.
    """
    if name.startswith(HANGS_ON_TIES) or (name.startswith(HANGS_ON_OPTIMUM) and _is_much(imputed)):
        return False
    return min(values) < max(values)


def _is_much(imputed: float) -> bool:
    """Return whether more was imputed than `MOST_FOR_OPTIMUM`; 1 - 57 / 60 is not more than 0.05 but for rounding."""
    return imputed > MOST_FOR_OPTIMUM + 1e-9


def _at(table: Columns, name: str) -> float | None:
    names = list(table["name"])
    return table["value"][names.index(name)] if name in names else None


def interval(
    name: str, values: Sequence[float], moved: float = 0.0, *, wider: float = 1.0
) -> tuple[float, float, float]:
    """Return mean and 95 % interval of one more draw like the given ones, within what the metric can be.

    Args:
        moved: how far holes like those that are there move the mean; the interval reaches against it twice as far.
        wider: so many times as wide (see `WIDER`).
    """
    from scipy.special import stdtrit

    numbers = np.asarray(values, dtype=np.float64)
    count, mean = numbers.size, float(numbers.mean())
    is_log = name.startswith(LOGARITHMIC) and numbers.min() > 0 and mean + moved > 0
    if is_log:
        moved = float(np.log((mean + moved) / mean))
        numbers = np.log(numbers)
    middle = float(numbers.mean())
    half = wider * float(stdtrit(count - 1, 0.975) * np.sqrt((1 + 1 / count) * numbers.var(ddof=1)))
    back = -2 * wider * moved
    ends = middle - half + min(back, 0.0), middle + half + max(back, 0.0)
    if is_log:
        ends = float(np.exp(ends[0])), float(np.exp(ends[1]))
    low, high = _bounds(name)
    return mean, max(min(ends[0], mean), low), min(max(ends[1], mean), high)


def _bounds(name: str) -> tuple[float, float]:
    if name.startswith(CORRELATIONS):
        return -1.0, 1.0
    if name.startswith(SHARES):
        return 0.0, 1.0
    if name in AT_LEAST_ONE:
        return 1.0, np.inf
    return (-np.inf, np.inf) if name.startswith(ANY_SIGN) else (0.0, np.inf)


def _in_common(drawn: Sequence[Columns]) -> list[Columns]:
    """Return the rows of curves of epsilons that all completions have: each adds its own threshold to the usual."""
    rows: list[dict[float | None, int]] = []
    for table in drawn:
        mine: dict[float | None, int] = {}
        for place, one in enumerate(table["relative_epsilon"]):  # a threshold of one's own may be a usual one
            mine.setdefault(None if one is None else round(float(one), 12), place)
        rows.append(mine)
    common = set.intersection(*map(set, rows))
    return [
        {name: [values[place] for key, place in mine.items() if key in common] for name, values in one.items()}
        for one, mine in zip(drawn, rows, strict=True)
    ]


def _means(seen: Columns, completed: Sequence[Columns]) -> Columns:
    """Return a table's numbers as means over the completions; counts of pairs stay those that were evaluated."""
    table = dict(completed[0])
    for name, values in completed[0].items():
        if name == "pair_count" and len(seen.get(name, ())) == len(values):
            table[name] = seen[name]
        elif name != "reason":
            table[name] = _mean_column([one[name] for one in completed])
    return table


def _mean_column(columns: Sequence[Any]) -> list[Any]:
    """Return the mean of each row over the completions, None where one has none; texts as they are."""
    return [
        None if any(value is None for value in row) else row[0] if isinstance(row[0], str) else float(np.mean(row))
        for row in zip(*columns, strict=True)
    ]
