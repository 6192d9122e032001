"""What is claimed of sweeps in which nothing matters, and of sweeps with one effect of known size; tables for the docs.

    python -m benchmarks.sweep_claims [--sweeps N] [--first N] [--configurations N] [--repeats N]

Each sweep is analysed as `hpowh analyse sweeps` does, without the parts on which no claim rests.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hpowh.analyses.statistics.intervals import wilson
from hpowh.analyses.sweeps import models
from hpowh.analyses.sweeps.analysis import analyse_metric
from hpowh.analyses.sweeps.reading.columns import Raw
from hpowh.analyses.sweeps.statements import Statement, statements

Floats = NDArray[np.float64]

FORMS = {"8 numbers": (8, 0), "5 numbers + 3 categories": (5, 3), "15 numbers + 5 categories": (15, 5)}
EFFECTS = ("level", "slope", "valley")
"""A category of two levels, a straight line, a parabola."""


def column(name: str, values: Sequence[float] | Sequence[str]) -> Raw:
    """Return a column as the job reads it."""
    number = np.array([one if isinstance(one, float) else np.nan for one in values])
    return Raw(name, number, [str(one) for one in values], None)


def space(random: np.random.Generator, n: int, numbers: int, categories: int) -> list[Raw]:
    """Return hyperparameters drawn independently: uniform numbers, categories of 2 to 5 levels."""
    raw = [column(f"x{j}", random.uniform(size=n).tolist()) for j in range(numbers)]
    return raw + [
        column(f"k{j}", random.choice([f"l{i}" for i in range(2 + j % 4)], n).tolist()) for j in range(categories)
    ]


def null(form: str, n: int, seed: int, repeats: int = 1) -> tuple[list[Raw], Floats]:
    """Return a sweep in which the value of a configuration is drawn at random; each is repeated with another seed."""
    random = np.random.default_rng([seed, n, repeats, list(FORMS).index(form)])
    raw = space(random, n, *FORMS[form])
    value = np.repeat(random.normal(size=n), repeats)
    rows = np.repeat(np.arange(n), repeats)
    seeds = column("seed", [float(i % repeats) for i in range(n * repeats)])
    if repeats > 1:
        raw = [*(one.take(rows) for one in raw), seeds]
    return raw, value + (0.3 * random.normal(size=n * repeats) if repeats > 1 else 0.0)


def effect(seed: int, n: int = 100, share: float = 0.2, kind: str = "level") -> tuple[list[Raw], Floats]:
    """Return a sweep in which one hyperparameter, `it`, explains a share of the variance."""
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
    left = {
        models: {"_shapley_rows": lambda *_: None, "_next_rows": lambda *_: None},
        models.dependence: {"curves": lambda *_: [], "surface": lambda *_: []},
        models.fanova: {
            "cross_validated": lambda *_: 0.0,
            "forest_fanova": lambda prepared, *_: models.fanova.Fanova(
                main=np.zeros(len(prepared.used)), main_sd=np.zeros(len(prepared.used)), pair={}, r_squared=0.0
            ),
        },
    }
    kept = [(module, name, getattr(module, name)) for module, names in left.items() for name in names]
    try:
        for module, names in left.items():
            for name, other in names.items():
                setattr(module, name, other)
        yield
    finally:
        for module, name, own in kept:
            setattr(module, name, own)


def claims(raw: list[Raw], metric: Floats) -> tuple[list[Statement], float]:
    """Return what is claimed, and the R squared of unseen configurations."""
    with only_claims(), threadpool_limits(limits=1):
        result = analyse_metric(raw, metric, "min", 0, order=np.arange(metric.size))
    (r_squared,) = [r["r_squared_left_out"] for r in result.tables["sweep_model"] if r["model"] == "extra_trees"]
    return [one for one in statements(result, "loss") if one.is_claim], r_squared


def is_named(said: Sequence[Statement]) -> bool:
    """Return whether the headline names the hyperparameter that matters."""
    return any(one.kind == "important" and one.sentence.startswith("it ") for one in said)


def _row(title: str, hits: int, count: int) -> str:
    low, high = wilson(np.array([hits / count]), count)
    return f"| {title} | {hits} of {count} | {100 * hits / count:.1f} % ({100 * low[0]:.1f} to {100 * high[0]:.1f}) |"


def main() -> None:
    """Print the share of null sweeps with any claim, and that of planted effects that the headline names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_claims")
    parser.add_argument("--sweeps", type=int, default=100, help="of each form")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--configurations", type=int, default=60, help="of a sweep in which nothing matters")
    parser.add_argument("--repeats", type=int, default=1, help="of each of these configurations")
    chosen, _ = parser.parse_known_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    print(f"commit {commit.strip() or 'unknown'}, seeds {chosen.first} to {chosen.first + chosen.sweeps - 1}\n")
    seeds = range(chosen.first, chosen.first + chosen.sweeps)
    print("| nothing matters | sweeps with any claim | share (95 %) |\n|---|---|---|")
    total = 0
    for form in FORMS:
        made = (null(form, chosen.configurations, seed, chosen.repeats) for seed in seeds)
        said = sum(bool(claims(*one)[0]) for one in made)
        total += said
        print(_row(form, said, len(seeds)), flush=True)
    print(_row("together", total, len(seeds) * len(FORMS)))
    print("| a fifth of the variance, 100 configurations | named by the headline | share (95 %) |\n|---|---|---|")
    for kind in EFFECTS:
        hits = sum(is_named(claims(*effect(seed, kind=kind))[0]) for seed in seeds)
        print(_row(kind, hits, len(seeds)), flush=True)


if __name__ == "__main__":
    main()
