"""Rules of a declared space: what ConfigSpace's own clauses say of a configuration, and suggestions that keep them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.advice.suggest import Trees, suggest
from hpowh.analyses.sweeps.reading.prepare import prepare
from hpowh.analyses.sweeps.reading.rules import read_rules


def forbidden(*clauses: dict):
    sequences = {"size": ("s", "m", "l"), "x": None}
    return read_rules([("forbidden", None, json.dumps(one)) for one in clauses], {"size": sequences["size"]})


@pytest.mark.parametrize(
    ("clause", "values", "is_allowed"),
    [
        ({"type": "EQUALS", "name": "x", "value": 7}, {"x": (7.0, None)}, False),
        ({"type": "EQUALS", "name": "x", "value": 7}, {"x": (8.0, None)}, True),
        ({"type": "EQUALS", "name": "x", "value": 7}, {}, True),
        ({"type": "EQUALS", "name": "flag", "value": True}, {"flag": (None, "true")}, False),
        ({"type": "IN", "name": "k", "values": ["a", "b"]}, {"k": (None, "b")}, False),
        ({"type": "IN", "name": "k", "values": ["a", "b"]}, {"k": (None, "c")}, True),
        ({"type": "RELATION_LT", "left": "x", "right": "z"}, {"x": (1.0, None), "z": (2.0, None)}, False),
        ({"type": "RELATION", "lambda": "GT", "left": "x", "right": "z"}, {"x": (1.0, None), "z": (2.0, None)}, True),
        ({"type": "RELATION_LT", "left": "x", "right": "z"}, {"x": (1.0, None)}, True),
        (
            {"type": "AND", "clauses": [{"type": "EQUALS", "name": "k", "value": "a"},
                                        {"type": "EQUALS", "name": "x", "value": 2}]},
            {"k": (None, "a"), "x": (2.0, None)},
            False,
        ),
    ],
)  # fmt: skip
def test_forbidden_clauses(clause, values, is_allowed):
    assert forbidden(clause).allow(values) is is_allowed


@pytest.mark.parametrize(("size", "is_there", "is_allowed"), [
    ("l", True, True), ("l", False, False), ("m", True, False), ("m", False, True),
])  # fmt: skip
def test_a_condition_on_an_ordered_parent(size, is_there, is_allowed):
    condition = {"type": "GT", "child": "c", "parent": "size", "value": "m"}
    rules = read_rules([("condition", "c", json.dumps(condition))], {"size": ("s", "m", "l")})
    values = {"size": (None, size)} | ({"c": (0.5, None)} if is_there else {})
    assert rules.allow(values) is is_allowed


def test_suggestions_keep_to_the_rules():
    """The best corner is forbidden, and a number that decides whether another is there is not moved past its limit."""
    random = np.random.default_rng(0)
    layers, x = random.integers(1, 6, 150), random.uniform(0, 1, 150)
    kind = random.choice(["a", "b"], 150)
    width = [float(random.uniform()) if n > 2 else None for n in layers]
    prepared = prepare([
        column("layers", layers.tolist()), column("x", x.tolist()), column("kind", kind.tolist()),
        column("width", width),
    ])  # fmt: skip
    rules = read_rules(
        [
            ("forbidden", None, json.dumps({"type": "EQUALS", "name": "kind", "value": "a"})),
            ("condition", "width", json.dumps({"type": "GT", "child": "width", "parent": "layers", "value": 2})),
            ("condition", "constant", json.dumps({"type": "EQ", "child": "constant", "parent": "kind", "value": "b"})),
        ],
        {},
    )
    loss = x + (kind == "b")

    def expect(codes: np.ndarray) -> Trees:
        return Trees.of(prepared, np.stack([codes[:, 1], codes[:, 1] + 0.1]), codes, 0.0)

    found = suggest(prepared, loss, expect, 0, rules=rules)
    assert len(found) == 10
    assert all(one.values["kind"][1] == "b" for one in found)
    assert all(("width" in one.values) == (one.values["layers"][0] > 2) for one in found)
