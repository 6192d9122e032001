"""Rules beside Python's own comparisons: any formula of clauses, on any configuration."""

from __future__ import annotations

import json
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.sweeps.reading.rules import NONE, read_rules

SIZES = ("s", "m", "l")
SIGNS = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "GT": operator.gt,
    "LE": operator.le,
    "GE": operator.ge,
}

numbers = st.integers(0, 3).map(float)
atoms = st.one_of(
    st.tuples(st.sampled_from(["x", "z"]), st.sampled_from(sorted(SIGNS)), numbers),
    st.tuples(st.just("size"), st.sampled_from(sorted(SIGNS)), st.sampled_from(SIZES)),
    st.tuples(st.just("k"), st.sampled_from(["EQ", "NEQ"]), st.sampled_from("abc")),
    st.tuples(st.just("k"), st.just("IN"), st.lists(st.sampled_from("abc"), max_size=2)),
    st.tuples(st.just("x"), st.just("IN"), st.lists(numbers, max_size=2)),
    st.tuples(st.just("x"), st.sampled_from(sorted(SIGNS)), st.just("relation")),
)
formulas = st.recursive(
    atoms,
    lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=6,
)
configurations = st.fixed_dictionaries(
    {}, optional={"x": numbers, "z": numbers, "k": st.sampled_from("abc"), "size": st.sampled_from(SIZES)}
)


def written(formula, style: str) -> dict:
    """The formula in the form of the space's file: `forbidden` with clauses, `condition` with conditions."""
    if len(formula) == 2:
        key = "clauses" if style == "forbidden" else "conditions"
        return {"type": formula[0], key: [written(one, style) for one in formula[1]]}
    name, sign, value = formula
    if value == "relation":
        return {"type": "RELATION", "lambda": sign, "left": name, "right": "z"}
    at = {"name": name} if style == "forbidden" else {"parent": name, "child": "c"}
    return {"type": sign, **at, ("values" if sign == "IN" else "value"): value}


def is_true(formula, values: dict) -> bool:
    if len(formula) == 2:
        parts = [is_true(one, values) for one in formula[1]]
        return min(parts) if formula[0] == "AND" else max(parts)
    name, sign, value = formula
    if name not in values or (value == "relation" and "z" not in values):
        return False
    if sign == "IN":
        return values[name] in value
    here, there = values[name], values["z"] if value == "relation" else value
    if name == "size" and sign not in ("EQ", "NEQ"):
        here, there = SIZES.index(here), SIZES.index(there)
    return SIGNS[sign](here, there)


def typed(values: dict) -> dict:
    return {name: (None, value) if isinstance(value, str) else (value, None) for name, value in values.items()}


@settings(max_examples=200, deadline=None)
@given(formulas, configurations)
def test_what_a_formula_forbids_is_what_python_finds_true(formula, values):
    rules = read_rules([("forbidden", None, json.dumps(written(formula, "forbidden")))], {"size": SIZES})
    assert rules.allow(typed(values)) is not is_true(formula, values)


@settings(max_examples=100, deadline=None)
@given(st.lists(formulas, min_size=1, max_size=2), configurations, st.booleans())
def test_a_hyperparameter_is_there_exactly_where_all_its_conditions_hold(conditions, values, is_there):
    rows = [("condition", "c", json.dumps(written(one, "condition"))) for one in conditions]
    rules = read_rules(rows, {"size": SIZES})
    found = rules.allow(typed(values) | ({"c": (1.0, None)} if is_there else {}))
    assert found is (is_there == all(is_true(one, values) for one in conditions))


@pytest.mark.parametrize(("value", "configuration", "is_same"), [
    (3, (3.0, None), True), (3, (None, "3"), True), ("3", (3.0, None), True), ("0.5", (0.5, None), True),
    (0.5, (None, "0.25"), False), (True, (None, "true"), True), (None, (None, "null"), True), ("a", (1.0, None), False),
])  # fmt: skip
def test_numbers_written_as_texts_are_the_same(value, configuration, is_same):
    clause = {"type": "EQUALS", "name": "x", "value": value}
    rules = read_rules([("forbidden", None, json.dumps(clause))], {})
    assert rules.allow({"x": configuration}) is not is_same


def test_an_order_is_unknown_of_texts_outside_the_sequence():
    clause = {"type": "GE", "name": "size", "value": "m"}
    rules = read_rules([("forbidden", None, json.dumps(clause))], {"size": SIZES})
    assert rules.allow({"size": (None, "huge")})


def test_rules_of_some_hyperparameters_keep_what_is_forbidden():
    never = json.dumps({"type": "EQ", "name": "x", "value": 1})
    rows = [("condition", "c", never), ("condition", "d", never), ("forbidden", None, never)]
    rules = read_rules(rows, {"size": SIZES}).only_of(["d"])
    assert list(rules.conditions) == ["d"]
    assert not rules.allow({"x": (1.0, None), "d": (1.0, None)})
    assert rules.allow({"x": (2.0, None)})
    assert NONE.allow({"x": (1.0, None)})
