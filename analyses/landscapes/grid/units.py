"""Means over equal units: a unit is one seed and fold, and every configuration's loss stands for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_WHOLE = 5
"""So many configurations measured on every unit are needed to know the units' effects (as `mart.landscape_unit`)."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """How the configurations of a landscape share its units, where they do not all have the same ones."""

    unit_count: int
    whole_count: int
    """Configurations with a value on every unit."""
    part_count: int
    """Configurations that were not measured on some units: the effects of those they have are taken out."""
    failed_count: int
    """Configurations that failed on some units, though not on all: they have no loss."""

    @classmethod
    def of(cls, loss: NDArray[np.float64], ok_count: NDArray, unit_count: NDArray) -> Units | None:
        """Return the counts of a landscape; None where all configurations have the same units.

        Args:
            loss: one a configuration, NaN where it has none.
            ok_count: its usable values.
            unit_count: the landscape's units, 0 where all configurations have the same.
        """
        total = int(unit_count.max(initial=0))
        if not total:
            return None
        has_loss = np.isfinite(loss)
        return cls(
            unit_count=total,
            whole_count=int(np.count_nonzero(has_loss & (ok_count == total))),
            part_count=int(np.count_nonzero(has_loss & (ok_count < total))),
            failed_count=int(np.count_nonzero(~has_loss & (ok_count > 0))),
        )

    def sentences(self) -> list[str]:
        """Return what must be said beside every number of such a landscape."""
        texts = []
        if self.failed_count:
            texts.append(
                f"Configurations that failed on some of the {self.unit_count} seeds and folds have no loss, "
                f"{self.failed_count:,} in all: the mean of those on which they ran would be one over other units."
            )
        if self.part_count and self.whole_count >= LEAST_WHOLE:
            texts.append(
                f"Only {self.whole_count:,} configurations were measured on all {self.unit_count} seeds and folds; "
                f"from the means of the other {self.part_count:,} the effects of their seeds and folds are taken out."
            )
        elif self.part_count:
            texts.append(
                f"Losses are means over different seeds and folds ({self.whole_count:,} configurations were measured "
                f"on all {self.unit_count}, and the effects of seeds and folds need {LEAST_WHOLE}): a difference of "
                "two may be one of their seeds and folds."
            )
        return texts
