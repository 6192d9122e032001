"""What the landscape literature states (Huang and Li, arXiv 2311.14014), and whether the landscapes here agree.

Sections are those of the paper's first version; what only the published one (KDD 2025) states is marked so. Where it
states a quality without a number ("high", "few"), the rule holds the reading that is tested here, and says so. A claim
is held against what it is about and nothing else: its exceptions are claims of their own, and where nothing here is of
the kind, nothing is said.
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
    only: str | None = None
    """Search spaces whose name holds this word are what it is about; None: all."""
    but: tuple[str, ...] = ()
    """Search spaces whose name holds one of these words are exceptions."""

    def is_about(self, search_space: str) -> bool:
        """Return whether a search space is what the claim is about."""
        name = search_space.lower()
        return (self.only is None or self.only in name) and not any(word in name for word in self.but)

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
        statement="Low and full fidelity (10 % of the data, or 10 of 50 to 100 epochs) rank configurations alike: "
        "median Spearman above 0.85.",
        measure="Spearman correlation, the fidelity nearest to a tenth against the full one",
        low=0.85,
        high=None,
    ),
    Claim(
        name="fidelity_overlap",
        section="4.3",
        statement="Most of the best tenth stays: the gamma-sets overlap by more than 60 %.",
        measure="overlap (Jaccard) of the best 10 %, the fidelity nearest to a tenth against the full one",
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
        statement="About 40 % of the best tenth are shared between data sets (more is more alike, no disagreement).",
        measure="overlap (Jaccard) of the best 10 % of two data sets",
        low=0.3,
        high=None,
        is_reading=True,
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
        statement="Train and test loss rank configurations alike: median Spearman above 0.7 (but for XGBoost).",
        measure="Spearman correlation of train and test loss",
        low=0.7,
        high=None,
        but=("xgboost",),
    ),
    Claim(
        name="split_spearman_xgboost",
        section="4.2",
        statement="XGBoost is the exception: its train and test loss rank configurations differently (Spearman 0.34).",
        measure="Spearman correlation of train and test loss, XGBoost",
        low=None,
        high=0.7,
        is_reading=True,
        only="xgboost",
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
        statement="Landscapes are smooth: neighbours have similar losses (high L-ast, medians of about 0.4 to 0.6).",
        measure="assortativity of losses over improving moves, ties left out (L-ast as the authors' code has it)",
        low=0.4,
        high=None,
        is_reading=True,
    ),
    Claim(
        name="autocorrelation",
        section="4.1",
        statement="Landscapes are smooth: random walks are highly autocorrelated (rho_a).",
        measure="lag-1 autocorrelation of losses, median of walks of 20 nodes (rho_a as the authors' code has it)",
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
        measure="neutrality-distance correlation by ranks at the 1 % threshold, higher is flatter near the optimum",
        low=0.0,
        high=None,
    ),
    Claim(
        name="basins",
        section="4.1",
        statement="They are nearly unimodal: where there are other optima, their basins are small.",
        measure="share of the configurations from which steepest descent ends in a global optimum",
        low=0.5,
        high=None,
        is_reading=True,
        but=("fcnet", "nas"),
    ),
    Claim(
        name="n_lo_fcnet",
        section="4.1",
        statement="FCNet is the exception: dozens to a few hundred local optima.",
        measure="local optima (a plateau counts once), FCNet",
        low=12.0,
        high=500.0,
        is_reading=True,
        only="fcnet",
    ),
    Claim(
        name="n_lo_nas",
        section="published version",
        statement="Landscapes of neural architectures have more optima than those of hyperparameters.",
        measure="local optima of a NAS landscape, divided by the median of the other search spaces",
        low=1.0,
        high=None,
        only="nas",
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
