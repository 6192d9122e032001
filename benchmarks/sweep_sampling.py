"""What a tuner's sampling does to importances: shares from its trials and from random ones, beside the truth.

    python -m benchmarks.sweep_sampling [--seeds N] [--trials N] [--only WAY …]

`TPE` is Optuna's. `forest` is what SMAC does: expected improvement under a random forest, over candidates at random and
near the best, and every fifth trial at random (Hutter, Hoos & Leyton-Brown 2011; Lindauer et al. 2022). `halving` is
what hyperband's brackets do: a third of all trials goes on at each of two rungs, by values with noise, and the measures
are of the survivors at the last rung (Jamieson & Talwalkar 2016; Li et al. 2018).

The truth is the share of the variance over the whole space that a hyperparameter explains alone, from 40,000 points.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.sweep_next import FUNCTIONS, Drawn, Given, OfOptuna, Setting, Trial, columns
from hpowh.analyses.sweeps.importance.effects import effect_of
from hpowh.analyses.sweeps.importance.fanova import forest_fanova
from hpowh.analyses.sweeps.importance.near_best import near_best
from hpowh.analyses.sweeps.reading.columns import Declared
from hpowh.analyses.sweeps.reading.prepare import prepare
from hpowh.analyses.sweeps.reading.sampling import narrowed

WATCHED = {"hartmann": ("x3", "x2"), "branin": ("x", "dead0"), "mixed": ("depth", "b", "x")}
POINTS, BINS = 40_000, 40


def drawn(function: Callable[[Trial], float], seed: int, count: int) -> tuple[list[Setting], list[float]]:
    """Return trials at random."""
    random, declared = np.random.default_rng(seed), dict[str, Declared]()
    settings, values = [], []
    for _ in range(count):
        trial = Drawn(random, declared)
        values.append(function(trial))
        settings.append(trial.values)
    return settings, values


def tuned(function: Callable[[Trial], float], seed: int, count: int) -> tuple[list[Setting], list[float]]:
    """Return trials of Optuna's TPE, ten of them at random."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    warnings.simplefilter("ignore")
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(lambda trial: function(OfOptuna(trial)), n_trials=count)
    return [trial.params for trial in study.trials], [float(trial.values[0]) for trial in study.trials]


def modelled(function: Callable[[Trial], float], seed: int, count: int) -> tuple[list[Setting], list[float]]:
    """Return trials by expected improvement under a random forest, ten at random first, then every fifth."""
    from scipy.special import ndtr
    from sklearn.ensemble import RandomForestRegressor

    random = np.random.default_rng(seed)
    settings, values = drawn(function, seed, 10)
    for at in range(10, count):
        pool, _ = drawn(function, int(random.integers(1 << 31)), 200)
        best = settings[int(np.argmin(values))]
        names = sorted(best)
        # Near the best: its setting with a third of the values from elsewhere.
        pool += [{name: one[name] if random.random() < 1 / 3 else best[name] for name in names} for one in pool[:50]]
        table = _coded([*settings, *pool], names)
        forest = RandomForestRegressor(50, min_samples_leaf=3, random_state=seed, n_jobs=1).fit(
            table[: len(settings)], values
        )
        each = np.array([tree.predict(table[len(settings) :]) for tree in forest.estimators_])
        mean, deviation = each.mean(axis=0), each.std(axis=0) + 1e-9
        z = (min(values) - mean) / deviation
        gain = deviation * (z * ndtr(z) + np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))
        chosen = pool[0] if at % 5 == 0 else pool[int(np.argmax(gain))]
        values.append(function(Given(chosen)))
        settings.append(chosen)
    return settings, values


def _coded(settings: Sequence[Setting], names: Sequence[str]) -> np.ndarray:
    """Return the settings as numbers (rows, names): levels by their order."""
    columns_of = []
    for name in names:
        own = [one[name] for one in settings]
        levels = sorted({one for one in own if isinstance(one, str)})
        columns_of.append([levels.index(one) if isinstance(one, str) else one for one in own])
    return np.array(columns_of, dtype=float).T


def halved(function: Callable[[Trial], float], seed: int, count: int) -> tuple[list[Setting], list[float]]:
    """Return the trials that are left at the last of three rungs, `count` of them, of nine times as many."""
    settings, values = drawn(function, seed, 9 * count)
    random, y = np.random.default_rng(seed), np.array(values)
    left = np.arange(y.size)
    for noise in (0.5, 0.25):
        early = y[left] + noise * y.std() * random.standard_normal(left.size)
        left = left[np.argsort(early)[: left.size // 3]]
    left = np.sort(left)
    return [settings[i] for i in left], y[left].tolist()


def true_shares(function: Callable[[Trial], float], names: Sequence[str]) -> dict[str, float]:
    """Return, of each hyperparameter, the variance of the mean over everything else, as a share."""
    settings, values = drawn(function, 0, POINTS)
    y = np.array(values)
    found = {}
    for name in names:
        own = [one[name] for one in settings]
        if isinstance(own[0], str):
            _, at = np.unique(own, return_inverse=True)
        else:
            at = np.minimum(np.argsort(np.argsort(own)) * BINS // POINTS, BINS - 1)
        count, means = np.bincount(at), np.bincount(at, y) / np.bincount(at)
        found[name] = float((count @ (means - y.mean()) ** 2) / POINTS / y.var())
    return found


WAYS = {"random": drawn, "TPE": tuned, "forest": modelled, "halving": halved}


def main() -> None:
    """Print, for every watched hyperparameter and way of choosing trials, the mean of each measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_sampling")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--only", nargs="*", choices=list(WAYS), default=list(WAYS))
    chosen, _ = parser.parse_known_args()
    print("| function | hyperparameter | truth | trials | share alone | fANOVA | near the best | narrowed |")
    print("|---|---|---|---|---|---|---|---|")
    for name, watched in WATCHED.items():
        function = FUNCTIONS[name]
        declared: dict[str, Declared] = {}
        function(Drawn(np.random.default_rng(0), declared))
        truth = true_shares(function, watched)
        for how in chosen.only:
            found: dict[str, list[tuple[float, float, float, bool]]] = {one: [] for one in watched}
            for seed in range(chosen.seeds):
                settings, values = WAYS[how](function, seed, chosen.trials)
                prepared, y = prepare(columns(settings, declared)), np.array(values)
                y = (y - y.mean()) / y.std()
                forest, best = forest_fanova(prepared, y, 0, r_squared=0.0).main, near_best(prepared, y, 0).importance
                less = {one.hyperparameter for one in narrowed(prepared.used, np.arange(y.size))}
                for one in watched:
                    at = prepared.names.index(one)
                    share = effect_of(prepared.used[at], y).share or 0.0
                    found[one].append((share, float(forest[at]), float(best[at]), one in less))
            for one in watched:
                share, forest_says, near, less_often = np.mean(found[one], axis=0)
                print(
                    f"| {name} | {one} | {truth[one]:.2f} | {how} | {share:.2f} | {forest_says:.2f} | {near:.2f} | "
                    f"{less_often:.0%} |", flush=True,
                )  # fmt: skip


if __name__ == "__main__":
    main()
