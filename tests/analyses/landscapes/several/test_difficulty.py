"""Regrets predicted from landscapes: the ridge beside scikit-learn, its level under no relation, planted relations."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from hpowh.analyses.landscapes.several import difficulty
from hpowh.analyses.landscapes.several.difficulty import PENALTIES, Case, Learned, exchanged, left_out, ridges, study


def ridge(features: np.ndarray, target: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return ridges(features[None], target, wanted[None])[0]


def made(rng: np.random.Generator, count: int, strength: float) -> list[Case]:
    """Landscapes with eight numbers; the first makes it hard for algorithms 1 and 3, and easy for 2."""
    cases = []
    for at in range(count):
        numbers, shared = rng.standard_normal(8), 0.5 * rng.standard_normal()
        hard = {1: 1.0, 2: -1.0, 3: 1.0}
        regrets = {
            one: float(10 ** (-1 + shared + 0.5 * rng.standard_normal() + strength * sign * numbers[0]))
            for one, sign in hard.items()
        }
        cases.append(Case(f"d{at}", "s", tuple(numbers.tolist()), regrets))
    return cases


def learned(cases: list[Case]) -> list[bool]:
    return [bool(one.is_learned) for one in study(cases).learned]


def test_the_ridge_is_that_of_scikit_learn_with_the_penalty_of_the_smallest_error_left_out():
    rng = np.random.default_rng(0)
    x, z = rng.standard_normal((12, 4)), rng.standard_normal((5, 4))
    y = x @ np.array([1.0, -0.5, 0.0, 0.0]) + 0.3 * rng.standard_normal(12)
    scale = (x - x.mean(axis=0)) / x.std(axis=0)
    errors = []
    for penalty in PENALTIES:
        hat = scale @ np.linalg.solve(scale.T @ scale + penalty * np.eye(4), scale.T) + 1 / 12
        errors.append(float(np.sum(((y - hat @ y) / (1 - np.diag(hat))) ** 2)))
    model = Ridge(alpha=PENALTIES[int(np.argmin(errors))]).fit(scale, y)
    assert ridge(x, y, z) == pytest.approx(model.predict((z - x.mean(axis=0)) / x.std(axis=0)))


def test_all_landscapes_of_a_data_set_are_left_out_together_and_those_without_runs_are_predicted():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((9, 2)), rng.standard_normal(9)
    y[8] = np.nan  # nothing ran there
    groups, spaces = np.array(["a", "a", "b", "b", "c", "c", "d", "d", "e"]), np.array(["s"] * 9)
    guess, mean = left_out(x, y, groups, spaces)
    rest = np.arange(2, 8)
    assert guess[:2] == pytest.approx(ridge(x[rest], y[rest], x[:2]))
    assert mean[0] == pytest.approx(y[rest].mean())
    assert guess[8] == pytest.approx(ridge(x[:8], y[:8], x[8:])[0]) and mean[8] == pytest.approx(y[:8].mean())


def test_several_tables_at_once_are_predicted_as_one_by_one():
    rng = np.random.default_rng(3)
    stack, y = rng.standard_normal((4, 10, 3)), rng.standard_normal(10)
    stack[1, :, 2] = 7.0  # a number that is the same everywhere
    groups, spaces = np.array([f"d{at // 2}" for at in range(10)]), np.array(["s", "t"] * 5)
    guess, _ = left_out(stack, y, groups, spaces)
    assert guess.shape == (4, 10) and np.isfinite(guess).all()
    for table, mine in zip(stack, guess, strict=True):
        assert left_out(table, y, groups, spaces)[0] == pytest.approx(mine)


def test_what_the_search_space_tells_is_in_the_mean_not_in_the_skill():
    """One of two search spaces becomes harder and gets other numbers: nothing is predicted otherwise."""
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((12, 3)), rng.standard_normal(12)
    groups, spaces = np.array([f"d{at}" for at in range(12)]), np.array(["s"] * 6 + ["t"] * 6)
    guess, mean = left_out(x, y, groups, spaces)
    assert mean[0] == pytest.approx(y[1:6].mean())
    shift = np.where(spaces == "t", 5.0, 0.0)
    other, middle = left_out(x + shift[:, None], y + 3 * shift, groups, spaces)
    assert other - 3 * shift == pytest.approx(guess) and middle - 3 * shift == pytest.approx(mean)


def test_numbers_are_exchanged_within_search_spaces_and_by_whole_data_sets():
    groups = np.array(["a", "a", "b", "b", "c", "c", "x", "y"])
    spaces = np.array(["s", "t", "s", "t", "s", "t", "u", "u"])
    rng, seen = np.random.default_rng(0), set()
    for _ in range(40):
        order = exchanged(groups, spaces, rng)
        assert (spaces[order] == spaces).all() and sorted(order) == list(range(8))
        assert all(groups[order][at] == groups[order][at + 1] for at in (0, 2, 4))
        seen.add(tuple(order.tolist()))
    assert len(seen) == 6 * 2


def test_a_planted_relation_is_learned_and_the_choice_gains(monkeypatch):
    monkeypatch.setattr(difficulty, "SHUFFLES", 59)  # the smallest p-value, 1 / 60, times three verdicts
    monkeypatch.setattr(difficulty, "RESAMPLES", 200)
    cases = [
        Case(case.data_set, case.space, case.numbers, {one: case.regrets[one] for one in (1, 2)})
        for case in made(np.random.default_rng(2), 18, 1.5)
    ]
    found = study(cases).learned
    assert [one.algorithm for one in found] == [1, 2, None]
    assert all(one.is_learned for one in found)
    assert all(one.skill is not None and one.lower is not None and one.lower > 0 for one in found)


@pytest.mark.slow
def test_without_a_relation_nothing_is_learned_in_most_warehouses():
    """200 of fifteen data sets: at most 8 % say that something, whatever, is learned (Holm over the four)."""
    rng = np.random.default_rng(3)
    assert np.mean([any(learned(made(rng, 15, 0.0))) for _ in range(200)]) <= 0.08


def test_without_a_relation_nothing_is_learned(monkeypatch):
    monkeypatch.setattr(difficulty, "SHUFFLES", 99)
    monkeypatch.setattr(difficulty, "RESAMPLES", 20)
    assert not any(learned(made(np.random.default_rng(4), 10, 0.0)))


def test_reasons():
    few = study(made(np.random.default_rng(5), 7, 1.0))
    assert [one.algorithm for one in few.learned] == [1, 2, 3, None]
    assert all(one.skill is None and one.is_learned is None for one in few.learned)
    assert "7 data sets are too few" in str(few.learned[0].reason)
    assert few.predicted == [{}] * 7
    same = [Case(case.data_set, case.space, case.numbers, {1: 0.5}) for case in made(np.random.default_rng(6), 9, 0.0)]
    (one, choice) = study(same).learned
    assert one.reason == "its regret is the same everywhere" and isinstance(choice, Learned)
    assert "fewer than two algorithms" in str(choice.reason)
