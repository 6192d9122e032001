"""Do a landscape's numbers tell how hard it is for an optimiser? Predictions of data sets that were left out.

What is asked is whether they tell it beyond the search space, which everybody knows: regrets and numbers are taken as
distances from the mean of the other data sets in the same search space, and numbers are exchanged within it only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.multiplicity import holm

Floats = NDArray[np.float64]
LEAST = 8
"""With fewer data sets nothing is predicted."""
PENALTIES = np.logspace(-1, 4, 11)
"""Of the ridge regression; of a fit's the one with the smallest error on rows left out in turn is taken."""
SHUFFLES, RESAMPLES = 199, 2_000
LEVEL = 0.05
OFFSET = 1e-3
"""Added to a relative regret before its logarithm: a thousandth of the way from the best to the median loss."""
CHOICE = "choice"


@dataclass(frozen=True)
class Case:
    """One landscape: its data set, its numbers, and the relative regret that each algorithm's runs end with."""

    data_set: str
    space: str
    """The search space."""
    numbers: tuple[float, ...]
    regrets: Mapping[int, float]
    """Algorithm -> mean over runs of regret / (median - best); none where it did not run there."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What predictions of data sets left out are worth beside the mean of the others in the search space."""

    algorithm: int | None
    """None: the choice of the algorithm."""
    case_count: int
    data_set_count: int
    skill: float | None = None
    """1 - squared error / that of the mean of the others in the search space; 0: nothing is learned. For the choice: by
    how much less (log10 of regret) than with the algorithm that is best on the others."""
    lower: float | None = None
    upper: float | None = None
    """95 %, data sets drawn anew."""
    p_value: float | None = None
    """Share of exchanges of the landscapes' numbers between data sets with so much skill."""
    adjusted_p_value: float | None = None
    is_learned: bool | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Study:
    """The verdicts, and for each case and algorithm the prediction from the other data sets and their mean."""

    learned: list[Learned]
    predicted: list[dict[int, tuple[float, float]]]
    """A dict a case: algorithm -> (predicted, mean of the others), as log10 of relative regret + `OFFSET`."""


def study(cases: Sequence[Case], *, seed: int = 0) -> Study:
    """Return whether the numbers predict the regrets of each algorithm, and which algorithm to take.

    A data set is left out with all its landscapes, and a ridge regression on the standardised numbers of the others
    predicts it (also where nothing ran on it); see `left_out`. Learned is what p <= 0.05 (Holm, over algorithms and the
    choice) and a positive skill say; where it is not, the mean of the others is as good a guess.
    """
    algorithms = sorted({one for case in cases for one in case.regrets})
    features = np.array([case.numbers for case in cases], dtype=np.float64).reshape(len(cases), -1)
    groups = np.array([case.data_set for case in cases])
    spaces = np.array([case.space for case in cases])
    targets = {
        one: np.array([np.log10(case.regrets[one] + OFFSET) if one in case.regrets else np.nan for case in cases])
        for one in algorithms
    }
    rng = np.random.default_rng(seed)
    orders = [exchanged(groups, spaces, rng) for _ in range(SHUFFLES)]
    found: list[Learned] = []
    guesses: dict[int, tuple[Floats, Floats]] = {}
    shuffled: dict[int, list[Floats]] = {}
    for one, target in targets.items():
        known = np.isfinite(target)
        sets = np.unique(groups[known])
        if sets.size < LEAST:
            found.append(_nothing(one, known, sets, f"{sets.size} data sets are too few; {LEAST} are needed"))
            continue
        if np.ptp(target[known]) == 0:
            found.append(_nothing(one, known, sets, "its regret is the same everywhere"))
            continue
        guesses[one] = left_out(features, target, groups, spaces)
        shuffled[one] = list(left_out(features[np.array(orders)], target, groups, spaces)[0])
        errors = [(target - guess)[known] ** 2 for guess in guesses[one]]
        skill = _skill(*errors)
        drawn = [_skill((target - guess)[known] ** 2, errors[1]) for guess in shuffled[one]]
        lower, upper = _interval(groups[known], errors, _skill, rng)
        found.append(
            Learned(
                algorithm=one,
                case_count=int(known.sum()),
                data_set_count=sets.size,
                skill=skill,
                lower=lower,
                upper=upper,
                p_value=(1 + int(np.sum(np.array(drawn) >= skill))) / (1 + len(drawn)),
            )
        )
    found.append(_choice(groups, targets, guesses, shuffled, rng))
    return Study(_judged(found), _predictions(len(cases), guesses))


def exchanged(groups: NDArray, spaces: NDArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return for each row whose numbers it gets when data sets exchange theirs with others of the same search spaces.

    All landscapes of a data set go to the same other one, each to that in its own search space.
    """
    rows: dict[str, dict[str, list[int]]] = {}
    for at, (group, space) in enumerate(zip(groups.tolist(), spaces.tolist(), strict=True)):
        rows.setdefault(group, {}).setdefault(space, []).append(at)
    alike: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for group, mine in rows.items():
        alike.setdefault(tuple(sorted((space, len(at)) for space, at in mine.items())), []).append(group)
    order = np.arange(groups.size)
    for members in alike.values():
        for own, other in zip(members, rng.permutation(len(members)).tolist(), strict=True):
            for space, places in rows[own].items():
                order[places] = rows[members[other]][space]
    return order


def _judged(found: list[Learned]) -> list[Learned]:
    adjusted = holm(np.array([np.nan if one.p_value is None else one.p_value for one in found]))
    return [
        one
        if one.p_value is None or one.skill is None
        else replace(one, adjusted_p_value=float(p), is_learned=bool(p <= LEVEL and one.skill > 0))
        for one, p in zip(found, adjusted, strict=True)
    ]


def _nothing(one: int | None, known: NDArray[np.bool_], sets: NDArray, reason: str) -> Learned:
    return Learned(algorithm=one, case_count=int(known.sum()), data_set_count=int(sets.size), reason=reason)


def _choice(
    groups: NDArray,
    targets: Mapping[int, Floats],
    guesses: Mapping[int, tuple[Floats, Floats]],
    shuffled: Mapping[int, Sequence[Floats]],
    rng: np.random.Generator,
) -> Learned:
    """Return whether taking the algorithm that is predicted to be best beats taking the best on the others."""
    chosen = list(guesses)
    table = np.array([targets[one] for one in chosen]).reshape(len(chosen), groups.size)
    known = np.isfinite(table).all(axis=0) if chosen else np.zeros(groups.size, dtype=bool)
    sets = np.unique(groups[known])
    if len(chosen) < 2 or sets.size < LEAST:
        return _nothing(None, known, sets, "fewer than two algorithms were predicted on enough data sets")
    at = np.flatnonzero(known)
    usual = table[np.argmin([guesses[one][1][at] for one in chosen], axis=0), at]

    def gained(predicted: Sequence[Floats]) -> Floats:
        gain: Floats = usual - table[np.argmin([guess[at] for guess in predicted], axis=0), at]
        return gain

    gain = gained([guesses[one][0] for one in chosen])
    drawn = [gained([shuffled[one][k] for one in chosen]).mean() for k in range(SHUFFLES)]
    lower, upper = _interval(groups[at], [gain, gain], lambda x, _: float(x.mean()), rng)
    return Learned(
        algorithm=None,
        case_count=at.size,
        data_set_count=sets.size,
        skill=float(gain.mean()),
        lower=lower,
        upper=upper,
        p_value=(1 + int(np.sum(np.array(drawn) >= gain.mean() - 1e-12))) / (1 + len(drawn)),
    )


def left_out(features: Floats, target: Floats, groups: NDArray, spaces: NDArray) -> tuple[Floats, Floats]:
    """Return for each row the prediction from the rows of other groups, and their mean in its space.

    The mean of a space with fewer than two such rows is that of all of them. Rows without a target are only predicted.

    Args:
        features: (rows, numbers), or a stack of such tables, each of which is predicted from.

    Returns:
        Predictions (rows,), or (tables, rows), and means (rows,).
    """
    stack = features.reshape(-1, *features.shape[-2:])
    guess, mean = np.full((len(stack), target.size), np.nan), np.full(target.size, np.nan)
    places = [spaces == space for space in np.unique(spaces)]
    for group in np.unique(groups):
        out = groups == group
        train = ~out & np.isfinite(target)
        if train.sum() < 2:
            continue
        centred = stack - stack[:, train].mean(axis=1, keepdims=True)
        middle = np.full(target.size, target[train].mean())
        for place in places:
            here = train & place
            if here.sum() > 1:
                centred[:, place] = stack[:, place] - stack[:, here].mean(axis=1, keepdims=True)
                middle[place] = target[here].mean()
        mean[out] = middle[out]
        guess[:, out] = middle[out] + ridges(centred[:, train], (target - middle)[train], centred[:, out])
    return guess.reshape(*features.shape[:-2], target.size), mean


def ridges(features: Floats, target: Floats, wanted: Floats) -> Floats:
    """Return ridge predictions (tables, wanted rows) from each of several tables (tables, rows, numbers).

    Columns are standardised, and a table's penalty is chosen by leaving out one row at a time (PRESS).
    """
    centre, spread = features.mean(axis=1, keepdims=True), features.std(axis=1, keepdims=True)
    spread = np.where(spread > 0, spread, np.inf)  # a number that is the same everywhere predicts nothing
    x, z = (features - centre) / spread, (wanted - centre) / spread
    middle = target.mean()
    left, scale, right = np.linalg.svd(x, full_matrices=False)
    along = np.einsum("pnr,n->pr", left, target - middle)
    square = scale[:, None, :] ** 2
    weights = square / (square + PENALTIES[:, None])
    residual = (target - middle) - np.matmul(weights * along[:, None, :], left.transpose(0, 2, 1))
    leverage = np.matmul(weights, left.transpose(0, 2, 1) ** 2) + 1.0 / target.size
    errors = ((residual / (1.0 - np.minimum(leverage, 0.999))) ** 2).sum(axis=2)
    penalty = PENALTIES[np.argmin(errors, axis=1)][:, None]
    steps = scale / (scale**2 + penalty) * along
    predicted: Floats = middle + np.einsum("pmk,prk,pr->pm", z, right, steps)
    return predicted


def _skill(error: Floats, usual: Floats) -> float:
    return 1.0 - float(error.sum() / usual.sum())


def _interval(
    groups: NDArray, values: Sequence[Floats], of: Callable[..., float], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval over data sets of a number of two columns."""
    names, at = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(at == one) for one in range(names.size)]
    drawn = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([members[one] for one in rng.integers(names.size, size=names.size)])
        drawn.append(of(*(column[rows] for column in values)))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _predictions(count: int, guesses: Mapping[int, tuple[Floats, Floats]]) -> list[dict[int, tuple[float, float]]]:
    return [
        {one: (float(guess[at]), float(mean[at])) for one, (guess, mean) in guesses.items() if np.isfinite(guess[at])}
        for at in range(count)
    ]
