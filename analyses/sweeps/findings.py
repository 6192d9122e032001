"""What a reader must know before trusting the numbers of a sweep, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from hpowh.analyses.sweeps.importance.confounding import Pair
from hpowh.analyses.sweeps.reading.columns import Column
from hpowh.analyses.sweeps.reading.configurations import Configurations
from hpowh.analyses.wording import brief

NAMED = 5


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


def repeated_warnings(groups: Configurations) -> list[str]:
    """Return a sentence where trials repeat configurations, and how much of the variance that is."""
    if not groups.is_repeated:
        return []
    sentence = (
        f"{groups.of_trial.size:,} trials are {groups.first.size:,} configurations, up to {int(groups.count.max()):,} "
        "times each: tests, models and what is called best go by configuration (its mean)."
    )
    if groups.noise is None:
        return [
            f"{sentence} Only {groups.repeat_count} repeat an earlier one: how large the noise is, that cannot tell."
        ]
    return [f"{sentence} Of the variance of single trials {brief(100 * groups.noise, 2)} % is noise between repeats."]


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
            f"The surrogate predicts no better than the mean (cross-validated R2 = {r_squared:.2f}): its importances "
            "and curves are worthless."
        ]
    if verdict == "weak":
        return [
            f"The surrogate explains little (cross-validated R2 = {r_squared:.2f}): importances and curves "
            "are weak evidence."
        ]
    return []
