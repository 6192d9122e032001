"""scikit-learn's `cv_results_`: the folds of a row as trials of their own, repeats of its configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.sources.trials.rows import Rows

CHOICES = ("mean", "trials")
SPLIT = re.compile(r"split(\d+)_(test|train)_(.+)")
OVER_FOLDS = re.compile(r"(std|rank)_(test|train)_.+")


def spread_folds(rows: Rows, options: Mapping[str, Any], location: str) -> Rows:
    """Return a row a fold where the option `folds` is `trials`, else the rows as they are.

    Each row takes the values of its split under the names of the means (`mean_test_score`), and its number as `fold`;
    what is over all folds (standard deviations, ranks) is left out.

    Raises:
        UsageError: the option is neither `mean` nor `trials`.
        IngestError: there are no values by split.
    """
    wanted = str(options.get("folds") or "mean")
    if wanted not in CHOICES:
        raise UsageError(f"--option folds={wanted}: not understood.", f"It is one of: {', '.join(CHOICES)}.")
    if wanted == "mean":
        return rows
    splits: dict[int, dict[str, str]] = {}
    for column in rows.columns:
        match = SPLIT.fullmatch(column)
        if match:
            splits.setdefault(int(match[1]), {})[f"mean_{match[2]}_{match[3]}"] = column
    if not splits:
        raise IngestError(
            f"{location} has no values by fold (split0_test_score …), as scikit-learn's cv_results_ has them.",
            "Leave --option folds away.",
        )
    shared = [c for c in rows.columns if not SPLIT.fullmatch(c) and not OVER_FOLDS.fullmatch(c)]
    found = []
    for row in rows.rows:
        for fold, columns in sorted(splits.items()):
            own = {name: row.get(column) for name, column in columns.items()}
            found.append({**{c: row.get(c) for c in shared}, **own, "fold": fold})
    return replace(
        rows, columns=[*shared, "fold"], positions=list(range(1, len(found) + 1)), rows=found,
        notes=[*rows.notes, f"Each of {len(splits)} folds is a trial: repeats of {len(rows.rows):,} configurations."],
    )  # fmt: skip
