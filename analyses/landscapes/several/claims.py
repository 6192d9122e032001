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


@dataclass(frozen=True, kw_only=True)
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
        name="fidelity_spearman",
        section="4.3",
        statement="Low and full fidelity rank configurations alike: median Spearman above 0.85.",
        measure="Spearman correlation, lowest against full fidelity",
        low=0.85,
        high=None,
    ),
    Claim(
        name="fidelity_overlap",
        section="4.3",
        statement="Most of the best tenth stays: the gamma-sets overlap by more than 60 %.",
        measure="overlap (Jaccard) of the best 10 %, lowest against full fidelity",
        low=0.6,
        high=None,
    ),
    Claim(
        name="benchmark_spearman",
        section="4.4",
        statement="Data sets rank configurations alike: median Spearman above 0.65.",
        measure="Spearman correlation of two data sets",
        low=0.65,
        high=None,
    ),
    Claim(
        name="benchmark_overlap",
        section="4.4",
        statement="About 40 % of the best tenth are shared between data sets.",
        measure="overlap (Jaccard) of the best 10 % of two data sets",
        low=0.3,
        high=0.5,
    ),
    Claim(
        name="importance_agreement",
        section="4.4",
        statement="The same few hyperparameters are important on many data sets.",
        measure="Spearman correlation of the importances on two data sets",
        low=0.5,
        high=None,
        is_reading=True,
    ),
    Claim(
        name="split_spearman",
        section="4.2",
        statement="Train and test loss rank configurations alike: median Spearman above 0.7.",
        measure="Spearman correlation of train and test loss",
        low=0.7,
        high=None,
    ),
    Claim(
        name="split_overlap",
        section="4.2",
        statement="Of the best tenth by train loss, few are among the best tenth by test loss.",
        measure="overlap (Jaccard) of the best 10 % by train and by test loss",
        low=None,
        high=0.4,
        is_reading=True,
    ),
    Claim(
        name="assortativity",
        section="4.1",
        statement="Landscapes are smooth: neighbours have similar losses (high L-ast).",
        measure="assortativity of ranks over neighbours (L-ast)",
        low=0.5,
        high=None,
        is_reading=True,
    ),
    Claim(
        name="autocorrelation",
        section="4.1",
        statement="Landscapes are smooth: random walks are highly autocorrelated (rho_a).",
        measure="lag-1 autocorrelation of ranks on random walks, exact",
        low=0.5,
        high=None,
        is_reading=True,
    ),
    Claim(
        name="neutrality",
        section="4.1",
        statement="Landscapes are highly neutral: most moves change the loss by 1 % at most.",
        measure="share of neighbours that differ by 0.01 at most (of the interquartile range if unbounded)",
        low=0.5,
        high=None,
        is_reading=True,
    ),
    Claim(
        name="ndc",
        section="4.1",
        statement="They are flatter near the optimum (positive NDC).",
        measure="neutrality-distance correlation by ranks, higher is flatter near the optimum",
        low=0.0,
        high=None,
    ),
    Claim(
        name="n_lo",
        section="4.1",
        statement="They are nearly unimodal: a handful to dozens of local optima.",
        measure="local optima (a plateau counts once)",
        low=None,
        high=100.0,
        is_reading=True,
    ),
)


@dataclass(frozen=True)
class Value:
    """One measured number and the benchmarks that it comes from: one, or two that are compared."""

    value: float
    benchmarks: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
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
        return Verdict(
            claim=claim,
            median=None,
            lower=None,
            upper=None,
            least=None,
            most=None,
            value_count=0,
            benchmark_count=0,
            verdict=None,
            reason="nothing of the kind was measured",
        )
    middle, least, most = float(np.median(numbers)), float(numbers.min()), float(numbers.max())
    if count < LEAST:
        held = [claim.holds(float(number)) for number in numbers]
        verdict = AGREES if all(held) else UNDECIDED if any(held) else DISAGREES
        reason = f"{count} benchmarks are too few for an interval"
        return Verdict(
            claim=claim,
            median=middle,
            lower=None,
            upper=None,
            least=least,
            most=most,
            value_count=numbers.size,
            benchmark_count=count,
            verdict=verdict,
            reason=reason,
        )
    lower, upper = median_interval(values, seed=seed)
    ends = (claim.holds(lower), claim.holds(upper))
    outside = (claim.low is not None and upper <= claim.low) or (claim.high is not None and lower >= claim.high)
    verdict = AGREES if all(ends) else DISAGREES if outside else UNDECIDED
    return Verdict(
        claim=claim,
        median=middle,
        lower=lower,
        upper=upper,
        least=least,
        most=most,
        value_count=numbers.size,
        benchmark_count=count,
        verdict=verdict,
        reason=None,
    )


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
