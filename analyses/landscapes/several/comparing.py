"""Families of landscapes out of the warehouse into the rows of `landscape_similarity`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.reading.keys import Key, read_labels, read_space
from hpowh.analyses.landscapes.reading.rows import Reader, read_ahead, read_seeds, read_surface, rows_of
from hpowh.analyses.landscapes.several.families import Family
from hpowh.analyses.landscapes.several.overfitting import Overfitting, measure_overfitting
from hpowh.analyses.landscapes.several.similarity import compare_all
from hpowh.analyses.landscapes.values import Metric


def family_digest(family: Family) -> str:
    """Return the digest of all evaluations of a family."""
    return hashlib.sha256(repr([key.fingerprint for key in family.keys]).encode()).hexdigest()


def family_columns(reader: Reader, family: Family) -> tuple[dict[str, list[Any]], list[str]]:
    """Return the columns of `landscape_similarity` and warnings about members that could not be read."""
    space = read_space(rows_of(reader), family.keys[0].search_space_id)
    names, surfaces, warnings = [], [], []
    if family.aspect == "seed":
        for seed, surface in read_seeds(reader, family.keys[0], space).items():
            names.append(str(seed))
            surfaces.append(surface)
            warnings += unequal(f"seed {seed}", surface)
    else:
        members = read_ahead(reader, family.keys, {family.keys[0].search_space_id: space})
        for name, surface_or_error in zip(family.names, members, strict=True):
            if isinstance(surface_or_error, LandscapeError):
                warnings.append(f"{name} is left out: {surface_or_error.message}")
            else:
                names.append(name)
                surfaces.append(surface_or_error)
                warnings += unequal(name, surface_or_error)
    found = compare_all(names, surfaces)
    return {
        "search_space_id": [family.keys[0].search_space_id] * len(found),
        "aspect": [family.aspect] * len(found),
        "context": [family.context] * len(found),
        "landscape_a": [a for a, _, _ in found],
        "landscape_b": [b for _, b, _ in found],
        "measure": [one.name for _, _, one in found],
        "value": [one.value for _, _, one in found],
        "reason": [one.reason for _, _, one in found],
        "configuration_count": [one.pair_count for _, _, one in found],
    }, warnings


def unequal(name: str, surface: Surface) -> list[str]:
    """Return what must be said of a landscape whose configurations have different seeds and folds."""
    return [f"{name}: {sentence}" for sentence in surface.units.sentences()] if surface.units else []


def split_pairs(chosen: Sequence[Key], everything: Sequence[Key]) -> list[tuple[Key, Key]]:
    """Return (train, test) for every chosen landscape that was measured on the train and on the test split."""
    found: dict[tuple[Any, ...], tuple[Key, Key]] = {}
    for key in chosen:
        mine = (key.search_space_id, key.benchmark_id, key.metric_id, key.fidelity)
        by_split = {
            other.split: other
            for other in everything
            if (other.search_space_id, other.benchmark_id, other.metric_id, other.fidelity) == mine
        }
        if "train" in by_split and "test" in by_split:
            found[mine] = (by_split["train"], by_split["test"])
    return list(found.values())


def overfitting_of(reader: Reader, train: Key, test: Key, *, seed: int) -> Overfitting:
    """Return the gap between the train and the test loss of one benchmark.

    Raises:
        LandscapeError: one of the two cannot be read, or no configuration has both.
    """
    space = read_space(rows_of(reader), train.search_space_id)
    labels = read_labels(rows_of(reader), train.search_space_id)
    surfaces = read_surface(reader, train, space), read_surface(reader, test, space)
    found = measure_overfitting(*surfaces, seed=seed, labels=labels)
    warnings = [*unequal("train", surfaces[0]), *unequal("test", surfaces[1])]
    return replace(found, warnings=[*warnings, *found.warnings])


def overfitting_tables(found: Overfitting) -> dict[str, dict[str, Any]]:
    """Return the result tables of an overfitting analysis."""
    return {
        "landscape_gap_node": dict(found.nodes),
        "landscape_gap": {name: [row[name] for row in found.hyperparameters] for name in found.hyperparameters[0]},
        "landscape_metric": metric_columns(found.metrics),
    }


def metric_columns(metrics: Sequence[Metric]) -> dict[str, list[Any]]:
    """Return metrics as the columns of `landscape_metric`."""
    names = ("name", "value", "reason", "lower", "upper", "pair_count")
    return {name: [getattr(one, name) for one in metrics] for name in names}
