"""What to try next: configurations that one would run, and that a model thinks promising."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hpowh.analyses.sweeps.advice.candidates import LOCAL, Candidates
from hpowh.analyses.sweeps.advice.completing import Completion
from hpowh.analyses.sweeps.importance.dependence import own_unit
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared
from hpowh.analyses.sweeps.reading.rules import NONE, Rules, Value

COUNT = 10
ROUNDS, SHARPENED = 3, 400
"""Rounds in which the neighbourhood of the most promising candidates is searched, and how many neighbours each."""
APART = 0.02
"""Suggestions differ by at least this mean distance per hyperparameter (0 to 1)."""
LIKELY = 0.5
"""Where a configuration ends well with less than this probability (and less than trials do on average), it is not
suggested."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One configuration in its own units, absent hyperparameters left out, with its prediction."""

    values: dict[str, Value]
    codes: Floats
    """The same as codes, what it lacks included."""
    predicted: float
    """In the space of the fit, lower is better."""
    deviation: float
    """Standard deviation of one trial there, in the space of the fit."""
    expected_improvement: float
    """Over the best configuration tried, in the space of the fit, times the probability of success."""
    success: float | None
    """Probability that a trial there finishes with a value; None where none has failed."""


class Expected(Protocol):
    """What is expected at candidates; `choose` takes one as tried."""

    @property
    def deviation(self) -> Floats:
        """Standard deviation of the mean."""

    @property
    def whole_deviation(self) -> Floats:
        """Standard deviation of one trial."""

    mean: Floats

    def choose(self, i: int) -> None:
        """Take one candidate as tried."""


class Success(Protocol):
    """What is known of failures."""

    def probability(self, codes: Floats) -> Floats:
        """Return the probability that trials with these codes finish with a value."""

    def is_ruled_out(self, codes: Floats) -> np.ndarray:
        """Return which of them have a setting that failed in all its trials."""

    @property
    def rate(self) -> float:
        """Share of the trials that ended which finished with a value."""


def suggest(
    prepared: Prepared,
    loss: Floats,
    expect: Callable[[Floats], Expected],
    seed: int,
    *,
    count: int = COUNT,
    beyond: float = 0.0,
    rules: Rules = NONE,
    success: Success | None = None,
) -> list[Suggestion]:
    """Return up to `count` configurations: the one with the best prediction, then those that promise to improve most.

    They are chosen one after the other by expected improvement (Jones et al. 1998) times the probability of success,
    each as if those before it had been tried and given what is expected.

    Args:
        loss: what the model was fitted to, lower is better.
        expect: from codes to what is expected there.
        beyond: by which share of their width ranges of numbers are widened; 0 never leaves the space.
        rules: conditions and forbidden combinations of the declared space; what breaks one is not suggested.
    """
    rules = rules.only_of(prepared.names)
    maker = Candidates(prepared, np.random.default_rng(seed), beyond)
    best = np.argsort(loss, kind="stable")[: max(3, loss.size // 10)]
    codes, absent = _joined(maker.spread(), maker.around(prepared.codes[best], maker.absent[best], LOCAL))
    at_best = float(expect(prepared.codes).mean.min())
    gain = _gain(expect(codes), at_best, codes, success)
    for turn in range(ROUNDS):
        top = np.argsort(-gain, kind="stable")[:10]
        new = maker.around(codes[top], absent[top], SHARPENED)
        codes, absent = _joined((codes, absent), new)
        if turn < ROUNDS - 1:
            gain = np.concatenate([gain, _gain(expect(new[0]), at_best, new[0], success)])
    more = Completion(prepared, maker.absent, maker.keeps)
    return _chosen(prepared, codes, absent, expect(codes), at_best, count, rules, success, more)


def _joined(*parts: tuple[Floats, np.ndarray]) -> tuple[Floats, np.ndarray]:
    return np.vstack([codes for codes, _ in parts]), np.vstack([absent for _, absent in parts])


def _gain(state: Expected, best: float, codes: Floats, success: Success | None) -> Floats:
    gain = expected_improvement(state.mean, state.deviation, best)
    if success is None:
        return gain
    likely = success.probability(codes)
    gain = np.where((likely < min(LIKELY, success.rate)) | success.is_ruled_out(codes), -1.0, gain * likely)
    return np.asarray(gain)


def _chosen(
    prepared: Prepared,
    codes: Floats,
    absent: np.ndarray,
    state: Expected,
    best: float,
    count: int,
    rules: Rules,
    success: Success | None,
    more: Completion,
) -> list[Suggestion]:
    spans = np.array([max(float(np.ptp(codes[:, j])), 1e-12) for j in range(codes.shape[1])])
    is_category = np.array([column.kind == "categorical" for column in prepared.used])

    def apart(a: Floats, b: Floats) -> Floats:
        difference = np.abs(a - b)
        return np.where(is_category, difference > 0, difference / spans)

    likely = None if success is None else success.probability(codes)
    known = {row.tobytes() for row in np.round(prepared.codes / spans, 9) + 0.0}
    is_open = np.array([row.tobytes() not in known for row in np.round(codes / spans, 9) + 0.0])
    if success is not None and likely is not None:
        is_open &= (likely >= min(LIKELY, success.rate)) & ~success.is_ruled_out(codes)
    suggestions: list[Suggestion] = []
    while len(suggestions) < count and is_open.any():
        gain = expected_improvement(state.mean, state.deviation, best) * (1.0 if likely is None else likely)
        score = -state.mean if not suggestions else gain
        i = int(np.argmax(np.where(is_open, score, -np.inf)))
        is_open[i] = False
        named = _named(prepared, codes[i], absent[i])
        if not rules.allow(named):
            continue
        suggestions.append(Suggestion(
            values=named | more.of(codes[i], absent[i]), codes=codes[i],
            predicted=float(state.mean[i]), deviation=float(state.whole_deviation[i]),
            expected_improvement=float(gain[i]), success=None if likely is None else float(likely[i]),
        ))  # fmt: skip
        best = min(best, float(state.mean[i]))
        state.choose(i)
        is_open &= apart(codes, codes[i]).mean(axis=1) >= APART
    return suggestions


def _named(prepared: Prepared, codes: Floats, absent: np.ndarray) -> dict[str, Value]:
    """Return a configuration in its own units, without what it lacks."""
    return {
        column.name: _whole(own_unit(column, codes[j]), column.is_integer)
        for j, column in enumerate(prepared.used)
        if not absent[j]
    }


def _whole(value: Value, is_integer: bool) -> Value:
    number, text = value
    return (float(round(number)), text) if is_integer and number is not None else (number, text)


def expected_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """Return E[max(best - Y, 0)] for normal Y; where the deviation is 0, the improvement itself."""
    from scipy.special import ndtr

    gain = best - mean
    z = np.divide(gain, deviation, out=np.zeros_like(gain), where=deviation > 0)
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return np.where(deviation > 0, gain * ndtr(z) + deviation * density, np.maximum(gain, 0.0))


@dataclass
class Trees:
    """What trees expect: mean and deviation over the trees (Hutter et al. 2011), joined with their error."""

    mean: Floats
    over_trees: Floats
    unseen: float
    codes: Floats
    spans: Floats

    @classmethod
    def of(cls, prepared: Prepared, every: Floats, codes: Floats, unseen: float) -> Trees:
        """Return what trees expect at codes.

        Args:
            every: (trees, rows). unseen: the standard deviation of their error on configurations not seen.
        """
        spans = np.array([max(float(np.ptp(prepared.codes[:, j])), 1e-12) for j in range(codes.shape[1])])
        return cls(every.mean(axis=0), every.std(axis=0), unseen, codes, spans)

    @property
    def deviation(self) -> Floats:
        """Return the deviation over the trees."""
        return self.over_trees

    @property
    def whole_deviation(self) -> Floats:
        """Return it with the error on unseen configurations: trees agree beside a trial, since they repeat it."""
        return np.hypot(self.over_trees, self.unseen)

    def choose(self, i: int) -> None:
        """Expect to learn about the neighbourhood of the chosen one."""
        near = (((self.codes - self.codes[i]) / self.spans) ** 2).mean(axis=1)
        self.over_trees = self.over_trees * (1 - np.exp(-near / 0.02))
