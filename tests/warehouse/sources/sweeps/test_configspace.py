"""ConfigSpace's JSON: what is declared, what is active, in which order."""

from __future__ import annotations

import json

import pytest

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.sweeps.configspace import read_space

HYPERPARAMETERS = [
    {"type": "uniform_float", "name": "lr", "lower": 1e-5, "upper": 1.0, "log": True, "default_value": 0.1},
    {"type": "uniform_int", "name": "layers", "lower": 1, "upper": 8, "log": False, "q": 2},
    {"type": "normal_float", "name": "free", "mu": 0, "sigma": 1},
    {"type": "categorical", "name": "act", "choices": ["relu", "tanh"]},
    {"type": "categorical", "name": "mixed", "choices": [1, "two", True]},
    {"type": "ordinal", "name": "size", "sequence": ["s", "m", "l"]},
    {"type": "constant", "name": "k", "value": 5},
    {"type": "uniform_int", "name": "b_child", "lower": 1, "upper": 5},
    {"type": "uniform_int", "name": "a_grandchild", "lower": 1, "upper": 5},
]
EQUAL = {"type": "EQ", "child": "b_child", "parent": "act", "value": "relu"}
BOTH = {
    "type": "OR",
    "child": "a_grandchild",
    "conditions": [
        {"type": "GT", "child": "a_grandchild", "parent": "b_child", "value": 3},
        {"type": "IN", "child": "a_grandchild", "parent": "size", "values": ["l"]},
    ],
}


def test_every_kind_of_hyperparameter_is_declared():
    space = read_space({"hyperparameters": HYPERPARAMETERS}, "x")
    declared = {p.name: (p.value_type, p.scale, p.lower, p.upper, p.step, p.choices) for p in space.parameters}
    assert declared == {
        "lr": ("float", "log", 1e-5, 1.0, None, None),
        "layers": ("int", "linear", 1, 8, 2, None),
        "free": ("float", "linear", None, None, None, None),
        "act": ("text", "linear", None, None, None, '["relu", "tanh"]'),
        "mixed": ("mixed", "linear", None, None, None, '[1, "two", true]'),
        "size": ("text", "linear", None, None, None, '["s", "m", "l"]'),
        "k": ("int", "linear", None, None, None, "[5]"),
        "b_child": ("int", "linear", 1, 5, None, None),
        "a_grandchild": ("int", "linear", 1, 5, None, None),
    }


def test_bare_values_are_named_by_what_is_active():
    space = read_space({"hyperparameters": HYPERPARAMETERS[3:], "conditions": [EQUAL, BOTH]}, "x")
    assert space.order() == ["act", "k", "mixed", "size", "b_child", "a_grandchild"]
    assert space.named(["tanh", 5, 1, "s"]) == {"act": "tanh", "k": 5, "mixed": 1, "size": "s"}
    assert space.named(["relu", 5, 1, "s", 4, 2])["a_grandchild"] == 2
    assert space.named(["relu", 5, 1, "s", 3]) == {"act": "relu", "k": 5, "mixed": 1, "size": "s", "b_child": 3}
    assert space.named(["tanh", 5, 1, "l", 1])["a_grandchild"] == 1
    assert space.named(["relu", 5, 1, "s"]) is None
    assert space.named(["tanh", 5, 1, "s", 9]) is None


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ({"type": "LT", "parent": "size", "value": "l"}, "m", True),
        ({"type": "LT", "parent": "size", "value": "m"}, "l", False),
        ({"type": "NEQ", "parent": "size", "value": "m"}, "l", True),
        ({"type": "NEQ", "parent": "size", "value": "m"}, "m", False),
    ],
)
def test_ordinals_are_compared_by_their_order(condition, value, holds):
    space = read_space({"hyperparameters": HYPERPARAMETERS, "conditions": [{"child": "k", **condition}]}, "x")
    assert space.is_active("k", {"size": value}) is holds
    assert not space.is_active("k", {})


def test_rules_are_told_in_words_and_kept_for_programs():
    forbidden = [
        {"type": "AND", "clauses": [{"type": "EQUALS", "name": "act", "value": "relu"},
                                    {"type": "IN", "name": "size", "values": ["s", "l"]}]},
        {"type": "RELATION", "left": "layers", "right": "k", "lambda": "GT"},
        {"type": "RELATION_LE", "left": "layers", "right": "k"},
        {"type": "CLAUSE_GE", "name": "layers", "value": 7},
    ]  # fmt: skip
    space = read_space({"hyperparameters": HYPERPARAMETERS, "conditions": [EQUAL, BOTH], "forbiddens": forbidden}, "x")
    found = space.constraints()
    assert [(c.kind, c.hyperparameter, c.rule) for c in found] == [
        ("condition", "a_grandchild", 'a_grandchild only when (b_child > 3 or size in ["l"])'),
        ("condition", "b_child", 'b_child only when act = "relu"'),
        ("forbidden", None, 'never (act = "relu" and size in ["s", "l"])'),
        ("forbidden", None, "never layers > k"),
        ("forbidden", None, "never layers <= k"),
        ("forbidden", None, "never layers >= 7"),
    ]
    assert json.loads(found[-1].definition) == forbidden[-1]


def test_what_is_no_space_is_said():
    with pytest.raises(IngestError, match="unknown kind 'cauchy'"):
        read_space({"hyperparameters": [{"type": "cauchy", "name": "x"}]}, "here.json")
    with pytest.raises(IngestError, match="here.json is no search space"):
        read_space([1, 2], "here.json")
    with pytest.raises(IngestError, match="no search space.*'XOR'"):
        condition = {"type": "XOR", "child": "k", "parent": "act", "value": 1}
        read_space({"hyperparameters": HYPERPARAMETERS, "conditions": [condition]}, "here.json")
    circle = [{"type": "EQ", "child": "k", "parent": "act", "value": 1},
              {"type": "EQ", "child": "act", "parent": "k", "value": 1}]  # fmt: skip
    with pytest.raises(IngestError, match="round in a circle"):
        read_space({"hyperparameters": HYPERPARAMETERS, "conditions": circle}, "here.json").order()
