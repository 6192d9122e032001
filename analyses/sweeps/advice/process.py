"""A Gaussian process over configurations: what to expect where nothing was tried, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.descent import descend
from hpowh.analyses.statistics.lapack import cholesky, solve_cholesky
from hpowh.analyses.sweeps.advice.judging import Judged, judged
from hpowh.analyses.sweeps.advice.space import bounds
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

MOST_ROWS, BEST_ROWS, MOST_HYPERPARAMETERS = 300, 100, 40
"""More configurations than this: the best ones and others at random. More hyperparameters: no process, but trees."""
STEPS = 40
ENOUGH = 1e-6
"""The decrease of the negative log posterior that another step promises, at which the search ends."""
LEAST_NOISE = 1e-6
JUDGING_FOLDS, FEWER_FOLDS, LARGE = 5, 3, 400_000
"""Predictions are judged by so many folds, by fewer where there are more distances than `LARGE`."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """Matern 5/2 with a length for each hyperparameter (levels of a category are equally far apart) and a nugget."""

    prepared: Prepared
    low: Floats
    width: Floats
    length: Floats
    noise: float
    x: Floats
    """(rows, features), scaled by the lengths."""
    factor: Floats
    weight: Floats
    mean: float
    r_squared: float
    """Of each configuration predicted without itself (leave-one-out, in closed form), lengths and noise as fitted to
    all: it says by which model to search. Where nothing matters it is above 0 in nine sweeps of ten; `judge` says what
    the predictions are worth."""
    apart: Floats
    """(hyperparameters, rows, rows): squared distances by one hyperparameter."""
    y: Floats
    """What was fitted, per row."""
    theta: Floats
    """Logarithms of the lengths and of the noise."""

    def start(self, codes: Floats) -> State:
        """Return what is expected at configurations."""
        scaled = _features(self.prepared, codes, self.low, self.width) / self.length
        cross = _matern(_distance(scaled, self.x))
        solved = solve_cholesky(self.factor, cross.T).T
        variance = np.maximum(1.0 - (cross * solved).sum(axis=1), 1e-12)
        return State(
            process=self,
            scaled=scaled,
            cross=cross,
            solved=solved,
            mean=self.mean + cross @ self.weight,
            variance=variance,
        )


@dataclass(kw_only=True)
class State:
    """What is expected at some configurations, and what of it is left to learn once some of them are chosen."""

    process: Process
    scaled: Floats
    cross: Floats
    solved: Floats
    mean: Floats
    variance: Floats

    @property
    def deviation(self) -> Floats:
        """Return the standard deviation of the expected value, without the noise of a trial."""
        return np.sqrt(self.variance)

    @property
    def whole_deviation(self) -> Floats:
        """Return the standard deviation of one trial there."""
        return np.sqrt(self.variance + self.process.noise)

    def choose(self, i: int) -> None:
        """Take one as tried with what is expected there (kriging believer, Ginsbourger et al. 2010)."""
        prior = _matern(_distance(self.scaled, self.scaled[i : i + 1]))[:, 0]
        shared = prior - self.solved @ self.cross[i]
        for before in getattr(self, "_chosen", []):
            shared = shared - before * before[i]
        scale = np.sqrt(max(self.variance[i] + self.process.noise, 1e-12))
        self._chosen = [*getattr(self, "_chosen", []), shared / scale]
        self.variance = np.maximum(self.variance - (shared / scale) ** 2, 1e-12)


def fit_process(prepared: Prepared, values: Floats, seed: int, beyond: float = 0.0) -> Process | None:
    """Return the process with the most plausible lengths and noise; None where there are too many hyperparameters.

    The prior of a length grows with the root of their number (Hvarfner et al. 2024), so that many hyperparameters do
    not look all-important.

    Args:
        values: what is modelled, with mean 0 and standard deviation 1.
    """
    k = len(prepared.used)
    if k > MOST_HYPERPARAMETERS or values.size < 5:
        return None
    rows = _rows(values, seed)
    ends = np.array([bounds(c, prepared.codes[:, j], beyond) if c.kind == "numeric" else (0.0, 1.0)
                     for j, c in enumerate(prepared.used)])  # fmt: skip
    low, width = ends[:, 0], np.maximum(ends[:, 1] - ends[:, 0], 1e-12)
    features = _features(prepared, prepared.codes[rows], low, width)
    owner = np.array([f.hyperparameter for f in prepared.features])
    y = values[rows]
    middle = float(y.mean())
    apart = np.stack([_distance(features[:, owner == j], features[:, owner == j]) for j in range(k)])
    theta = _most_plausible(apart, y - middle)
    length, noise = np.exp(theta[:k])[owner], LEAST_NOISE + float(np.exp(theta[k]))
    x = features / length
    factor = cholesky(_matern(_distance(x, x)) + noise * np.eye(y.size))
    weight = solve_cholesky(factor, y - middle)
    inverse = solve_cholesky(factor, np.eye(y.size))
    left_out = weight / np.diag(inverse)
    r_squared = 1 - float(left_out @ left_out) / max(float(((y - middle) ** 2).sum()), 1e-300)
    return Process(
        prepared=prepared, low=low, width=width, length=length, noise=noise, x=x, factor=factor, weight=weight,
        mean=middle, r_squared=r_squared, apart=apart, y=y, theta=theta,
    )  # fmt: skip


def judge(process: Process, seed: int) -> Judged:
    """Return what the predictions are worth, by folds in which lengths and noise are fitted anew."""
    y, n, k = process.y, process.y.size, len(process.apart)
    owner = np.array([f.hyperparameter for f in process.prepared.features])
    features = process.x * process.length
    guess, middle = np.empty(n), np.empty(n)
    count = JUDGING_FOLDS if process.apart.size <= LARGE else FEWER_FOLDS
    for part in np.array_split(np.random.default_rng(seed).permutation(n), count):
        rest = np.setdiff1d(np.arange(n), part)
        middle[part] = y[rest].mean()
        own = y[rest] - y[rest].mean()
        theta = _most_plausible(process.apart[:, rest[:, None], rest[None, :]], own, process.theta)
        scaled = features / np.exp(theta[:k])[owner]
        nugget = (LEAST_NOISE + float(np.exp(theta[k]))) * np.eye(rest.size)
        factor = cholesky(_matern(_distance(scaled[rest], scaled[rest])) + nugget)
        guess[part] = _matern(_distance(scaled[part], scaled[rest])) @ solve_cholesky(factor, own)
    return judged(guess, y - middle, process.mean)


def _rows(values: Floats, seed: int) -> NDArray[np.int64]:
    if values.size <= MOST_ROWS:
        return np.arange(values.size)
    order = np.argsort(values, kind="stable")
    rest = np.random.default_rng(seed).choice(order[BEST_ROWS:], MOST_ROWS - BEST_ROWS, replace=False)
    return np.sort(np.concatenate([order[:BEST_ROWS], rest]))


def _features(prepared: Prepared, codes: Floats, low: Floats, width: Floats) -> Floats:
    """Return numbers over their range, and levels as corners at distance 1."""
    scaled = np.where([c.kind == "numeric" for c in prepared.used], (codes - low) / width, codes)
    found = prepared.encode(scaled)
    found[:, [f.level is not None for f in prepared.features]] /= np.sqrt(2)
    return found


def _distance(a: Floats, b: Floats) -> Floats:
    """Return squared distances of rows."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * a @ b.T
    return np.maximum(squares, 0.0)


def _matern(squared: Floats) -> Floats:
    r = np.sqrt(5 * squared)
    return (1 + r + r * r / 3) * np.exp(-r)


def _most_plausible(apart: Floats, y: Floats, near: Floats | None = None) -> Floats:
    """Return logarithms of the lengths and of the noise at the mode of the posterior, by its exact gradients.

    Args:
        near: where to begin, such as the mode for more rows; by default from the prior's centre and from short lengths.
    """
    k, n = len(apart), y.size
    centre = np.append(np.full(k, np.sqrt(2) + 0.5 * np.log(k) - 1.5), -4.0)
    spread = np.append(np.full(k, 1.2), 1.5)

    def minus_log(theta: Floats) -> tuple[float, Floats]:
        inverse_squares = np.exp(-2 * theta[:k])
        squared = np.tensordot(inverse_squares, apart, axes=1)
        r = np.sqrt(5 * squared)
        decay = np.exp(-r)
        matrix = (1 + r + r * r / 3) * decay
        noise = np.exp(theta[k])
        matrix[np.diag_indices(n)] += noise + LEAST_NOISE
        try:
            factor = cholesky(matrix)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros(k + 1)
        solved = solve_cholesky(factor, y)
        inner = np.outer(solved, solved) - solve_cholesky(factor, np.eye(n))
        slope = (5 / 3) * (1 + r) * decay * inner
        gradient = np.empty(k + 1)
        gradient[:k] = -0.5 * np.tensordot(apart, slope, axes=2) * inverse_squares
        gradient[k] = -0.5 * noise * float(np.trace(inner))
        value = 0.5 * float(y @ solved) + float(np.log(np.diag(factor)).sum())
        off = (theta - centre) / spread
        return value + 0.5 * float(off @ off), gradient + off / spread

    starts = (centre, np.append(np.full(k, -0.5), -2.0)) if near is None else (near,)
    fits = [descend(minus_log, start, tolerance=ENOUGH, most=STEPS) for start in starts]
    return min(fits, key=lambda fit: fit.value).point
