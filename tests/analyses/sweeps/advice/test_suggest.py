"""Suggestions: configurations that one would run, chosen by what is expected there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.advice.candidates import Candidates
from hpowh.analyses.sweeps.advice.failures import Ended, explain
from hpowh.analyses.sweeps.advice.process import fit_process
from hpowh.analyses.sweeps.advice.space import bounds
from hpowh.analyses.sweeps.advice.suggest import COUNT, Trees, expected_improvement, suggest
from hpowh.analyses.sweeps.reading.columns import OTHER, Declared
from hpowh.analyses.sweeps.reading.patterns import deciders
from hpowh.analyses.sweeps.reading.prepare import Prepared, prepare


def by_trees(prepared: Prepared, trees):
    """What a function of the one-hot matrix to (trees, rows) makes suggestions expect."""
    return lambda codes: Trees.of(prepared, trees(prepared.encode(codes)), codes, 0.0)


def values_of(name: str, raw: list, **options) -> set[float]:
    """The numbers suggested for one hyperparameter, beside another that spreads the suggestions."""
    random = np.random.default_rng(1)
    n = len(raw[0].number)
    prepared = prepare([*raw, column("free", random.uniform(size=n).tolist())])
    expect = by_trees(prepared, lambda m: np.stack([m[:, -1], 1 - m[:, 0]]))
    found = suggest(prepared, random.uniform(size=n), expect, 0, **options)
    assert len(found) == COUNT
    return {one.values[name][0] for one in found if name in one.values}


def layers(n: int, seed: int = 0):
    """A network with 1 to 4 layers, units of each that is there, and a best place at 2 layers."""
    random = np.random.default_rng(seed)
    depth = random.integers(1, 5, n)
    units = [[float(random.integers(8, 257)) if at < d else None for d in depth] for at in range(4)]
    rate = 10 ** random.uniform(-5, -1, n)
    raw = [column("n_layers", depth.tolist()), column("rate", rate.tolist())]
    raw += [column(f"units_l{at}", one) for at, one in enumerate(units)]
    return raw, (depth - 2.0) ** 2 + 0.1 * (np.log10(rate) + 3) ** 2 + 0.05 * random.normal(size=n)


def test_a_number_that_decides_what_is_there_belongs_to_the_pattern():
    raw, loss = layers(120)
    prepared = prepare(raw)
    assert [prepared.names[i] for i in np.flatnonzero(deciders(prepared))] == ["n_layers"]
    process = fit_process(prepared, (loss - loss.mean()) / loss.std(), 0)
    found = suggest(prepared, loss, process.start, 0)
    assert len(found) == COUNT
    for one in found:
        count = int(one.values["n_layers"][0])
        assert {name for name in one.values if name.startswith("units")} == {f"units_l{at}" for at in range(count)}
        assert all(one.values[f"units_l{at}"][0] == round(one.values[f"units_l{at}"][0]) for at in range(count))
    assert sum(one.values["n_layers"][0] == 2 for one in found) >= 6


def test_a_category_that_decides_is_found_and_what_it_does_not_decide_is_free():
    random = np.random.default_rng(4)
    kind = random.choice(["sgd", "adam"], 120)
    other = random.choice(["relu", "elu"], 120)
    momentum = [v if k == "sgd" else None for v, k in zip(random.uniform(0, 1, 120).tolist(), kind, strict=True)]
    prepared = prepare([column("kind", kind.tolist()), column("other", other.tolist()), column("momentum", momentum)])
    assert deciders(prepared).tolist() == [True, False, False]
    codes, absent = Candidates(prepared, np.random.default_rng(0), 0.0).spread(2000)
    sgd = prepared.used[0].levels.index("sgd")
    assert (absent[:, 2] == (codes[:, 0] != sgd)).all()
    assert np.unique(codes[:, :2], axis=0).shape[0] == 4


def test_collected_rare_levels_are_never_tried():
    random = np.random.default_rng(3)
    prepared = prepare([column("kind", [f"k{i % 25}" for i in range(250)]),
                        column("x", random.uniform(size=250).tolist())])  # fmt: skip
    at = prepared.used[0].levels.index(OTHER)
    assert (Candidates(prepared, np.random.default_rng(0), 0.0).spread()[0][:, 0] != at).all()


def test_bounds_by_hand():
    def ends(values: list[float], declared: Declared | None = None, beyond: float = 0.0):
        prepared = prepare([column("x", values, declared)])
        return bounds(prepared.used[0], prepared.codes[:, 0], beyond)

    tried = [2.0, 3.0, 4.0, 5.0, 6.0]
    assert ends(tried) == (2.0, 6.0)
    assert ends(tried, beyond=0.25) == (1.0, 7.0)
    assert ends(tried, beyond=1.0) == (1.0, 10.0)  # positive stays positive: half of the least
    assert ends([0.0, 1.0, 2.0, 3.0, 4.0], beyond=0.5) == (0.0, 6.0)
    assert ends([-1.0, 0.0, 1.0, 2.0, 3.0], beyond=0.5) == (-3.0, 5.0)
    assert ends(tried, Declared(value_type="float", scale="linear", lower=1.0, upper=9.0)) == (1.0, 9.0)
    assert ends(tried, Declared(value_type="float", scale="linear", lower=1.0, upper=None)) == (2.0, 6.0)
    assert ends(tried, Declared(value_type="float", scale="log", lower=0.1, upper=100.0)) == (
        pytest.approx(-1.0),
        pytest.approx(2.0),
    )
    assert ends(tried, Declared(value_type="float", scale="log", lower=0.1, upper=100.0), 0.5) == (
        pytest.approx(-2.5),
        pytest.approx(3.5),
    )


def test_few_tried_numbers_are_kept_to():
    tried = [0.1, 0.25, 0.7, 1.5]
    assert values_of("x", [column("x", tried * 20)]) <= set(tried)
    assert values_of(
        "x", [column("x", tried * 20, Declared(value_type="float", scale="linear", lower=0.1, upper=1.5))]
    ) <= set(tried)
    assert values_of("x", [column("x", [*tried * 19, *[None] * 4])]) <= set(tried)
    many = np.linspace(0.1, 1.5, 80).tolist()
    assert not values_of("x", [column("x", many)]) <= set(many)


def test_whole_numbers_that_a_table_writes_as_decimals_stay_whole():
    values = [float(v) for v in np.random.default_rng(0).integers(16, 512, 80)]
    found = values_of("x", [column("x", values, Declared(value_type="float"))])
    assert all(value == round(value) for value in found)


def test_a_declared_category_of_numbers_is_a_category():
    sizes = [float(2 ** (4 + i % 4)) for i in range(80)]
    declared = Declared(value_type="int", choices=("16", "32", "64", "128"))
    assert prepare([column("batch", sizes, declared)]).used[0].kind == "categorical"


@pytest.mark.parametrize(("declared", "allowed"), [
    (Declared(value_type="float", scale="linear", lower=0.5, upper=4.9, step=1.0), {0.5, 1.5, 2.5, 3.5, 4.5}),
    (Declared(value_type="int", scale="linear", lower=3, upper=10, step=3), {3, 6, 9}),
    (Declared(value_type="mixed", scale="linear", lower=1.05, upper=7.95), {2, 3, 4, 5, 6, 7}),
    (Declared(value_type="int", scale="log", lower=1, upper=64), set(range(1, 65))),
])  # fmt: skip
def test_steps_and_whole_numbers_inside_the_declared_range(declared, allowed):
    low, high = math.ceil(declared.lower), math.floor(declared.upper)
    step = declared.step or 1
    tried = [declared.lower + step * (i % 3) if declared.step else float(low + i % (high - low + 1)) for i in range(80)]
    found = values_of("x", [column("x", tried, declared)])
    assert all(min(abs(value - one) for one in allowed) < 1e-6 for value in found)
    assert len(found) > 1


def test_a_wider_range_keeps_the_step():
    found = values_of(
        "x",
        [column("x", [2.0, 4.0, 6.0, 8.0] * 20, Declared(value_type="int", scale="linear", lower=2, upper=8, step=2))],
        beyond=1.0,
    )
    assert all(value % 2 == 0 for value in found)
    assert max(found) > 8


def test_the_first_is_predicted_best_and_the_others_promise_most():
    """Two trees agree on the left half and differ by a lot on the right: after the first, all go there."""
    random = np.random.default_rng(3)
    x, z = random.uniform(0, 1, 100), random.uniform(0, 1, 100)
    prepared = prepare([column("x", x.tolist()), column("z", z.tolist())])

    def trees(m: np.ndarray) -> np.ndarray:
        right = 5.0 * (m[:, 0] > 0.5)
        return np.stack([1 + m[:, 0] + right, 1 + m[:, 0] - right])

    found = [one.values["x"][0] for one in suggest(prepared, 1 + x, by_trees(prepared, trees), 0)]
    assert found[0] < 0.5
    assert all(value > 0.5 for value in found[1:5])


def test_what_was_tried_is_not_suggested():
    """A full grid leaves nothing to suggest; one cell left out is the only suggestion."""
    grid = [(a, b) for a in (1.0, 2.0, 3.0) for b in (1.0, 2.0, 5.0)] * 6
    for cells, wanted in ((grid, []), ([g for g in grid if g != (2.0, 5.0)], [(2.0, 5.0)])):
        prepared = prepare([column("a", [a for a, _ in cells]), column("b", [b for _, b in cells])])
        expect = by_trees(prepared, lambda m: np.stack([m[:, 0], m[:, 1]]))
        found = suggest(prepared, np.arange(len(cells), dtype=float), expect, 0)
        assert [(one.values["a"][0], one.values["b"][0]) for one in found] == wanted


def test_what_failed_in_all_its_trials_is_not_suggested_though_it_looks_best():
    """One solver fails with a penalty of 1, always; the few others of that penalty are the best."""
    random = np.random.default_rng(0)
    n = 90
    solver, penalty = random.choice(["lbfgs", "saga"], n), random.choice([0.0, 1.0], n)
    x = random.uniform(size=n)
    failed = (solver == "lbfgs") & (penalty == 1)
    raw = [column("solver", solver.tolist()), column("penalty", penalty.tolist()), column("x", x.tolist())]
    loss = 2 - penalty + (solver == "saga") + (x - 0.5) ** 2
    good = np.flatnonzero(~failed)
    prepared = prepare([one.take(good) for one in raw])
    success = Ended(raw=raw, is_good=~failed).finishing(prepared, 0)
    expect = by_trees(prepared, lambda m: np.stack([m @ np.arange(m.shape[1])] * 2))
    found = suggest(prepared, loss[good], expect, 0, success=success)
    assert len(found) == COUNT
    assert not any(one.values["solver"][1] == "lbfgs" and one.values["penalty"][0] == 1 for one in found)
    assert all(one.values["penalty"][0] in (0.0, 1.0) and one.success >= 0.5 for one in found)
    (rule,) = explain(prepare(raw), failed)
    assert set(rule.hyperparameters) == {"solver", "penalty"}
    assert (rule.count, rule.bad_count, rule.other_bad_count) == (int(failed.sum()), int(failed.sum()), 0)
    assert rule.p_adjusted < 1e-6


def test_failures_above_a_limit_are_explained_and_chance_explains_none():
    """20 of 60 crash above a rate of 0.02: the rule is exact. Failures at random give a rule in at most 5 %."""
    random = np.random.default_rng(1)
    rate = 10 ** random.uniform(-4, -0.5, 60)
    other = random.uniform(size=60)
    (rule,) = explain(prepare([column("rate", rate.tolist()), column("other", other.tolist())]), rate > 0.02)
    prepared = prepare([column("rate", rate.tolist()), column("other", other.tolist())])
    (shared,) = explain(prepared, rate > 0.02, 3)  # trials also diverged and were pruned: one level for all
    assert shared.p_adjusted == pytest.approx(3 * rule.p_adjusted)
    assert rule.setting.startswith("rate > 0.0")
    assert rule.bad_count == (rate > 0.02).sum()
    assert rule.p_adjusted < 1e-6
    alarms = 0
    for seed in range(60):
        r = np.random.default_rng(seed)
        raw = [column("a", r.uniform(size=60).tolist()), column("k", r.choice(["p", "q", "r"], 60).tolist()),
               column("b", r.uniform(size=60).tolist())]  # fmt: skip
        alarms += bool(explain(prepare(raw), r.random(60) < 0.3))
    assert alarms <= 8  # more has a chance below 1 % at the level of 5 %


def test_the_process_is_the_textbook_formula_and_leaves_each_out_as_refitting_does():
    random = np.random.default_rng(5)
    n = 25
    raw = [column("x", random.uniform(0, 3, n).tolist()), column("kind", random.choice(["a", "b"], n).tolist())]
    prepared = prepare(raw)
    y = np.sin(prepared.codes[:, 0]) + 0.5 * prepared.codes[:, 1]
    y = (y - y.mean()) / y.std()
    process = fit_process(prepared, y, 0)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        r = math.sqrt(5) * np.linalg.norm(a[:, None] - b[None, :], axis=2)
        return (1 + r + r**2 / 3) * np.exp(-r)

    x = process.x
    matrix = kernel(x, x) + process.noise * np.eye(n)
    state = process.start(prepared.codes[:4] + [0.1, 0.0])
    cross = kernel(state.scaled, x)
    assert state.mean == pytest.approx(process.mean + cross @ np.linalg.solve(matrix, y - process.mean))
    assert state.variance == pytest.approx(1 - np.einsum("ij,ji->i", cross, np.linalg.solve(matrix, cross.T)), abs=1e-6)
    errors = []
    for i in range(n):
        rest = np.arange(n) != i
        weight = np.linalg.solve(matrix[np.ix_(rest, rest)], y[rest] - process.mean)
        errors.append(y[i] - process.mean - matrix[i, rest] @ weight)
    assert process.r_squared == pytest.approx(1 - np.square(errors).sum() / ((y - process.mean) ** 2).sum())
    assert process.r_squared > 0.9


def test_choosing_one_leaves_what_a_process_with_it_does_not_know():
    random = np.random.default_rng(6)
    raw = [column(f"x{j}", random.uniform(size=30).tolist()) for j in range(2)]
    prepared = prepare(raw)
    y = random.normal(size=30)
    process = fit_process(prepared, (y - y.mean()) / y.std(), 0)
    codes = random.uniform(size=(6, 2))
    state = process.start(codes)
    for i in (2, 4):
        state.choose(i)
    x = np.vstack([process.x, state.scaled[[2, 4]]])

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        r = math.sqrt(5) * np.linalg.norm(a[:, None] - b[None, :], axis=2)
        return (1 + r + r**2 / 3) * np.exp(-r)

    cross = kernel(state.scaled, x)
    solved = np.linalg.solve(kernel(x, x) + process.noise * np.eye(len(x)), cross.T)
    assert state.variance == pytest.approx(1 - np.einsum("ij,ji->i", cross, solved), abs=1e-6)


def test_expected_improvement_against_a_simulation():
    draws = np.random.default_rng(1).normal(0.5, 2.0, 400_000)
    found = expected_improvement(np.array([0.5, 3.0, 1.0]), np.array([2.0, 0.0, 0.0]), 1.5)
    assert found[0] == pytest.approx(np.maximum(1.5 - draws, 0).mean(), rel=0.01)
    assert found[1:] == pytest.approx([0.0, 0.5])
