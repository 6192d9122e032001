"""Across search spaces: models on the same data set, meta-features against landscapes, claims of the literature.

All of it reads what the other analyses have stored, so that a number here is a number that stands on another page too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from hpowh.analyses.landscapes.reading.keys import Key
from hpowh.analyses.landscapes.reading.results import (
    read_features,
    read_fidelities,
    read_fingerprint,
    read_noise,
    read_shapes,
    read_similar,
    read_sizes,
)
from hpowh.analyses.landscapes.reading.rows import Reader
from hpowh.analyses.landscapes.several.across import Candidate, standings
from hpowh.analyses.landscapes.several.claims import CLAIMS, Claim, Value, judge
from hpowh.analyses.landscapes.several.difficulty_study import difficulty_tables
from hpowh.analyses.landscapes.several.families import Family, families
from hpowh.analyses.landscapes.several.mantel import likeness_of, mantel_tests
from hpowh.analyses.landscapes.several.relations import relate

TARGETS = (
    "assortativity_rank", "neutrality", "ndc_spearman", "lo_ratio", "fdc_spearman", "basin_global_share",
    "variance_ranks_main", "near_best_5", "gap_median", "gap_spearman", "gap_regret",
)  # fmt: skip
"""Numbers of the landscapes, and of overfitting, that meta-features and sizes of models are related to."""
METRIC_CLAIMS = {
    "assortativity": "l_ast_authors", "autocorrelation": "rho_a_authors", "ndc": "ndc_1_percent",
    "basins": "basin_global_share", "n_lo_fcnet": "n_lo", "neutrality": "neutrality_1_percent",
}  # fmt: skip
PAIR_CLAIMS = {
    "benchmark_spearman": "spearman", "benchmark_overlap": "best_overlap_10",
    "importance_agreement": "importance_agreement",
}  # fmt: skip
MANTEL_MEASURES = ("spearman", "best_overlap_10", "importance_agreement")
"""How alike two landscapes are, held against how alike their data sets are."""
ABOUT = {claim.name: claim for claim in CLAIMS}
ROWS = "row_count"
"""Meta-feature that holds a data set's number of rows."""
LEAST_STEPS, LEAST_ROWS = 50, 300
NEAR_A_TENTH = (0.05, 0.25)
"""Shares of the full fidelity that count as the paper's low one (10 % of the data; 10 of 50 or 100 epochs)."""
Row = dict[str, Any]


def stored_fingerprint(reader: Reader) -> tuple[Any, ...]:
    """Return what changes whenever a stored analysis or a meta-feature does that this study reads."""
    return (*read_fingerprint(reader), *read_features(reader), *read_sizes(reader))


def study(
    reader: Reader, everything: Sequence[Key], main: Sequence[Key], *, seed: int
) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the rows of `landscape_model`, `landscape_relation`, `landscape_claim`, `landscape_mantel`,
    `landscape_difficulty` and `landscape_prediction`; and warnings.

    Args:
        main: the one landscape of each benchmark that stands for it.
        seed: of the bootstrap.
    """
    shapes: dict[str, dict[str, float]] = {}
    for subject, name, value in read_shapes(reader):
        shapes.setdefault(subject, {})[name] = value
    numbers: dict[str, dict[int, float]] = {}
    texts: dict[str, dict[int, str]] = {}
    for benchmark, name, number, text in read_features(reader):
        if name.endswith("_id"):
            continue  # a number that names a data set says nothing about it
        if number is None:
            texts.setdefault(name, {})[benchmark] = text
        else:
            numbers.setdefault(name, {})[benchmark] = number
    sizes: dict[str, dict[int, float]] = {}
    for benchmark, name, number in read_sizes(reader):
        sizes.setdefault(name, {})[benchmark] = number
    tables = {
        "landscape_model": _models(reader, texts),
        "landscape_relation": _relations(everything, shapes, numbers | sizes),
        "landscape_claim": _claims(reader, everything, main, shapes, seed),
        "landscape_mantel": _mantel(reader, main, everything, numbers, seed),
        **difficulty_tables(reader, main, shapes, texts.get("data_set", {}), seed=seed),
    }
    return {name: rows for name, rows in tables.items() if rows}, []


def _models(reader: Reader, texts: Mapping[str, Mapping[int, str]]) -> list[Row]:
    """Return how the models stand on every data set on which there are several, metric by metric and split by split."""
    data, models = texts.get("data_set", {}), texts.get("model", {})
    costs = {(*row[:4], row[4]): row[8] for row in read_fidelities(reader)}
    groups: dict[tuple[str, int, str], list[tuple[Any, ...]]] = {}
    for row in read_noise(reader):
        benchmark, metric, split = row[1], row[2], row[3]
        if benchmark in data and benchmark in models:
            groups.setdefault((data[benchmark], metric, split), []).append(row)
    found = []
    for (data_set, metric, split), rows in sorted(groups.items()):
        if len({models[row[1]] for row in rows}) < 2:
            continue
        candidates = [Candidate(models[row[1]], row[6], row[8]) for row in rows]
        for row, one, standing in zip(rows, candidates, standings(candidates), strict=True):
            found.append(
                {
                    "data_set": data_set, "metric_id": metric, "split": split, "model": one.model,
                    "search_space_id": row[0], "benchmark_id": row[1], "fidelity": row[4],
                    "configuration_count": row[5], "best_loss": one.best_loss, "median_loss": row[7],
                    "cost": costs.get(row[:5]), **asdict(standing),
                }
            )  # fmt: skip
    return found


def _relations(
    everything: Sequence[Key], shapes: Mapping[str, Mapping[str, float]], numbers: Mapping[str, Mapping[int, float]]
) -> list[Row]:
    """Return how meta-features go with landscapes, for each space, metric and split of which some were analysed."""
    groups: dict[tuple[int, int, str], dict[str, dict[str, float]]] = {}
    for key in everything:
        mine = {**shapes.get(key.subject, {}), **shapes.get(f"{key.subject} against train", {})}
        for target in TARGETS:
            if target in mine:
                group = groups.setdefault((key.search_space_id, key.metric_id, key.split), {})
                group.setdefault(target, {})[str(key.benchmark_id)] = mine[target]
    rows = []
    for (space, metric, split), targets in groups.items():
        here = {benchmark for values in targets.values() for benchmark in values}
        features = {
            name: {str(benchmark): value for benchmark, value in values.items() if str(benchmark) in here}
            for name, values in numbers.items()
        }
        for one in relate({name: values for name, values in features.items() if values}, targets):
            rows.append({"search_space_id": space, "metric_id": metric, "split": split, **asdict(one)})
    return rows


def _mantel(
    reader: Reader,
    main: Sequence[Key],
    everything: Sequence[Key],
    numbers: Mapping[str, Mapping[int, float]],
    seed: int,
) -> list[Row]:
    """Return, for each search space with several benchmarks, whether like data sets have like landscapes."""
    similar: dict[str, list[tuple[str, str, str, float]]] = {}
    for subject, *row in read_similar(reader):
        similar.setdefault(subject, []).append(tuple(row))
    rows = []
    for family in _distinct(main, everything):
        likeness = likeness_of(similar.get(family.subject, []), MANTEL_MEASURES)
        if family.aspect != "benchmark" or not likeness:
            continue
        names = {key.benchmark_id: key.benchmark for key in family.keys}
        features = {
            feature: {names[at]: value for at, value in values.items() if at in names}
            for feature, values in numbers.items()
        }
        key = family.keys[0]
        where = {
            "search_space_id": key.search_space_id,
            "metric_id": key.metric_id,
            "split": key.split,
            "fidelity": key.fidelity,
        }
        rows += [where | asdict(one) for one in mantel_tests(features, likeness, seed=seed)]
    return rows


def _claims(
    reader: Reader,
    everything: Sequence[Key],
    main: Sequence[Key],
    shapes: Mapping[str, Mapping[str, float]],
    seed: int,
) -> list[Row]:
    """Return every claim for all search spaces together and for each of them."""
    values = claim_values(reader, everything, main, shapes)
    if not any(found for by_space in values.values() for found in by_space.values()):
        return []
    names = list(dict.fromkeys(key.search_space for key in main))
    rows = []
    for scope in ("all", *names) if len(names) > 1 else names:
        for position, claim in enumerate(CLAIMS):
            mine = values[claim.name]
            chosen = [one for name in (names if scope == "all" else [scope]) for one in mine.get(name, [])]
            found = asdict(judge(claim, chosen, seed=seed))
            del found["claim"]
            if not chosen:
                found["reason"] = _why_nothing(claim, names if scope == "all" else [scope])
            rows.append(
                {
                    "scope": scope, "position": position, "claim": claim.name, "section": claim.section,
                    "statement": claim.statement, "measure": claim.measure, "rule": claim.rule, **found,
                }
            )  # fmt: skip
    return rows


def _why_nothing(claim: Claim, spaces: Sequence[str]) -> str:
    """Return why a claim is not judged: it is not about these search spaces, or nothing of the kind was measured."""
    if not any(claim.is_about(space) for space in spaces):
        return "it is about others than these search spaces"
    if claim.name.startswith("fidelity"):
        return (
            f"no fidelity near a tenth was compared with a full one of {LEAST_STEPS} trees or epochs and {LEAST_ROWS} "
            "rows, as what the paper studied"
        )
    return "nothing of the kind was measured"


def is_low_fidelity(low: float | None, full: float | None, rows: float | None) -> bool:
    """Return whether a comparison of two fidelities is one that the paper's statement is about.

    Args:
        low, full: shares of the training rows, or trees or epochs where `full` is above 1.
        rows: of the data set; None where unknown.
    """
    if low is None or full is None or not NEAR_A_TENTH[0] <= low / full <= NEAR_A_TENTH[1]:
        return False
    return (full <= 1 or full >= LEAST_STEPS) and (rows is None or rows >= LEAST_ROWS)


def _low_fidelities(reader: Reader) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return each landscape's comparison with a low fidelity: of those near a tenth the nearest."""
    rows = {benchmark: number for benchmark, name, number, _ in read_features(reader) if name == ROWS}
    nearest: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in read_fidelities(reader):
        if is_low_fidelity(row[4], row[5], rows.get(row[1])):
            known = nearest.get(row[:4])
            if known is None or _from_a_tenth(row) < _from_a_tenth(known):
                nearest[row[:4]] = row
    return nearest


def _from_a_tenth(row: tuple[Any, ...]) -> float:
    return abs(math.log(row[4] / row[5] / 0.1))


def claim_values(
    reader: Reader, everything: Sequence[Key], main: Sequence[Key], shapes: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, list[Value]]]:
    """Return claim -> search space -> the numbers measured for it, one a benchmark or a pair of benchmarks."""
    found: dict[str, dict[str, list[Value]]] = {claim.name: {} for claim in CLAIMS}

    def add(claim: str, key: Key, value: float | None, *benchmarks: int) -> None:
        if value is not None and ABOUT[claim].is_about(key.search_space):
            found[claim].setdefault(key.search_space, []).append(Value(value, benchmarks or (key.benchmark_id,)))

    similar: dict[str, dict[tuple[str, str, str], float]] = {}
    for subject, a, b, measure, value in read_similar(reader):
        similar.setdefault(subject, {})[a, b, measure] = value
    nearest = _low_fidelities(reader)
    ids = {(key.search_space_id, key.benchmark): key.benchmark_id for key in everything}
    ordinary = [key for key in main if not ABOUT["n_lo_nas"].is_about(key.search_space)]
    others = [shapes[key.subject]["n_lo"] for key in ordinary if "n_lo" in shapes.get(key.subject, {})]
    for key in main:
        mine = shapes.get(key.subject, {})
        for claim, name in METRIC_CLAIMS.items():
            add(claim, key, mine.get(name))
        add("split_spearman", key, shapes.get(f"{key.subject} against train", {}).get("gap_spearman"))
        add("split_spearman_xgboost", key, shapes.get(f"{key.subject} against train", {}).get("gap_spearman"))
        add("n_lo_nas", key, mine["n_lo"] / float(np.median(others)) if others and "n_lo" in mine else None)
        low = nearest.get((*key.place, key.split))
        if low:
            add("fidelity_spearman", key, low[6])
            add("fidelity_overlap", key, low[7])
    for family in _distinct(main, everything):
        pairs = similar.get(family.subject, {})
        key = family.keys[0]
        for (a, b, measure), value in pairs.items():
            if family.aspect == "split" and (a, b, measure) == ("test", "train", "best_overlap_10"):
                add("split_overlap", key, value)
            for claim, wanted in PAIR_CLAIMS.items():
                if family.aspect == "benchmark" and measure == wanted:
                    add(claim, key, value, ids[key.search_space_id, a], ids[key.search_space_id, b])
    return found


def _distinct(main: Sequence[Key], everything: Sequence[Key]) -> list[Family]:
    return [family for family in families(main, everything) if family.aspect in ("benchmark", "split")]
