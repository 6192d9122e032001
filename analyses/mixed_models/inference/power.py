"""How many benchmarks and seeds would show a difference: simulation of balanced experiments from a fitted model.

In a balanced design the REML fit of `y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)` is the analysis of
variance, so a replicate needs the contrast and two mean squares only; where the interaction's variance would come out
negative, REML sets it to zero and pools the two, and so does the simulation (tests compare it with full fits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.families import tukey_critical
from hpowh.analyses.statistics.intervals import wilson

LEVEL = 0.95
WANTED = 0.8
Row = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """What the power depends on: standard deviations of benchmark x algorithm and of a run, and the algorithms."""

    interaction: float
    residual: float
    algorithms: int


def spread_of(fit: Fit) -> Spread:
    """Return the spread of a fitted default model.

    Raises:
        DataError: the model has no random effect of benchmark and algorithm together.
    """
    for block, covariance in fit.block_covariances:
        if set(block.term.group) == {"benchmark", "algorithm"} and block.width == 1:
            count = len(fit.problem.cells.levels["algorithm"])
            return Spread(float(np.sqrt(covariance[0, 0])), fit.sigma, count)
    raise DataError("Power needs a model with (1|benchmark:algorithm).")


def simulate(
    spread: Spread, benchmarks: int, seeds: int, difference: float, count: int, rng: np.random.Generator
) -> Floats:
    """Return |t| / critical value (count,) of Tukey's test of one pair in simulated experiments; above 1 is a finding.

    Raises:
        DataError: fewer than two benchmarks or seeds.
    """
    if benchmarks < 2 or seeds < 2:
        raise DataError("A design needs two benchmarks and two seeds or more.")
    a = spread.algorithms
    df_cell, df_error = (a - 1) * (benchmarks - 1), benchmarks * a * (seeds - 1)
    cell_variance = seeds * spread.interaction**2 + spread.residual**2
    ss_cell = cell_variance * rng.chisquare(df_cell, count)
    ss_error = spread.residual**2 * rng.chisquare(df_error, count)
    is_pooled = ss_cell / df_cell < ss_error / df_error
    square = np.where(is_pooled, (ss_cell + ss_error) / (df_cell + df_error), ss_cell / df_cell)
    estimate = difference + np.sqrt(2.0 * cell_variance / (benchmarks * seeds)) * rng.standard_normal(count)
    t_value = estimate / np.sqrt(2.0 * square / (benchmarks * seeds))
    critical = {each: tukey_critical(float(each), a, LEVEL) for each in (df_cell, df_cell + df_error)}
    return np.abs(t_value) / np.where(is_pooled, critical[df_cell + df_error], critical[df_cell])


def analytic_power(spread: Spread, benchmarks: int, seeds: int, difference: float) -> float:
    """Return the power by the noncentral t distribution, taking the interaction's variance as positive."""
    df = (spread.algorithms - 1) * (benchmarks - 1)
    error = np.sqrt(2.0 * (spread.interaction**2 + spread.residual**2 / seeds) / benchmarks)
    critical, shift = tukey_critical(float(df), spread.algorithms, LEVEL), difference / error
    from scipy.stats import nct

    found = float(nct.sf(critical, df, shift) + nct.cdf(-critical, df, shift))
    # Far out the noncentral t's series gives up; the power is then that of a normal shift.
    return found if np.isfinite(found) else float(stats.norm.sf(critical - shift))


def power_table(
    spread: Spread,
    benchmarks: Sequence[int],
    seeds: Sequence[int],
    differences: Sequence[float],
    count: int = 4000,
    seed: int = 0,
) -> list[Row]:
    """Return the rows of `lmem_power`, with a 95 % interval (Wilson) for the simulated share."""
    rng = np.random.default_rng(seed)
    rows = []
    for difference in differences:
        for b in benchmarks:
            for s in seeds:
                found = float((simulate(spread, b, s, difference, count, rng) > 1.0).mean())
                low, high = (float(limit) for limit in wilson(found, count))
                rows.append(
                    {
                        "benchmark_count": b,
                        "seed_count": s,
                        "difference": difference,
                        "power": found,
                        "lower": low,
                        "upper": high,
                        "replicate_count": count,
                        "power_analytic": analytic_power(spread, b, s, difference),
                        "reason": None,
                    }
                )
    return rows


def power_sentences(rows: Sequence[Row]) -> list[str]:
    """Return, for every difference, the smallest number of benchmarks that shows it with 80 % power."""
    said = []
    for difference in dict.fromkeys(row["difference"] for row in rows):
        enough = [row for row in rows if row["difference"] == difference and row["power"] >= WANTED]
        if not enough:
            said.append(f"No design tried shows a difference of {difference:.4g} with 80 % power.")
            continue
        best = min(enough, key=lambda row: (row["benchmark_count"], row["seed_count"]))
        said.append(
            f"A difference of {difference:.4g} needs {best['benchmark_count']} benchmarks with {best['seed_count']} "
            f"seeds each (power {best['power']:.2f})."
        )
    return said
