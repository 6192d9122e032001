"""What a reader must know before trusting the numbers of a sweep, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hpowh.analyses.sweeps.importance.confounding import Pair
from hpowh.analyses.sweeps.reading.columns import Column, Floats

NAMED = 5
REPEATED = 0.05
"""Share of trials that repeat a configuration from which it is said."""


def listed(names: Sequence[str]) -> str:
    """Return names joined by commas, the first five of them and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def column_warnings(columns: Sequence[Column]) -> list[str]:
    """Return one sentence for each way in which columns were left out, imputed or reinterpreted."""
    sentences = []
    words = {
        "constant": "never vary",
        "identifier": "name or seed the trial",
        "sparse": "have too few values",
        "empty": "have no value",
        "duplicate": "say the same as another one",
    }
    for role, why in words.items():
        names = [column.name for column in columns if column.role == role]
        if names:
            sentences.append(f"Not used because they {why}: {listed(names)}.")
    imputed = [f"{c.name} ({c.imputed_count} trials)" for c in columns if c.imputed_count]
    if imputed:
        sentences.append(f"Missing numbers were replaced by the mean: {listed(imputed)}; correlations leave them out.")
    mixed = [c.name for c in columns if c.is_used and "mixed" in c.note]
    if mixed:
        sentences.append(
            f"Numbers and texts are mixed in {listed(mixed)}; the list of columns says how they were read."
        )
    return sentences


def repeated_warnings(codes: Floats) -> list[str]:
    """Return a sentence where trials repeat configurations: a model then has seen what it is tested on.

    Args:
        codes: trials x hyperparameters, as the models see them.
    """
    repeats = len(codes) - len(np.unique(codes, axis=0))
    if repeats < REPEATED * len(codes):
        return []
    return [
        f"{repeats:,} of {len(codes):,} trials repeat a configuration: the R2 of unseen trials is in part that of "
        "configurations that a model has seen, and says less of new ones."
    ]


def confounding_warnings(pairs: Sequence[Pair]) -> list[str]:
    """Return a sentence where hyperparameters were varied together."""
    bad = [f"{p.a} with {p.b} ({p.coefficient:.2f})" for p in pairs if p.is_confounded]
    if not bad:
        return []
    return [
        f"Varied together, so that their effects can hardly be told apart: {listed(bad)}. "
        "An importance may sit on either of the two."
    ]


def model_warnings(verdict: str, r_squared: float | None, reason: str | None) -> list[str]:
    """Return a sentence where the surrogate's importances mean little."""
    if reason:
        return [f"No importances of a surrogate model: {reason}."]
    if verdict == "worthless":
        return [
            f"The surrogate predicts no better than the mean (cross-validated R2 = {r_squared:.2f}): its importances, "
            "curves and suggestions are worthless."
        ]
    if verdict == "weak":
        return [
            f"The surrogate explains little (cross-validated R2 = {r_squared:.2f}): importances, curves and "
            "suggestions are weak evidence."
        ]
    return []
