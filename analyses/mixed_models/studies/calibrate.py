"""Does a comparison hold its level on the user's own design? Labels of algorithms are shuffled within benchmarks.

If the algorithms do not differ, their names on a benchmark are exchangeable: shuffled whole (every run of an algorithm
on a benchmark keeps its company), the data keep their scales, tails, missing runs and spreads, and every difference
that is found is a false one. The same fit, with all that it decides by itself, is made on each shuffle. Those that vary
differently between benchmarks are mixed by the shuffling: it says nothing of those.
Sources: Fisher (1935), The Design of Experiments; Westfall & Young (1993), Resampling-Based Multiple Testing, ch. 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.inference.contrasts import Estimates, pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit, one_thread
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.statistics.intervals import wilson

LEVEL = 0.05
TIES = 1e-9


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
) -> Calibration:
    """Fit the model to `count` experiments with shuffled labels and to the real one.

    Raises:
        DataError: the formula compares no algorithms over benchmarks, or the real data cannot carry it.
    """
    for name in ("algorithm", "benchmark"):
        if name not in cells.codes:
            raise DataError(f"Labels are shuffled within benchmarks: the formula needs {name}.")
    chosen = fit_to_compare(formula, cells, variance=variance).fit
    pairs = _pairs(chosen)
    rng = np.random.default_rng(seed)
    smallest, failed = [], 0
    with one_thread():
        for i in range(count):
            try:
                found = _pairs(fit_to_compare(formula, shuffled(cells, rng), variance=variance).fit)
                smallest.append(float(np.nanmin(found.p_adjusted)))
            except DataError:
                failed += 1
            if progress is not None:
                progress(i + 1, count)
    values = np.array(smallest)
    at_most = (values[None, :] <= pairs.p_adjusted[:, None] + TIES).sum(axis=1)
    return Calibration(
        fit=chosen, pairs=pairs, smallest=values, failed=failed, calibrated=(1.0 + at_most) / (1.0 + len(values))
    )


def shuffled(cells: Cells, rng: np.random.Generator) -> Cells:
    """Return the cells with the algorithms' names permuted anew within every benchmark."""
    code, block = cells.codes["algorithm"], cells.codes["benchmark"]
    size = len(cells.levels["algorithm"])
    names = rng.permuted(np.tile(np.arange(size), (len(cells.levels["benchmark"]), 1)), axis=1)
    return replace(cells, codes={**cells.codes, "algorithm": names[block, code]})


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


def calibration_sentence(found: Calibration) -> str:
    """Say how often a difference was found where there is none."""
    return level_sentence(found.rejected, len(found.smallest))


def level_sentence(rejected: int, count: int) -> str:
    """Say in how many of `count` shuffled experiments a difference was found where there is none."""
    if not count:
        return "No shuffled experiment could be fitted: the level is not known."
    low, high = (float(limit) for limit in wilson(rejected / count, count))
    verdict = "the level is held" if low <= LEVEL else "p-values are too small here: use those that are calibrated"
    return (
        f"With labels shuffled within benchmarks some pair was significant at 5 % in {rejected} of {count} "
        f"experiments ({rejected / count:.1%}, 95 % interval {low:.1%} to {high:.1%}): {verdict}."
    )
