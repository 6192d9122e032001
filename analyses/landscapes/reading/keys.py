"""Which landscape is meant: names, the digest of its input, and choosing among those there are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Axis, Space
from hpowh.warehouse import queries

Rows = Callable[[str, Sequence[Any] | Mapping[str, Any]], list[tuple[Any, ...]]]
"""Runs a query with parameters and returns its rows."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One landscape: search space x benchmark x metric x split x fidelity, one seed or the mean over seeds."""

    search_space_id: int
    benchmark_id: int
    metric_id: int
    split: str
    fidelity: float | None
    search_space: str
    benchmark: str
    metric: str
    direction: str
    lower_bound: float | None
    upper_bound: float | None
    unit: str | None
    space_fingerprint: str
    cardinality: int
    has_seeds: bool
    """Whether there are evaluations of more than one seed."""
    content: str = ""
    """Digest of the evaluations."""
    seed: int | None = None
    """One seed; None for the mean over seeds and folds."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the queries that read it."""
        return {
            "space": self.search_space_id,
            "benchmark": self.benchmark_id,
            "metric": self.metric_id,
            "split": self.split,
            "fidelity": self.fidelity,
        }

    @property
    def comparable(self) -> tuple[Any, ...]:
        """What landscapes share that differ in their benchmark only."""
        return (self.search_space_id, self.metric_id, self.split, self.fidelity)

    @property
    def place(self) -> tuple[int, int, int]:
        """Search space, benchmark and metric: what optimiser trials are on."""
        return (self.search_space_id, self.benchmark_id, self.metric_id)

    @property
    def subject(self) -> str:
        """Its name, as the ledger of analysis runs has it."""
        fidelity = "" if self.fidelity is None else f" @{self.fidelity:g}"
        seed = "" if self.seed is None else f" #{self.seed}"
        return f"{self.search_space}: {self.benchmark} {self.metric} {self.split}{fidelity}{seed}"

    @property
    def is_bounded(self) -> bool:
        """Whether the metric is declared to lie in [0, 1]."""
        return self.lower_bound == 0 and self.upper_bound == 1

    @property
    def fingerprint(self) -> str:
        """Digest of all that the landscape depends on."""
        facts = (self.content, self.space_fingerprint, self.direction, self.lower_bound, self.upper_bound, self.seed)
        return hashlib.sha256(repr(facts).encode()).hexdigest()


_READ = tuple(field.name for field in fields(Key) if field.name != "seed")
"""The columns of the query, in its order."""


def read_keys(rows: Rows) -> list[Key]:
    """Return all landscapes of the warehouse with the digests of their evaluations."""
    return [Key(**dict(zip(_READ, row, strict=True))) for row in rows(queries.text("landscape_input/keys"), [])]


def read_space(rows: Rows, search_space_id: int) -> Space:
    """Return a search space.

    Raises:
        LandscapeError: its strides are no mixed radix.
    """
    found = rows(queries.text("landscape_input/axes"), {"space": search_space_id})
    axes = [Axis(name, int(size), kind == "ordinal", int(position)) for name, size, kind, position, _ in found]
    conditions = rows(queries.text("landscape_input/conditions"), {"space": search_space_id})
    count = int(conditions[0][4]) if conditions else None
    return Space.from_strides(axes, [int(row[4]) for row in found], [row[:4] for row in conditions], count)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which landscapes to take; None takes all."""

    space: str | None = None
    benchmark: str | None = None
    metric: str | None = None
    """A name, `all`, or None: each benchmark's first metric that is no cost (has no unit)."""
    split: str | None = None
    """By default `valid` where there is one, else the benchmark's only split or `test`."""
    fidelity: float | None = None
    """By default the full fidelity, where there is one, else the highest."""
    seed: int | None = None


def select(keys: Sequence[Key], selection: Selection) -> list[Key]:
    """Return the chosen landscapes.

    Raises:
        LandscapeError: a name is unknown (lists those there are), or nothing is left.
    """
    chosen = list(keys)
    if not chosen:
        raise LandscapeError("The warehouse has no landscape.", "Ingest tabular results first: hpowh ingest --help")
    for field, wanted in (
        ("search_space", selection.space),
        ("benchmark", selection.benchmark),
        ("metric", None if selection.metric == "all" else selection.metric),
        ("split", selection.split),
    ):
        if wanted is None:
            continue
        names = list(dict.fromkeys(getattr(key, field) for key in chosen))
        chosen = [key for key in chosen if getattr(key, field) == wanted]
        if not chosen:
            word = field.replace("_", " ")
            raise LandscapeError(f"There is no {word} {wanted!r} here.", f"There is: {', '.join(names)}.")
    if selection.fidelity is not None:
        chosen = [key for key in chosen if key.fidelity == selection.fidelity]
    if not chosen:
        raise LandscapeError(f"There is no landscape at fidelity {selection.fidelity:g}.")
    if selection.metric is None:
        chosen = _per_group(chosen, lambda key: (key.search_space_id, key.benchmark_id), _main_metric)
    if selection.split is None:
        chosen = _per_group(chosen, lambda key: (key.search_space_id, key.benchmark_id, key.metric_id), _main_split)
    if selection.fidelity is None:
        chosen = _per_group(chosen, lambda key: (*key.place, key.split), _main_fidelity)
    return [replace(key, seed=selection.seed) for key in chosen]


def _per_group(
    keys: list[Key], group: Callable[[Key], tuple[Any, ...]], keep: Callable[[list[Key]], list[Key]]
) -> list[Key]:
    groups: dict[tuple[Any, ...], list[Key]] = {}
    for key in keys:
        groups.setdefault(group(key), []).append(key)
    return [key for members in groups.values() for key in keep(members)]


def _main_metric(keys: list[Key]) -> list[Key]:
    quality = [key for key in keys if key.unit is None] or keys
    first = min(key.metric_id for key in quality)
    return [key for key in quality if key.metric_id == first]


def _main_split(keys: list[Key]) -> list[Key]:
    splits = {key.split for key in keys}
    chosen = next(split for split in ("valid", "test", "train") if split in splits)
    return [key for key in keys if key.split == chosen]


def _main_fidelity(keys: list[Key]) -> list[Key]:
    full = [key for key in keys if key.fidelity is None]
    return full or [max(keys, key=lambda key: key.fidelity or 0.0)]


def named(text: str, selection: Selection) -> Selection:
    """Return the selection narrowed by a name such as `benchmark`, `benchmark:metric` or `benchmark:metric#3`.

    Raises:
        LandscapeError: the seed is no number.
    """
    rest, _, seed = text.partition("#")
    benchmark, _, metric = rest.partition(":")
    if seed and not seed.isdigit():
        raise LandscapeError(f"{seed!r} is no seed.", "Name a landscape as benchmark, benchmark:metric or …#seed.")
    return replace(
        selection, benchmark=benchmark, metric=metric or selection.metric, seed=int(seed) if seed else selection.seed
    )


def read_labels(rows: Rows, search_space_id: int) -> dict[int, list[str]]:
    """Return the labels of each hyperparameter's levels by its position, of each the first 1000."""
    labels: dict[int, list[str]] = {}
    for position, label in rows(queries.text("landscape_input/labels"), {"space": search_space_id}):
        labels.setdefault(int(position), []).append(label)
    return labels
