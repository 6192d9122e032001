"""Conditional spaces: a second implementation that knows configurations with absent values, and no ranks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.graph import EdgeGraph
from hpowh.analyses.landscapes.grid.space import Axis, Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.analyses.landscapes.one.sensitivity import sensitivity
from hpowh.analyses.landscapes.partial import sampled
from hpowh.analyses.landscapes.partial.completing import completions
from hpowh.analyses.landscapes.several.similarity import compare, prepare

SIZES = {"kernel": 3, "C": 4, "gamma": 5, "degree": 3, "coef": 2}
CATEGORIES = ("kernel", "coef")
NEEDS = {"gamma": {"kernel": (1, 2)}, "degree": {"kernel": (2,)}, "coef": {"kernel": (2,), "degree": (1, 2)}}
DEFAULT = {"gamma": 2, "degree": 1, "coef": 0}
NAMES = tuple(SIZES)


def space() -> Space:
    axes = [Axis(name, size, name not in CATEGORIES, at) for at, (name, size) in enumerate(SIZES.items())]
    strides = [int(np.prod(list(SIZES.values())[at + 1 :])) for at in range(len(SIZES))]
    conditions = [
        (NAMES.index(name), NAMES.index(other), levels, DEFAULT[name])
        for name, needs in NEEDS.items()
        for other, levels in needs.items()
    ]
    return Space.from_strides(axes, strides, conditions, len(configurations()))


def settled(setting: dict[str, int | None]) -> dict[str, int | None]:
    """What is inactive has no value; what becomes active and has none starts at its default."""
    found: dict[str, int | None] = {}
    for name in NAMES:
        is_active = all(found[other] in levels for other, levels in NEEDS.get(name, {}).items())
        value = setting[name] if setting[name] is not None else DEFAULT.get(name)
        found[name] = value if is_active else None
    return found


def configurations() -> list[tuple[int | None, ...]]:
    cells = itertools.product(*(range(size) for size in SIZES.values()))
    return sorted(
        {tuple(settled(dict(zip(NAMES, cell, strict=True))).values()) for cell in cells},
        key=lambda one: [-1 if value is None else value for value in one],
    )


def neighbours(one: tuple[int | None, ...]) -> set[tuple[int | None, ...]]:
    """All that a step makes; a step that switches something off is taken from where switching it on arrives."""
    found = set()
    for at, name in enumerate(NAMES):
        if one[at] is None:
            continue
        for level in range(SIZES[name]):
            if level == one[at] or (name not in CATEGORIES and abs(level - one[at]) > 1):
                continue
            other = tuple(settled(dict(zip(NAMES, one, strict=True)) | {name: level}).values())
            gone = [j for j in range(len(NAMES)) if one[j] is not None and other[j] is None]
            if all(one[j] == DEFAULT[NAMES[j]] for j in gone):
                found.add(other)
    return found


def rank(one: tuple[int | None, ...]) -> int:
    levels = [DEFAULT[name] if value is None else value for name, value in zip(NAMES, one, strict=True)]
    return int(np.ravel_multi_index(levels, tuple(SIZES.values())))


def surface(seed: int, without: int = 0) -> Surface:
    ranks = np.array([rank(one) for one in configurations()])
    rng = np.random.default_rng(seed)
    kept = rng.permutation(ranks.size)[: ranks.size - without]
    return Surface.make(space(), ranks[kept], rng.standard_normal(kept.size).round(1))


def value(found, name):
    return found.value(name)


def test_configurations_are_counted_once():
    cells = np.arange(space().cardinality)
    assert sorted(set(space().canonical(cells).tolist())) == sorted(rank(one) for one in configurations())
    assert (space().configuration_count, space().cardinality) == (4 * (1 + 5 + 5 * (1 + 2 * 2)), 360)


def test_edges_are_the_steps_between_configurations():
    whole = surface(0)
    graph = EdgeGraph(whole.space, whole.ranks)
    found = {
        frozenset((int(whole.ranks[a]), int(whole.ranks[b]))) for a, b in zip(graph.first, graph.second, strict=True)
    }
    wanted = {frozenset((rank(one), rank(other))) for one in configurations() for other in neighbours(one)}
    assert found == wanted


@pytest.mark.parametrize("seed", range(3))
def test_optima_and_neutrality_are_those_of_the_listed_steps(seed):
    whole = surface(seed)
    loss = dict(zip(whole.ranks.tolist(), whole.loss.tolist(), strict=True))
    steps = {rank(one): [rank(other) for other in neighbours(one)] for one in configurations()}
    strict = sum(all(loss[one] < loss[other] for other in others) for one, others in steps.items())
    pairs = [abs(loss[a] - loss[b]) for a, others in steps.items() for b in others if a < b]
    found = characterise(whole, Options(epsilon=0.25))
    assert whole.is_whole and not whole.is_complete and whole.coverage == 1
    assert value(found, "coverage") == 1 and value(found, "n_configurations") == len(steps)
    assert value(found, "n_edges") == len(pairs)
    assert value(found, "neutrality") == pytest.approx(np.mean(np.array(pairs) <= 0.25))
    optima = found.tables["landscape_optimum"]
    assert sum(np.asarray(optima["member_count"]) == 1) == strict
    assert not any("not evaluated" in one or "imputed" in one for one in found.warnings)


def test_importances_are_those_of_the_grid_in_which_what_is_inactive_changes_nothing():
    whole = surface(1)
    loss = dict(zip(whole.ranks.tolist(), whole.loss.tolist(), strict=True))
    cells = itertools.product(*(range(size) for size in SIZES.values()))
    grid = np.array([loss[rank(tuple(settled(dict(zip(NAMES, cell, strict=True))).values()))] for cell in cells])
    grid = grid.reshape(tuple(SIZES.values()))
    table = characterise(whole).tables["landscape_importance"]
    for at, name in enumerate(NAMES):
        means = grid.mean(axis=tuple(j for j in range(5) if j != at))
        row = [
            i
            for i, (n, s) in enumerate(zip(table["hyperparameter"], table["scope"], strict=True))
            if n == name and s == "all"
        ]
        assert table["main_share"][row[0]] == pytest.approx(means.var() / grid.var())


def smooth(seed: int) -> Surface:
    """Effects of single hyperparameters, one product, and a little of its own for each configuration."""
    rng = np.random.default_rng(seed)
    effects = {name: rng.standard_normal(size) for name, size in SIZES.items()}
    product = rng.standard_normal((SIZES["C"], SIZES["gamma"]))
    ranks, loss = [], []
    for one in configurations():
        of = dict(zip(NAMES, one, strict=True))
        value = sum(effects[name][level] for name, level in of.items() if level is not None)
        value += 0 if of["gamma"] is None else product[of["C"], of["gamma"]]
        ranks.append(rank(one))
        loss.append(value + rng.normal(0.0, 0.1))
    return Surface.make(space(), np.array(ranks), np.array(loss))


def without(whole: Surface, count: int, seed: int) -> Surface:
    kept = np.sort(np.random.default_rng(seed).permutation(whole.size)[: whole.size - count])
    return Surface.make(whole.space, whole.ranks[kept], whole.loss[kept])


NAMED = (
    "variance_main",
    "variance_pairs",
    "variance_ranks_main",
    "assortativity_rank",
    "lo_ratio",
    "gradient",
    "near_best_5",
)


@pytest.mark.parametrize("holes", [1, 25])
def test_holes_are_drawn_and_a_configuration_has_one_value_however_often_it_lies_in_the_grid(holes):
    whole = smooth(2)
    part = without(whole, holes, 0)
    for one in completions(part, 2, seed=0):
        assert one.is_whole and (one.ranks == whole.ranks).all()
        assert (one.loss[np.isin(one.ranks, part.ranks)] == part.loss).all()
    found = characterise(part)
    assert f"{holes} of 124 configurations" in found.warnings[0] and "imputed 5 times" in found.warnings[0]
    assert value(found, "imputed_share") == pytest.approx(holes / 124)
    truth = characterise(whole)
    shares = [found.tables["landscape_importance"], truth.tables["landscape_importance"]]
    assert shares[0]["main_share"] == pytest.approx(shares[1]["main_share"], abs=0.01 if holes == 1 else 0.1)
    assert f"{holes} of 124 cells imputed" in shares[0]["method"][0]


def held(draws: int, holes: tuple[int, ...]) -> float:
    """How many of the named metrics of the whole lie in the intervals of the part, of those that have one."""
    hits = []
    for seed in range(draws):
        whole = smooth(seed)
        truth = characterise(whole)
        for count in holes:
            table = characterise(without(whole, count, seed)).tables["landscape_metric"]
            for name in NAMED:
                true = truth.value(name)
                if name in table["name"] and true is not None:
                    at = list(table["name"]).index(name)
                    low, high = table["lower"][at], table["upper"][at]
                    if low is not None:
                        hits.append(low - 1e-9 <= true <= high + 1e-9)
    return float(np.mean(hits))


@pytest.mark.slow
def test_intervals_of_conditional_landscapes_with_holes_hold():
    assert held(40, (6, 25, 50)) >= 0.93


def test_with_too_many_holes_nothing_is_imputed_and_importances_have_a_reason():
    found = characterise(surface(0, without=80))
    assert value(found, "n_configurations") == 44 and value(found, "coverage") == pytest.approx(44 / 124)
    assert "imputed_share" not in found.tables["landscape_metric"]["name"]
    importance = found.tables["landscape_importance"]
    assert set(importance["main_share"]) == {None}
    assert any("conditional" in reason for reason in importance["reason"])


def test_a_thin_sample_has_no_weights_of_a_grid_that_is_not_there(monkeypatch):
    monkeypatch.setattr(sampled, "LEAST_AXIS_PAIRS", 1)
    thin = surface(4, without=65)
    assert thin.coverage < 0.5
    plain = Surface.make(Space(thin.space.axes), thin.ranks, thin.loss)
    assert sampled.thin_portrait(plain, 0.1, seed=0) is not None  # the same losses in a grid without conditions
    assert sampled.thin_portrait(thin, 0.1, seed=0) is None


def test_two_are_compared_and_their_importances_agree_with_themselves():
    one = prepare(surface(3))
    found = {metric.name: metric.value for metric in compare(one, one)}
    assert found["spearman"] == pytest.approx(1) and found["importance_agreement"] == pytest.approx(1)


def test_sensitivity_needs_a_space_without_conditions():
    with pytest.raises(LandscapeError, match="conditional"):
        sensitivity(surface(0), Options())
