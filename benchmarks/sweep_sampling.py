"""What a tuner's sampling does to importances: shares from TPE's trials and from random ones, beside the truth.

    python -m benchmarks.sweep_sampling [--seeds N] [--trials N]

The truth is the share of the variance over the whole space that a hyperparameter explains alone, from 40,000 points.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.sweep_next import FUNCTIONS, Drawn, OfOptuna, Setting, Trial, columns
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


def main() -> None:
    """Print, for every watched hyperparameter and way of choosing trials, the mean of each measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep_sampling")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=100)
    chosen, _ = parser.parse_known_args()
    print("| function | hyperparameter | truth | trials | share alone | fANOVA | near the best | narrowed |")
    print("|---|---|---|---|---|---|---|---|")
    for name, watched in WATCHED.items():
        function = FUNCTIONS[name]
        declared: dict[str, Declared] = {}
        function(Drawn(np.random.default_rng(0), declared))
        truth = true_shares(function, watched)
        for how, make in (("random", drawn), ("TPE", tuned)):
            found: dict[str, list[tuple[float, float, float, bool]]] = {one: [] for one in watched}
            for seed in range(chosen.seeds):
                settings, values = make(function, seed, chosen.trials)
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
