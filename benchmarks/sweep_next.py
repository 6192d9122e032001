"""Suggestions followed: 20 trials at random, then five times the ten that hpowh suggests, beside TPE and random search.

    python -m benchmarks.sweep_next [--replicates N] [--first N] [--only FUNCTION ...]

Functions are searched over the spaces that people have: numbers, dead numbers, categories, whole numbers, logarithmic
scales that diverge, hyperparameters that exist only with others. TPE is Optuna's (multivariate, grouped, constant
liar), 20 at random and five batches of ten, told of a batch when it ends. The figure is the best value after 70 trials.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from hpowh.analyses.sweeps import analysis, models
from hpowh.analyses.sweeps.reading.columns import Declared, Raw

START, ROUNDS, BATCH = 20, 5, 10
Setting = dict[str, Any]


class Trial(Protocol):
    """What a function asks for its hyperparameters."""

    def number(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Return a number."""

    def whole(self, name: str, low: int, high: int) -> int:
        """Return a whole number."""

    def level(self, name: str, levels: Sequence[str]) -> str:
        """Return a level."""


@dataclass
class Drawn:
    """A trial at random; keeps what it drew and what was declared."""

    random: np.random.Generator
    declared: dict[str, Declared]
    values: Setting = field(default_factory=dict)

    def number(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Draw evenly, on the logarithm where that is asked for."""
        self.declared[name] = Declared(value_type="float", scale="log" if log else "linear", lower=low, upper=high)
        value = self.random.uniform(math.log(low), math.log(high)) if log else self.random.uniform(low, high)
        self.values[name] = float(np.clip(math.exp(value), low, high)) if log else float(value)
        return float(self.values[name])

    def whole(self, name: str, low: int, high: int) -> int:
        """Draw evenly."""
        self.declared[name] = Declared(value_type="int", lower=low, upper=high)
        self.values[name] = int(self.random.integers(low, high + 1))
        return int(self.values[name])

    def level(self, name: str, levels: Sequence[str]) -> str:
        """Draw evenly."""
        self.declared[name] = Declared(value_type="text", choices=tuple(levels))
        self.values[name] = str(self.random.choice(list(levels)))
        return str(self.values[name])


@dataclass
class Given:
    """A trial with settled values; what is asked for and not there cannot be run."""

    values: Setting
    asked: set[str] = field(default_factory=set)

    def _value(self, name: str) -> Any:
        self.asked.add(name)
        return self.values[name]

    def number(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Return the given number."""
        del log
        value = float(self._value(name))
        assert low - 1e-9 <= value <= high + 1e-9, (name, value)
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """Return the given number."""
        value = self._value(name)
        assert low <= value <= high and value == int(value), (name, value)
        return int(value)

    def level(self, name: str, levels: Sequence[str]) -> str:
        """Return the given level."""
        value = str(self._value(name))
        assert value in levels, (name, value)
        return value


@dataclass
class OfOptuna:
    """A trial of Optuna."""

    trial: Any

    def number(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Ask for a number."""
        return float(self.trial.suggest_float(name, low, high, log=log))

    def whole(self, name: str, low: int, high: int) -> int:
        """Ask for a whole number."""
        return int(self.trial.suggest_int(name, low, high))

    def level(self, name: str, levels: Sequence[str]) -> str:
        """Ask for a level."""
        return str(self.trial.suggest_categorical(name, list(levels)))


def hartmann(trial: Trial) -> float:
    """Hartmann's function of six numbers; least value -3.322."""
    x = np.array([trial.number(f"x{j}", 0, 1) for j in range(6)])
    weight = np.array([1.0, 1.2, 3.0, 3.2])
    a = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
                  [17, 8, 0.05, 10, 0.1, 14]])  # fmt: skip
    p = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                         [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])  # fmt: skip
    return float(-weight @ np.exp(-(a * (x - p) ** 2).sum(axis=1)))


def branin(trial: Trial) -> float:
    """Branin's function of two numbers and four that do nothing; least value 0.398."""
    x, y = trial.number("x", -5, 10), trial.number("y", 0, 15)
    for j in range(4):
        trial.number(f"dead{j}", 0, 1)
    part = y - 5.1 * x * x / (4 * math.pi**2) + 5 * x / math.pi - 6
    return part * part + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def tuner(trial: Trial) -> float:
    """A network's loss: a valley of the rate that hangs on the optimiser and the batch, and diverges; least 0.1."""
    optimiser = trial.level("optimiser", ["adam", "sgd", "rmsprop"])
    rate, batch = trial.number("rate", 1e-5, 1, log=True), trial.whole("batch", 8, 256)
    decay, dropout = trial.number("decay", 1e-6, 1e-1, log=True), trial.number("dropout", 0, 0.6)
    best = {"adam": -3.0, "sgd": -1.5, "rmsprop": -3.3}[optimiser] + 0.3 * math.log2(batch / 32) / 3
    off = math.log10(rate) - best
    loss = 0.1 + 0.08 * off * off + 0.02 * (math.log10(decay) + 4) ** 2 / 4 + 0.3 * (dropout - 0.2) ** 2
    loss += {"adam": 0.0, "sgd": 0.01, "rmsprop": 0.02}[optimiser]
    return loss + (10 ** min(3.0, off) if off > 1 else 0.0)


def layers(trial: Trial) -> float:
    """A network whose units exist for as many layers as there are; least 0."""
    count = trial.whole("n_layers", 1, 4)
    units = [trial.number(f"units{j}", 8, 512, log=True) for j in range(count)]
    rate = math.log10(trial.number("rate", 1e-5, 1e-1, log=True))
    loss = 0.3 * (count - 3) ** 2 + 0.4 * (rate + 3 + 0.2 * (count - 3)) ** 2
    return loss + sum(0.2 * (math.log2(u) - 7 + j) ** 2 for j, u in enumerate(units)) / count


def mixed(trial: Trial) -> float:
    """Three categories, two whole numbers and two numbers, with a level that turns a slope; least -2.4."""
    a, b = trial.level("a", list("pqrs")), trial.level("b", list("uvw"))
    c = trial.level("c", ["yes", "no"])
    depth, leaf = trial.whole("depth", 1, 20), trial.whole("leaf", 1, 50)
    x, y = trial.number("x", 0, 1), trial.number("y", 1e-4, 1, log=True)
    slope = {"p": -1.0, "q": 1.0, "r": 0.2, "s": 0.0}[a]
    value = slope * x + {"u": 0.0, "v": -0.4, "w": 0.3}[b] + (0.5 if c == "no" else 0.0)
    value += ((depth - 12) / 8) ** 2 + 0.4 * ((leaf - 5) / 20) ** 2 + 0.3 * (math.log10(y) + 2) ** 2
    return value - (1.0 if a == "p" and b == "v" else 0.0)


def models_of(trial: Trial) -> float:
    """A choice of model, each with hyperparameters of its own; least 0.05."""
    model = trial.level("model", ["svm", "forest", "net"])
    scale = trial.level("scale", ["none", "standard"])
    if model == "svm":
        c, gamma = (math.log10(trial.number(n, 1e-4, 1e4, log=True)) for n in ("svm_c", "svm_gamma"))
        own = 0.05 + 0.02 * (c - 2) ** 2 + 0.03 * (gamma + 2 + 0.4 * (c - 2)) ** 2
        return own + (0.15 if scale == "none" else 0.0)
    if model == "forest":
        depth, share = trial.whole("forest_depth", 1, 30), trial.number("forest_share", 0.05, 1)
        return 0.09 + 0.2 * math.exp(-depth / 5) + 0.1 * (share - 0.4) ** 2
    rate, width = math.log10(trial.number("net_rate", 1e-5, 1, log=True)), trial.whole("net_width", 4, 256)
    own = 0.07 + 0.05 * (rate + 2.5) ** 2 + 0.01 * (math.log2(width) - 6) ** 2
    return own + (0.1 if scale == "none" else 0.0)


FUNCTIONS: dict[str, Callable[[Trial], float]] = {
    "hartmann": hartmann, "branin": branin, "tuner": tuner, "layers": layers, "mixed": mixed, "models": models_of,
}  # fmt: skip


def columns(settings: Sequence[Setting], declared: Mapping[str, Declared]) -> list[Raw]:
    """Return settings as the job reads them."""
    raw = []
    for name, own in declared.items():
        values = [one.get(name) for one in settings]
        number = [float(v) if isinstance(v, int | float) else np.nan for v in values]
        raw.append(Raw(name, np.array(number), [None if v is None else str(v) for v in values], own))
    return raw


def suggested(settings: Sequence[Setting], found: Sequence[float], declared: Mapping[str, Declared]) -> list[Setting]:
    """Return what `hpowh analyse sweeps` suggests after these trials."""
    result = analysis.analyse_metric(columns(settings, declared), np.array(found), "min", len(found))
    made: dict[int, Setting] = {}
    for row in result.tables.get("sweep_suggestion", []):
        value = row["text_value"] if row["numeric_value"] is None else row["numeric_value"]
        if declared[row["hyperparameter"]].value_type == "int":
            value = int(value)
        made.setdefault(row["suggestion"], {})[row["hyperparameter"]] = value
    return list(made.values())


def at_random(function: Callable[[Trial], float], seed: int, count: int) -> tuple[list[Setting], list[float], Any]:
    """Return settings, values, and what the space declares, of trials at random."""
    random, declared = np.random.default_rng(seed), dict[str, Declared]()
    settings, found = [], []
    for _ in range(count):
        trial = Drawn(random, declared)
        found.append(function(trial))
        settings.append(trial.values)
    return settings, found, declared


def followed(function: Callable[[Trial], float], seed: int) -> tuple[float, int]:
    """Return the best value when suggestions are followed, and how many were filled up at random."""
    settings, found, declared = at_random(function, seed, START)
    filled = 0
    for turn in range(ROUNDS):
        new = suggested(settings, found, declared)[:BATCH]
        for one in new:
            trial = Given(one)
            found.append(function(trial))
            assert trial.asked == set(one), "a suggestion holds what its branch does not have"
            settings.append(one)
        missing = BATCH - len(new)
        if missing:
            more, values, _ = at_random(function, 1000 * seed + turn + 1, missing)
            settings, found, filled = settings + more, found + values, filled + missing
    return min(found), filled


def by_tpe(function: Callable[[Trial], float], seed: int) -> float:
    """Return the best value of Optuna's TPE in batches."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    warnings.simplefilter("ignore")
    sampler = optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=START, multivariate=True, group=True, constant_liar=True
    )
    study = optuna.create_study(sampler=sampler)
    for size in (START, *[BATCH] * ROUNDS):
        asked = [study.ask() for _ in range(size)]
        values = [function(OfOptuna(trial)) for trial in asked]
        for trial, value in zip(asked, values, strict=True):
            study.tell(trial, value)
    return float(study.best_value)


def only_suggestions() -> None:
    """Leave away, in this process, what no suggestion rests on: pictures, Shapley values, other importances, ranges."""
    models._shapley_rows = lambda *_: None
    models._surrogate_rows = lambda *_: None
    models.Importances.near_best = lambda *_: {}
    analysis.ranges.best_ranges = lambda *_: []
    analysis.ranges.untried = lambda *_: []


def main() -> None:
    """Print the median best value of each function and method, and in how many replicates hpowh is ahead."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_next")
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=FUNCTIONS)
    chosen, _ = parser.parse_known_args()
    only_suggestions()
    print("| function | random 70 | TPE 20 + 5 x 10 | hpowh 20 + 5 x 10 | ahead of TPE | ahead of random | filled |")
    print("|---|---|---|---|---|---|---|")
    for name in chosen.only or FUNCTIONS:
        function = FUNCTIONS[name]
        seeds = range(chosen.first, chosen.first + chosen.replicates)
        chance = np.array([min(at_random(function, seed, START + ROUNDS * BATCH)[1]) for seed in seeds])
        tpe = np.array([by_tpe(function, seed) for seed in seeds])
        own = [followed(function, seed) for seed in seeds]
        hpowh = np.array([value for value, _ in own])
        print(
            f"| {name} | {np.median(chance):.4f} | {np.median(tpe):.4f} | {np.median(hpowh):.4f} | "
            f"{(hpowh < tpe).sum()} of {len(seeds)} | {(hpowh < chance).sum()} of {len(seeds)} | "
            f"{sum(filled for _, filled in own)} |", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
