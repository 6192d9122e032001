"""How many benchmarks and seeds would show a difference: simulation of balanced experiments from a fitted model.

The variances are estimates. Each simulated experiment draws its own from what the data leave open: a mean square times
its degrees of freedom over a chi-squared (the fiducial distribution), so an interaction that is estimated as zero is no
zero, and the power is an average over what it may be (assurance: O'Hagan, Stevens & Campbell 2005, Pharm. Stat. 4).

In a balanced design the REML fit of `y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)` is the analysis of
variance, so a replicate needs the contrast and two mean squares only; where the interaction's variance would come out
negative, REML sets it to zero and pools the two, and so does the simulation (tests compare it with full fits). Degrees
of freedom are then still those of the interaction, as in every comparison of algorithms (`inference.satterthwaite`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.families import tukey_critical
from hpowh.analyses.statistics.intervals import wilson
from hpowh.analyses.wording import brief

LEVEL = 0.95
WANTED = 0.8
Row = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """What the power depends on: standard deviations of benchmark x algorithm and of a run, and the algorithms.

    The standard deviations are numbers, or arrays with one of each for every simulated experiment.
    """

    interaction: float | Floats
    residual: float | Floats
    algorithms: int


@dataclass(frozen=True, kw_only=True)
class Squares:
    """The mean squares of an experiment: of cell means about an additive fit, and of runs within cells.

    `cell`, `run`: variances with `cell_df`, `run_df` degrees of freedom (0: one value a cell). `share`: which part of a
    run's variance is in that of a cell mean, 1 / runs in a balanced design.
    """

    cell: float
    cell_df: int
    run: float
    run_df: int
    share: float
    algorithms: int

    def spread(self, cell_factor: float | Floats = 1.0, run_factor: float | Floats = 1.0) -> Spread:
        """Return the standard deviations when the two variances are these factors of their estimates."""
        run = self.run * np.asarray(run_factor)
        interaction = np.sqrt(np.maximum(self.cell * np.asarray(cell_factor) - self.share * run, 0.0))
        return Spread(interaction, np.sqrt(run), self.algorithms)

    def drawn(self, count: int, rng: np.random.Generator) -> Spread:
        """Return standard deviations (count,) from what the data leave open."""
        run = self.run_df / rng.chisquare(self.run_df, count) if self.run_df else np.ones(count)
        return self.spread(self.cell_df / rng.chisquare(self.cell_df, count), run)

    def careful(self, level: float = 0.9) -> Spread:
        """Return the standard deviations with the cells' variance at its upper limit."""
        return self.spread(self.cell_df / float(stats.chi2.ppf(1.0 - level, self.cell_df)))


def squares_of(cells: Cells) -> Squares:
    """Return the mean squares of the cells of algorithm, benchmark and further factors (averaged over, equal weights).

    Raises:
        DataError: there are too few benchmarks or algorithms for an interaction.
    """
    sizes = [len(cells.levels[name]) for name in ("benchmark", "algorithm")]
    at = cells.codes["benchmark"] * sizes[1] + cells.codes["algorithm"]
    parts = np.bincount(at, minlength=sizes[0] * sizes[1])
    used = np.flatnonzero(parts)
    mean = (np.bincount(at, cells.mean_y, len(parts))[used]) / parts[used]
    share = float((np.bincount(at, 1.0 / cells.count, len(parts))[used] / parts[used] ** 2).mean())
    design = np.column_stack(
        [used // sizes[1] == b for b in range(sizes[0])] + [used % sizes[1] == a for a in range(1, sizes[1])]
    ).astype(np.float64)
    found, _, rank, _ = np.linalg.lstsq(design, mean, rcond=None)
    cell_df, run_df = len(used) - int(rank), int(cells.count.sum()) - len(cells.count)
    if cell_df < 1:
        raise DataError("Power needs two algorithms on two benchmarks or more.")
    cell = float(((mean - design @ found) ** 2).sum()) / cell_df
    run = float(cells.scatter_y.sum()) / run_df if run_df else 0.0
    if cell <= 0 and run <= 0:
        raise DataError(
            "The values of an algorithm do not differ between benchmarks or runs: there is no power to ask."
        )
    return Squares(cell=cell, cell_df=cell_df, run=run, run_df=run_df, share=share, algorithms=sizes[1])


def simulate(
    spread: Spread, benchmarks: int, seeds: int, difference: float, count: int, rng: np.random.Generator
) -> Floats:
    """Return |t| / critical value (count,) of Tukey's test of one pair in simulated experiments; above 1 is a finding.

    With one seed the runs' variance is in the cells'.

    Raises:
        DataError: fewer than two benchmarks or no seed.
    """
    if benchmarks < 2 or seeds < 1:
        raise DataError("A design needs two benchmarks and a seed or more.")
    a = spread.algorithms
    df_cell, df_error = (a - 1) * (benchmarks - 1), benchmarks * a * (seeds - 1)
    cell_variance = seeds * spread.interaction**2 + spread.residual**2
    ss_cell = cell_variance * rng.chisquare(df_cell, count)
    square = ss_cell / df_cell
    if df_error:
        ss_error = spread.residual**2 * rng.chisquare(df_error, count)
        square = np.where(square < ss_error / df_error, (ss_cell + ss_error) / (df_cell + df_error), square)
    estimate = difference + np.sqrt(2.0 * cell_variance / (benchmarks * seeds)) * rng.standard_normal(count)
    t_value = estimate / np.sqrt(2.0 * square / (benchmarks * seeds))
    return np.abs(t_value) / tukey_critical(float(df_cell), a, LEVEL)


def analytic_power(spread: Spread, benchmarks: int, seeds: int, difference: float) -> float:
    """Return the power by the noncentral t distribution, taking the interaction's variance as positive."""
    df = (spread.algorithms - 1) * (benchmarks - 1)
    error = float(np.sqrt(2.0 * (spread.interaction**2 + spread.residual**2 / seeds) / benchmarks))
    critical, shift = tukey_critical(float(df), spread.algorithms, LEVEL), difference / error
    from scipy.stats import nct

    found = float(nct.sf(critical, df, shift) + nct.cdf(-critical, df, shift))
    # Far out the noncentral t's series gives up; the power is then that of a normal shift.
    return found if np.isfinite(found) else float(stats.norm.sf(critical - shift))


def power_table(
    squares: Squares,
    benchmarks: Sequence[int],
    seeds: Sequence[int],
    differences: Sequence[float],
    count: int = 4000,
    seed: int = 0,
) -> list[Row]:
    """Return the rows of `lmem_power`, with a 95 % interval (Wilson) for the simulated share.

    `power` is averaged over the variances' uncertainty, `power_low` has the cells' variance at its 90 % limit, and
    `power_analytic` takes the estimates for the truth.
    """
    rng = np.random.default_rng(seed)
    point, careful = squares.spread(), squares.careful()
    rows = []
    for difference in differences:
        for b in benchmarks:
            for s in seeds:
                found = float((simulate(squares.drawn(count, rng), b, s, difference, count, rng) > 1.0).mean())
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
                        "power_low": analytic_power(careful, b, s, difference),
                        "power_analytic": analytic_power(point, b, s, difference),
                        "reason": None,
                    }
                )
    return rows


def power_sentences(rows: Sequence[Row], response: str) -> list[str]:
    """Return, for every difference, the smallest number of benchmarks that shows it with 80 % power."""
    sentences = []
    for difference in dict.fromkeys(row["difference"] for row in rows):
        enough = [row for row in rows if row["difference"] == difference and row["power"] >= WANTED]
        if not enough:
            sentences.append(
                f"No design tried shows a difference of {brief(difference, 4)} in {response} with 80 % power."
            )
            continue
        best = min(enough, key=lambda row: (row["benchmark_count"], row["seed_count"]))
        sentences.append(
            f"A difference of {brief(difference, 4)} in {response} needs {best['benchmark_count']} benchmarks with "
            f"{_runs_text(best)} (power {best['power']:.2f} over what the data leave open of the variances, "
            f"{best['power_low']:.2f} with the one over benchmarks at its 90 % limit)."
        )
    return sentences


def _runs_text(row: Row) -> str:
    return "one run each" if row["seed_count"] == 1 else f"{row['seed_count']} seeds each"


def zero_sentences(squares: Squares) -> list[str]:
    """Say where the variance over benchmarks is estimated as zero, and what it may be; where there are no repeats."""
    if not squares.run_df:
        return [
            "There is one value for each algorithm and benchmark: what more seeds would give is not known, so only "
            "designs with one run each are looked at."
        ]
    if float(squares.spread().interaction) > 0:
        return []
    limit = float(squares.careful().interaction)
    if limit <= 0:
        return [
            "An algorithm's advantage varies less between benchmarks than its runs would make it vary by themselves "
            "(90 % limit of its variance: zero). Runs of different algorithms that share what they are drawn from (a "
            "seed, a split) look like this: compare them within it, for instance with (1|benchmark:seed)."
        ]
    return [
        "The variance of an algorithm's advantage over benchmarks is estimated as zero, which is no zero: its standard "
        f"deviation may be up to {brief(limit)} (90 % limit), and the power is averaged over that."
    ]


def choice_sentence(
    squares: Squares, benchmarks: int, runs: int, difference: float, response: str, count: int = 4000
) -> str:
    """Say what three more benchmarks, and what twice the runs on the present ones, would make of the power.

    Which of the two is worth more is said where they differ by more than twice the simulation's standard error.
    """
    rng = np.random.default_rng(0)

    def power(b: int, s: int) -> float:
        return float((simulate(squares.drawn(count, rng), b, s, difference, count, rng) > 1.0).mean())

    now, more = power(benchmarks, runs), power(benchmarks + 3, runs)
    said = (
        f"A difference of {brief(difference, 4)} in {response} is found with power {now:.2f} by a new experiment like "
        f"this one, {more:.2f} with three benchmarks more"
    )
    if not squares.run_df:
        return f"{said}."
    longer = power(benchmarks, 2 * runs)
    better = "three more benchmarks" if more > longer else "more runs on these benchmarks"
    if abs(more - longer) <= 2.0 * np.sqrt((more * (1.0 - more) + longer * (1.0 - longer)) / count):
        return f"{said}, {longer:.2f} with twice the runs: as much."
    return f"{said}, {longer:.2f} with twice the runs: {better} are worth more."
