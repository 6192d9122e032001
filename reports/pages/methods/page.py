"""What the words and numbers mean, how they are computed, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpowh.analyses.statistics import bands
from hpowh.analyses.traces import axis
from hpowh.reports.blocks import Block, Prose
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import percent
from hpowh.reports.page import Page
from hpowh.reports.pages.methods.analyses import SECTIONS


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the page on methods and limitations."""
    yield Page(
        key=("methods",),
        title="Methods and limitations",
        section="About",
        build=_build,
        lead="What the words and numbers on this site mean, how they are computed, and what they cannot say.",
    )


def _build() -> Sequence[Block]:
    return [
        Prose(
            "Words",
            points=(
                "A benchmark is a task on which configurations (choices of hyperparameter values) are evaluated. A "
                "search space says which configurations there are.",
                "A run is one algorithm on one benchmark with one seed. A setting is any further factor, "
                "such as the quality of a prior. A block holds the runs that share benchmark, seed and setting.",
                "The budget is what a run has spent so far. The fidelity belongs to an evaluation (such as its number "
                "of epochs) and is never a synonym of budget.",
                "The incumbent is the best usable value a run has seen so far. Failed, NaN and infinite values are "
                "kept in the warehouse with their status, but never become an incumbent and are left out of means.",
            ),
            id="words",
        ),
        Prose(
            "The common budget axis",
            (
                "Runs are compared only where they can be. On each benchmark the axis starts at the first budget by "
                f"which at least {percent(axis.MOST)} of the runs of every algorithm have a usable value, and ends at "
                "the "
                "last budget that every run reaches. Where that would lose more than a tenth of what "
                f"{percent(axis.MOST)} of every algorithm's runs reach, it ends there instead, and the runs that "
                "stopped "
                "earlier have no value after their end.",
                f"Between the two lie the budgets that were recorded, thinned to {axis.POINT_LIMIT}; where they span "
                "more than two orders of magnitude they are spaced by logarithm. No run is continued beyond its "
                "last record, and none has a value before its first.",
            ),
            id="axis",
        ),
        Prose(
            "Regret",
            (
                "The best known value of a benchmark and metric is the best of all traces on it, of any experiment in "
                "the warehouse, and of the means over seeds of its tables of configurations (validation before test, "
                "never training, at the highest fidelity). Regret is the distance from it; it can change when better "
                "values are ingested.",
                "Normalised regret divides by the distance between the best known value and the worst one recorded "
                "in the experiment on the benchmark: 0 is best, 1 worst. It depends on which algorithms are "
                "compared. Where all values equal the best known it is undefined, and the benchmark is left out.",
                "Anytime regret is the mean of normalised regret over the axis (over the logarithm of the budget where "
                "the axis is logarithmic). It is undefined for a run without a value somewhere on the axis.",
            ),
            id="regret",
        ),
        Prose(
            "Ranks",
            (
                "Runs are ranked within their block; ties share the mean of their ranks. A block in which an algorithm "
                "has no run, several runs, or no value at that budget is not ranked, because its ranks would not be "
                "comparable with those of other blocks.",
            ),
            id="ranks",
        ),
        Prose(
            "Bands",
            (
                "On a single benchmark, a band around a median holds the middle half of the seeds: it describes the "
                f"spread, not the uncertainty of the median. The {percent(bands.LEVEL)} band of a mean over seeds "
                "comes "
                f"from {bands.DRAWS:,} bootstrap samples of whole runs.",
                f"The {percent(bands.LEVEL)} band of a mean over benchmarks treats the benchmarks as given and the "
                "seeds as "
                "drawn (a stratified normal interval). It says nothing about benchmarks that were not run. It is a "
                "band at each budget, not for the whole curve.",
            ),
            id="bands",
        ),
        Prose(
            "The mean over benchmarks",
            (
                "Benchmarks are averaged at the same budget where their axes end within a tenth of each other, else at "
                "the same share of each benchmark's budget. Every benchmark counts the same, and only where every "
                "algorithm of the setting has runs and a defined regret: all curves rest on the same benchmarks.",
            ),
            id="mean-over-benchmarks",
        ),
        *SECTIONS,
        Prose(
            "What this site cannot say",
            points=(
                "Whether an algorithm is better on other benchmarks, from curves and mean ranks: that needs a model in "
                "which benchmarks vary.",
                "Whether a difference matters: look at the values themselves, not only at ranks.",
                "Bands that do not overlap suggest a difference; overlapping bands do not show that there is none. No "
                "correction for the number of comparisons is made in these pictures.",
                "Missing runs are not filled in. When runs are missing because they failed, what remains is too good.",
                "Best configurations are best on the seeds that were run: the first of many thousands is partly luck. "
                "The standard deviation beside it says how much.",
            ),
            id="limitations",
        ),
    ]
