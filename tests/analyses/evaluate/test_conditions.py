"""Conditional hyperparameters of a spec, beside plain loops over settings with absent values."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from hpowh.analyses.evaluate import spaces
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.job import load_into, prepare
from hpowh.analyses.evaluate.spaces import Space, sample
from hpowh.analyses.evaluate.spec import parse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

LINES = {
    "shift": {"levels": [0.0, 1.5], "if": {"degree": [2, 3]}},  # declared before what it needs
    "kernel": ["linear", "rbf", "poly"],
    "C": [1, 10],
    "gamma": {"levels": [0.1, 1.0, 10.0], "if": {"kernel": ["rbf", "poly"]}, "default": 0.1},
    "degree": {"levels": [1, 2, 3], "if": {"kernel": "poly"}},
}


def space_of(lines: dict) -> Space:
    return parse({"data": [{"name": "iris"}], "model": [{"kind": "svm", "space": lines}]}, "s").models[0].space


def settings() -> set[tuple[tuple[str, object], ...]]:
    """All configurations as those of their hyperparameters that are active."""
    found = set()
    for kernel, c in itertools.product(("linear", "rbf", "poly"), (1, 10)):
        for gamma in (None,) if kernel == "linear" else (0.1, 1.0, 10.0):
            for degree in (1, 2, 3) if kernel == "poly" else (None,):
                for shift in (0.0, 1.5) if degree and degree > 1 else (None,):
                    one = {"kernel": kernel, "C": c, "gamma": gamma, "degree": degree, "shift": shift}
                    found.add(tuple(sorted((name, value) for name, value in one.items() if value is not None)))
    return found


def setting(space: Space, rank: int) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(space.parameters(rank).items()))


def test_a_grid_has_each_configuration_once_with_its_active_hyperparameters():
    space = space_of(LINES)
    ranks = list(sample(space, "grid", None, 0))
    assert ranks == sorted(set(ranks))
    assert Counter(setting(space, rank) for rank in ranks) == Counter(settings())
    assert (space.configuration_count, space.cardinality) == (38, 108)
    cells = np.arange(space.cardinality)
    assert set(space.canonical(cells).tolist()) == set(ranks)
    assert all(
        setting(space, int(a)) == setting(space, b) for a, b in zip(space.canonical(cells), range(108), strict=True)
    )


@pytest.mark.parametrize("how", ["random", "sobol"])
def test_a_sample_has_configurations_only_and_none_twice(how):
    space = space_of(LINES)
    whole = set(sample(space, "grid", None, 0))
    for count in (1, 7, 30, 37, 38, 50):
        ranks = list(sample(space, how, count, 3))
        assert len(set(ranks)) == len(ranks) == min(count, 38)
        assert set(ranks) <= whole


def test_draws_of_a_space_too_large_to_be_listed_are_alike_for_all_configurations(monkeypatch):
    space = space_of(LINES)
    drawn = Counter(space.drawn(np.random.default_rng(0), 38_000).tolist())
    assert set(drawn) == set(space.configurations())
    assert max(abs(count - 1000) for count in drawn.values()) < 150  # 4.7 standard deviations
    monkeypatch.setattr(spaces, "MOST_LISTED", 20)
    ranks = sample(space, "random", 25, 1)
    assert len(set(ranks)) == 25 and set(ranks) <= set(drawn)
    with pytest.raises(SpecError, match="38 configurations"):
        sample(space, "grid", None, 0)


WRONG = [
    ({"a": [1, 2], "b": {"levels": [1], "if": {"c": 1}}}, "no other hyperparameter"),
    ({"a": [1, 2], "b": {"levels": [1], "if": {"a": 3}}}, "3 is no level of a"),
    ({"a": [True, False], "b": {"levels": [1], "if": {"a": 1}}}, "1 is no level of a"),
    ({"a": [1, 2], "b": {"levels": [1], "if": {"a": [1, 2]}}}, "no condition"),
    ({"a": [1, 2], "b": {"levels": [1], "if": {}}}, "table of other"),
    ({"a": [1, 2], "b": {"levels": [1, 2], "default": 1}}, "no condition"),
    ({"a": [1, 2], "b": {"levels": [1, 2], "if": {"a": 1}, "default": 5}}, "5 is no level of b"),
    ({"a": {"levels": [1, 2], "if": {"b": 1}}, "b": {"levels": [1, 2], "if": {"a": 1}}}, "circle"),
    (
        {"a": [1, 2, 3], "b": {"levels": [1, 2], "if": {"a": 1}}, "c": {"levels": [1], "if": {"a": 2, "b": 1}}},
        "never be active",
    ),
]


@pytest.mark.parametrize(("lines", "why"), WRONG)
def test_what_is_no_condition_is_refused(lines, why):
    with pytest.raises(SpecError, match=why):
        space_of(lines)


def test_pairs_are_not_for_conditional_spaces():
    with pytest.raises(SpecError, match="without conditions"):
        sample(space_of(LINES), "pairs", 10, 0)


SPEC = """
name = "svms"
metrics = ["accuracy"]
folds = 2
[[data]]
name = "iris"
[[model]]
name = "svm"
kind = "svm"
[model.space]
kernel = ["linear", "poly"]
C = [0.1, 10.0]
degree = {levels = [1, 2, 3], if = {kernel = "poly"}, default = 3}
"""


def test_each_configuration_is_trained_once_and_means_in_the_warehouse_what_the_spec_says(
    run, spec, tmp_path, warehouse
):
    plan = prepare(spec(SPEC)).plan
    assert plan.unit_count == (2 + 2 * 3) * 2
    said = " ".join(plan.describe())
    assert "8 configurations (the whole grid; 12 cells" in said
    assert "degree is active where kernel is poly; a step that makes it active arrives at 3" in said
    found = run(SPEC)
    assert found.height == plan.unit_count * 2  # train and test
    load_into(warehouse, tmp_path / "out", "svms")
    rows = warehouse.sql('select distinct kernel, "C", degree from space.svms_svm order by all').rows()
    assert rows == sorted(
        [("linear", c, None) for c in (0.1, 10.0)] + [("poly", c, d) for c in (0.1, 10.0) for d in (1, 2, 3)], key=str
    )
    assert warehouse.sql("select coverage from mart.landscape where split = 'test'").one() == 1
    arrives = warehouse.sql(
        """
        select distinct d.level + 1 from mart.neighbour as n join core.hyperparameter as h
          on h.search_space_id = n.search_space_id and h.name = 'degree'
        join core.hyperparameter_level as d on d.search_space_id = n.search_space_id and d.position = h.position
          and d.level = (n.neighbour_id // h.stride) % h.cardinality
        where n.hyperparameter = 'kernel' and n.from_level = 0
        """
    ).rows()
    assert arrives == [(3,)]


def test_a_grid_in_a_file_with_the_same_default_is_the_same_space(warehouse, tmp_path):
    path = tmp_path / "svm.csv"
    path.write_text("kernel,degree,accuracy\nlinear,,0.5\npoly,1,0.6\npoly,2,0.7\npoly,3,0.8\nsigmoid,,0.4\n")
    grid = find_source("grid")
    report = ingest(warehouse, grid, Request(str(path), "svm", {}, {"default": "degree=3"}, None))
    assert any("arrives at 3." in note for note in report.notes)
    assert warehouse.sql("select default_level from mart.condition").one() == 2
    again = {"benchmark": "other", "space": "svm"}
    ingest(warehouse, grid, Request(str(path), "more", {}, again, None))  # the default is the space's
    assert warehouse.sql("select count(*), count(distinct configuration_id) from core.evaluation").rows() == [(10, 5)]
    for given, why in (("degree=1", "with degree = 3"), ("kernel=poly", "no conditional"), ("degree=7", "no level")):
        with pytest.raises(UsageError, match=why):
            ingest(warehouse, grid, Request(str(path), "third", {}, again | {"default": given}, None))
