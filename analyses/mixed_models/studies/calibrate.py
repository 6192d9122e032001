"""Does a comparison hold its level on the user's own design? Labels of algorithms are shuffled within benchmarks.

If the algorithms do not differ, their names on a benchmark are exchangeable: shuffled whole (every run of an algorithm
on a benchmark keeps its company), the data keep their scales, tails, missing runs and spreads, and every difference
that is found is a false one. The same fit, with all that it decides by itself, is made on each shuffle. Those that vary
differently between benchmarks are mixed by the shuffling: it says nothing of those.
Sources: Fisher (1935), The Design of Experiments; Westfall & Young (1993), Resampling-Based Multiple Testing, ch. 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.elsewhere.places import Place
from hpowh.analyses.mixed_models.inference.contrasts import Estimates, pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.replicates import Drawn, replicates
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.statistics.intervals import wilson
from hpowh.analyses.wording import percent

LEVEL = 0.05
TIES = 1e-9
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What shuffling found: the smallest p-value of every shuffle (n,), how many could not be fitted, the real pairs.

    `calibrated` (pairs,): the share of shuffles whose smallest p-value is at most the pair's own (that one counted).
    """

    fit: Fit
    pairs: Estimates
    smallest: Floats
    failed: int
    calibrated: Floats

    @property
    def rejected(self) -> int:
        """In how many shuffles some pair was significant at 5 %."""
        return int((self.smallest < LEVEL).sum())


def calibrate(
    formula: Formula,
    cells: Cells,
    *,
    count: int,
    seed: int,
    variance: str = "auto",
    progress: Callable[[int, int], None] | None = None,
    on: Place | Executor | None = None,
) -> Calibration:
    """Fit the model to `count` experiments with shuffled labels and to the real one.

    Args:
        progress: called with how many experiments are done, and how many there are.
        on: where the experiments are fitted instead of here: a place, or an executor of the caller's. The labels are
            shuffled here, so the numbers are the same.

    Raises:
        DataError: the formula compares no algorithms over benchmarks, or the real data cannot carry it.
        PlaceError: the workers of `on` cannot do the work.
    """
    for name in ("algorithm", "benchmark"):
        if name not in cells.codes:
            raise DataError(f"Labels are shuffled within benchmarks: the formula needs {name}.")
    chosen = fit_to_compare(formula, cells, variance=variance).fit
    pairs = _pairs(chosen)
    rng = np.random.default_rng(seed)
    names = Drawn(count, lambda: shuffled_names(cells, rng))
    found = replicates(_smallest_of, (formula, cells, variance), names, on, progress)
    values = np.array([one for one in found if one is not None])
    failed = sum(one is None for one in found)
    at_most = (values[None, :] <= pairs.p_adjusted[:, None] + TIES).sum(axis=1)
    return Calibration(
        fit=chosen, pairs=pairs, smallest=values, failed=failed, calibrated=(1.0 + at_most) / (1.0 + len(values))
    )


def _smallest_of(formula: Formula, cells: Cells, variance: str, names: Sequence[Ints]) -> list[float | None]:
    """Return the smallest p-value of each experiment; None where it could not be fitted."""
    found: list[float | None] = []
    for one in names:
        try:
            pairs = _pairs(fit_to_compare(formula, renamed(cells, one), variance=variance).fit)
            found.append(float(np.nanmin(pairs.p_adjusted)))
        except DataError:
            found.append(None)
    return found


def shuffled_names(cells: Cells, rng: np.random.Generator) -> Ints:
    """Return a permutation of the algorithms for every benchmark, shape (benchmarks, algorithms)."""
    size = len(cells.levels["algorithm"])
    return rng.permuted(np.tile(np.arange(size), (len(cells.levels["benchmark"]), 1)), axis=1)


def renamed(cells: Cells, names: Ints) -> Cells:
    """Return the cells with the algorithms of each benchmark renamed."""
    code, block = cells.codes["algorithm"], cells.codes["benchmark"]
    return replace(cells, codes={**cells.codes, "algorithm": names[block, code]})


def shuffled(cells: Cells, rng: np.random.Generator) -> Cells:
    """Return the cells with the algorithms' names permuted anew within every benchmark."""
    return renamed(cells, shuffled_names(cells, rng))


def _pairs(found: Fit) -> Estimates:
    return pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey")


def calibration_rows(found: Calibration, asked: Formula) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of `lmem_calibration` and `lmem_calibration_pair`."""
    count = len(found.smallest)
    low, high = (float(limit) for limit in wilson(found.rejected / count, count)) if count else (None, None)
    overall: dict[str, Any] = {
        "formula": str(asked),
        "formula_fitted": str(found.fit.formula),
        "method": "labels shuffled within benchmark",
        "level": LEVEL,
        "replicate_count": count,
        "failed_count": found.failed,
        "rejected_count": found.rejected,
        "rate": found.rejected / count if count else None,
        "lower": low,
        "upper": high,
        "reason": None if count else "no shuffled experiment could be fitted",
    }
    pairs: list[dict[str, Any]] = [
        {
            "contrast": name,
            "first": pair[0],
            "second": pair[1],
            "estimate": found.pairs.estimate[i],
            "p_adjusted": found.pairs.p_adjusted[i],
            "p_calibrated": found.calibrated[i] if count and np.isfinite(found.pairs.p_adjusted[i]) else None,
        }
        for i, (name, pair) in enumerate(zip(found.pairs.names, found.pairs.pairs, strict=True))
        if pair is not None
    ]
    return {"lmem_calibration": [overall], "lmem_calibration_pair": pairs}


NEAR = 1.6
"""A level is said to be held where so many times it is ruled out: 8 % for 5 %."""


def calibration_sentence(found: Calibration) -> str:
    """Say how often a difference was found where there is none."""
    return level_sentence(found.rejected, len(found.smallest))


def level_sentence(rejected: int, count: int) -> str:
    """Say in how many of `count` shuffled experiments a difference was found where there is none."""
    if not count:
        return "No shuffled experiment could be fitted: the level is not known."
    low, high = (float(limit) for limit in wilson(rejected / count, count))
    verdict = (
        "p-values are too small here: use those that are calibrated"
        if low > LEVEL
        else "the level is held"
        if high <= NEAR * LEVEL
        else f"5 % is not ruled out, nor is {percent(high, 0)}: more shuffles tell (--shuffles)"
    )
    return (
        f"With labels shuffled within benchmarks some pair was significant at 5 % in {rejected} of {count} "
        f"experiments ({percent(rejected / count, 1)}, 95 % interval {percent(low, 1)} to {percent(high, 1)}): "
        f"{verdict}."
    )
