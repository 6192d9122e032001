"""What the landscape literature states (Huang and Li, arXiv 2311.14014), and whether the landscapes here agree.

Sections and numbers are those of the paper's first version. Where it states a quality without a number ("high", "few"),
the rule holds the reading that is tested here, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 5
"""With fewer benchmarks there is no interval."""
RESAMPLES = 2000
LEVEL = 0.95
AGREES, DISAGREES, UNDECIDED = "agrees", "disagrees", "undecided"


@dataclass(frozen=True)
class Claim:
    """One statement, the number that is measured for it, and the range in which it holds."""

    name: str
    section: str
    statement: str
    measure: str
    low: float | None
    high: float | None
    is_reading: bool = False
    """Whether the bounds are a reading of words, not the paper's own numbers."""

    @property
    def rule(self) -> str:
        """The rule as a sentence."""
        if self.high is None:
            text = f"holds above {self.low:g}"
        elif self.low is None:
            text = f"holds below {self.high:g}"
        else:
            text = f"holds from {self.low:g} to {self.high:g}"
        return f"{text} (our reading of the words)" if self.is_reading else text

    def holds(self, value: float) -> bool:
        """Return whether a number is on the paper's side."""
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


CLAIMS = (
    Claim(
        "fidelity_spearman", "4.3", "Low and full fidelity rank configurations alike: median Spearman above 0.85.",
        "Spearman correlation, lowest against full fidelity", 0.85, None,
    ),
    Claim(
        "fidelity_overlap", "4.3", "Most of the best tenth stays: the gamma-sets overlap by more than 60 %.",
        "overlap (Jaccard) of the best 10 %, lowest against full fidelity", 0.6, None,
    ),
    Claim(
        "benchmark_spearman", "4.4", "Data sets rank configurations alike: median Spearman above 0.65.",
        "Spearman correlation of two data sets", 0.65, None,
    ),
    Claim(
        "benchmark_overlap", "4.4", "About 40 % of the best tenth are shared between data sets.",
        "overlap (Jaccard) of the best 10 % of two data sets", 0.3, 0.5,
    ),
    Claim(
        "importance_agreement", "4.4", "The same few hyperparameters are important on many data sets.",
        "Spearman correlation of the importances on two data sets", 0.5, None, True,
    ),
    Claim(
        "split_spearman", "4.2", "Train and test loss rank configurations alike: median Spearman above 0.7.",
        "Spearman correlation of train and test loss", 0.7, None,
    ),
    Claim(
        "split_overlap", "4.2", "Of the best tenth by train loss, few are among the best tenth by test loss.",
        "overlap (Jaccard) of the best 10 % by train and by test loss", None, 0.4, True,
    ),
    Claim(
        "assortativity", "4.1", "Landscapes are smooth: neighbours have similar losses (high L-ast).",
        "assortativity of ranks over neighbours (L-ast)", 0.5, None, True,
    ),
    Claim(
        "autocorrelation", "4.1", "Landscapes are smooth: random walks are highly autocorrelated (rho_a).",
        "lag-1 autocorrelation of ranks on random walks, exact", 0.5, None, True,
    ),
    Claim(
        "neutrality", "4.1", "Landscapes are highly neutral: most moves change the loss by 1 % at most.",
        "share of neighbours that differ by 0.01 at most (of the interquartile range if unbounded)", 0.5, None, True,
    ),
    Claim(
        "ndc", "4.1", "They are flatter near the optimum (positive NDC).",
        "neutrality-distance correlation by ranks, higher is flatter near the optimum", 0.0, None,
    ),
    Claim(
        "n_lo", "4.1", "They are nearly unimodal: a handful to dozens of local optima.",
        "local optima (a plateau counts once)", None, 100.0, True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Value:
    """One measured number and the benchmarks that it comes from: one, or two that are compared."""

    value: float
    benchmarks: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """A claim beside what was measured."""

    claim: Claim
    median: float | None
    lower: float | None
    upper: float | None
    least: float | None
    most: float | None
    value_count: int
    benchmark_count: int
    verdict: str | None
    reason: str | None


def judge(claim: Claim, values: Sequence[Value], *, seed: int = 0) -> Verdict:
    """Return whether the numbers agree with a claim.

    It agrees where the whole 95 % interval of the median lies on the paper's side, and disagrees where the whole of it
    lies on the other; else it is undecided. With fewer than five benchmarks there is no interval: then it agrees only
    if every number does, and disagrees only if none does.
    """
    numbers = np.array([one.value for one in values])
    count = len({benchmark for one in values for benchmark in one.benchmarks})
    if not numbers.size:
        return Verdict(claim, None, None, None, None, None, 0, 0, None, "nothing of the kind was measured")
    middle, least, most = float(np.median(numbers)), float(numbers.min()), float(numbers.max())
    if count < LEAST:
        held = [claim.holds(float(number)) for number in numbers]
        verdict = AGREES if all(held) else UNDECIDED if any(held) else DISAGREES
        reason = f"{count} benchmarks are too few for an interval"
        return Verdict(claim, middle, None, None, least, most, numbers.size, count, verdict, reason)
    lower, upper = median_interval(values, seed=seed)
    ends = (claim.holds(lower), claim.holds(upper))
    outside = (claim.low is not None and upper <= claim.low) or (claim.high is not None and lower >= claim.high)
    verdict = AGREES if all(ends) else DISAGREES if outside else UNDECIDED
    return Verdict(claim, middle, lower, upper, least, most, numbers.size, count, verdict, None)


def median_interval(values: Sequence[Value], *, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median, benchmarks drawn anew.

    All numbers of a benchmark are drawn with it; a comparison of two counts as often as both were drawn together, so
    that the many pairs of few benchmarks do not pass for many independent numbers.
    """
    known = {name: i for i, name in enumerate(sorted({b for one in values for b in one.benchmarks}))}
    draws = np.random.default_rng(seed).multinomial(len(known), np.full(len(known), 1 / len(known)), size=RESAMPLES)
    ordered = sorted(values, key=lambda one: one.value)
    weights = np.array([_product(draws, [known[b] for b in one.benchmarks]) for one in ordered])
    total = weights.sum(axis=0)
    drawn = total > 0  # a draw of one benchmark only has no pair
    reached = np.cumsum(weights[:, drawn], axis=0)
    # The median of the repeated numbers: the mean of the two middle ones.
    first = np.argmax(reached * 2 >= total[drawn], axis=0)
    second = np.argmax(reached * 2 > total[drawn], axis=0)
    numbers = np.array([one.value for one in ordered])
    medians = (numbers[first] + numbers[second]) / 2
    low, high = np.quantile(medians, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def _product(draws: NDArray[np.int64], columns: Sequence[int]) -> NDArray[np.int64]:
    """Return, for each draw, the product of how often the columns were drawn."""
    found = np.ones(draws.shape[0], dtype=np.int64)
    for column in columns:
        found *= draws[:, column]
    return found
