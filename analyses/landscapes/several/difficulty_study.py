"""Landscapes' numbers against the regrets of the runs in the same warehouse, as rows of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.landscapes.reading.keys import Key
from hpowh.analyses.landscapes.reading.results import read_regrets
from hpowh.analyses.landscapes.reading.rows import Reader
from hpowh.analyses.landscapes.several.difficulty import OFFSET, Case, study

NUMBERS = (
    "assortativity_rank", "neutrality_1_percent", "fdc_spearman", "lo_ratio", "basin_global_share", "near_best_5",
    "variance_ranks_main", "interaction_reciprocal",
)  # fmt: skip
"""What a landscape is predicted from; one of which a number is unknown takes no part."""
Row = dict[str, Any]


def difficulty_tables(
    reader: Reader,
    main: Sequence[Key],
    shapes: Mapping[str, Mapping[str, float]],
    data_sets: Mapping[int, str],
    *,
    seed: int,
) -> dict[str, list[Row]]:
    """Return the rows of `landscape_difficulty` and `landscape_prediction`; none where nothing ran on a landscape.

    Args:
        main: the one landscape of each benchmark that stands for it.
        data_sets: by benchmark; several benchmarks of one data set (models) are left out together. A benchmark without
            one is a data set of its own.
    """
    regrets: dict[tuple[Any, ...], dict[int, float]] = {}
    for space, benchmark, metric, split, fidelity, algorithm, regret, _ in read_regrets(reader):
        regrets.setdefault((space, benchmark, metric, split, fidelity), {})[algorithm] = regret
    keys, cases = [], []
    for key in main:
        mine = shapes.get(key.subject, {})
        if all(name in mine for name in NUMBERS):
            keys.append(key)
            cases.append(
                Case(
                    data_sets.get(key.benchmark_id, key.benchmark),
                    key.search_space,
                    tuple(mine[name] for name in NUMBERS),
                    regrets.get((*key.place, key.split, key.fidelity), {}),
                )
            )
    if not any(case.regrets for case in cases):
        return {}
    found = study(cases, seed=seed)
    verdicts = [
        {
            "algorithm_id": one.algorithm, "case_count": one.case_count, "data_set_count": one.data_set_count,
            "skill": one.skill, "lower": one.lower, "upper": one.upper, "p_value": one.p_value,
            "adjusted_p_value": one.adjusted_p_value, "is_learned": one.is_learned, "reason": one.reason,
        }
        for one in found.learned
    ]  # fmt: skip
    predictions = [
        {
            "search_space_id": key.search_space_id, "benchmark_id": key.benchmark_id, "metric_id": key.metric_id,
            "split": key.split, "fidelity": key.fidelity, "algorithm_id": algorithm, "predicted": predicted,
            "baseline": mean,
            "observed": float(np.log10(case.regrets[algorithm] + OFFSET)) if algorithm in case.regrets else None,
        }
        for key, case, mine in zip(keys, cases, found.predicted, strict=True)
        for algorithm, (predicted, mean) in mine.items()
    ]  # fmt: skip
    return {"landscape_difficulty": verdicts, "landscape_prediction": predictions}
