"""Sweeps in which nothing matters, and sweeps with one effect of known size: what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from planted import column

from hpowh.analyses.sweeps import models
from hpowh.analyses.sweeps.analysis import analyse_metric
from hpowh.analyses.sweeps.reading.columns import Raw
from hpowh.analyses.sweeps.statements import Statement, statements

FORMS = {"8 numbers": (8, 0), "5 numbers + 3 categories": (5, 3), "15 numbers + 5 categories": (15, 5)}


def space(random: np.random.Generator, n: int, numbers: int, categories: int) -> list[Raw]:
    """Hyperparameters drawn independently: uniform numbers, categories of 2 to 5 levels."""
    raw = [column(f"x{j}", random.uniform(size=n).tolist()) for j in range(numbers)]
    return raw + [
        column(f"k{j}", random.choice([f"l{i}" for i in range(2 + j % 4)], n).tolist()) for j in range(categories)
    ]


def null(form: str, n: int, seed: int, repeats: int = 1) -> tuple[list[Raw], np.ndarray]:
    """A sweep in which the value of a configuration is drawn at random; each is repeated with another seed."""
    random = np.random.default_rng([seed, n, repeats, list(FORMS).index(form)])
    raw = space(random, n, *FORMS[form])
    value = np.repeat(random.normal(size=n), repeats)
    rows = np.repeat(np.arange(n), repeats)
    seeds = column("seed", [float(i % repeats) for i in range(n * repeats)])
    if repeats > 1:
        raw = [*(one.take(rows) for one in raw), seeds]
    return raw, value + (0.3 * random.normal(size=n * repeats) if repeats > 1 else 0.0)


def effect(seed: int, n: int = 100, share: float = 0.2, kind: str = "level") -> tuple[list[Raw], np.ndarray]:
    """A sweep in which one hyperparameter explains a share of the variance: a category, a slope or a valley."""
    random = np.random.default_rng([seed, n])
    raw = space(random, n, 4, 2)
    if kind == "level":
        level = random.choice(["adam", "sgd"], n)
        raw.append(column("it", level.tolist()))
        part = (level == "adam").astype(float)
    else:
        x = random.uniform(size=n)
        raw.append(column("it", x.tolist()))
        part = x if kind == "slope" else (x - 0.5) ** 2
    part = (part - part.mean()) / part.std()
    return raw, np.sqrt(share) * part + np.sqrt(1 - share) * random.normal(size=n)


@contextmanager
def only_claims() -> Iterator[None]:
    """Leave away what no claim rests on: pictures, Shapley values, the other forest, suggestions."""
    names = ("_shapley_rows", "_next_rows")
    kept = {name: getattr(models, name) for name in names}
    pictures = models.dependence.curves, models.dependence.surface
    forest = models.fanova.cross_validated, models.fanova.forest_fanova
    try:
        for name in names:
            setattr(models, name, lambda *_: None)
        models.dependence.curves = models.dependence.surface = lambda *_: []
        models.fanova.cross_validated = lambda *_: 0.0
        models.fanova.forest_fanova = lambda prepared, *_: models.fanova.Fanova(
            main=np.zeros(len(prepared.used)), main_sd=np.zeros(len(prepared.used)), pair={}, r_squared=0.0
        )
        yield
    finally:
        for name in names:
            setattr(models, name, kept[name])
        models.dependence.curves, models.dependence.surface = pictures
        models.fanova.cross_validated, models.fanova.forest_fanova = forest


def claims(raw: list[Raw], metric: np.ndarray) -> tuple[list[Statement], float]:
    """What is claimed, and the R squared of unseen configurations."""
    with only_claims():
        result = analyse_metric(raw, metric, "min", 0)
    (r_squared,) = [r["r_squared_left_out"] for r in result.tables["sweep_model"] if r["model"] == "extra_trees"]
    return [one for one in statements(result, "loss") if one.is_claim], r_squared
