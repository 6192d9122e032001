"""Columns at the limits of every rule: what is a number, what is left out, which levels are collected."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import column
from scipy.stats import skew

from hpowh.analyses.sweeps.reading.columns import FEW, MISSING, OTHER, Declared, read_column
from hpowh.analyses.sweeps.reading.prepare import prepare


def role(name: str, values: list, declared: Declared | None = None) -> str:
    return read_column(column(name, values, declared)).role


@pytest.mark.parametrize(("total", "there", "wanted"), [
    (20, 4, "sparse"), (20, 5, "used"), (100, 5, "used"), (200, 9, "sparse"), (200, 10, "used"), (20, 0, "empty"),
])  # fmt: skip
def test_how_many_values_are_enough(total, there, wanted):
    numbers = [float(i % 3) if i < there else None for i in range(total)]
    texts = [None if v is None else f"level {v:.0f}" for v in numbers]
    assert (role("x", numbers), role("x", texts)) == (wanted, wanted)


@pytest.mark.parametrize(("distinct", "total", "wanted"), [
    (9, 10, "identifier"), (8, 10, "used"), (9, 9, "used"), (18, 20, "identifier"), (17, 20, "used"),
])  # fmt: skip
def test_texts_of_which_nearly_all_differ_name_the_trial(distinct, total, wanted):
    values = [f"t{i % distinct}" for i in range(total)]
    assert role("tag", values) == wanted
    assert role("tag", values, Declared(value_type="text", choices=tuple(set(values)))) == "used"


@pytest.mark.parametrize(("values", "wanted"), [
    (["/data/a", "/data/b", "/data/c"], "identifier"), (["a\\b", "c/d", "e\\f"], "identifier"),
    (["a/b", "c", "d"], "used"),
])  # fmt: skip
def test_only_what_is_a_path_throughout_is_left_out(values, wanted):
    assert role("data", values * 5) == wanted


@pytest.mark.parametrize(("name", "wanted"), [
    ("seed", "identifier"), ("model.seed", "identifier"), ("random state", "used"), ("random_state", "identifier"),
    ("run_id", "identifier"), ("grid", "used"), ("job-number", "identifier"), ("created_at", "identifier"),
    ("filename", "identifier"), ("profile", "used"), ("seeds", "used"),
])  # fmt: skip
def test_names_that_name_a_trial(name, wanted):
    assert role(name, [float(i % 7) for i in range(40)]) == wanted


def test_constant_is_said_before_identifier_and_sparse():
    assert [role("seed", [1.0] * 9), role("x", [1.0] * 3 + [None] * 97), role("x", ["a"] * 9)] == ["constant"] * 3


@pytest.mark.parametrize(("texts", "numbers", "distinct", "wanted"), [
    (10, 30, FEW + 1, "numeric"), (10, 30, FEW, "categorical"), (30, 30, FEW + 1, "categorical"),
    (29, 30, 40, "numeric"),
])  # fmt: skip
def test_mixed_columns_are_numbers_where_most_of_many_values_are(texts, numbers, distinct, wanted):
    values = ["auto"] * texts + [float(i % (distinct - 1)) for i in range(numbers)]
    found = read_column(column("x", values))
    assert (found.kind, found.missing_count) == (wanted, texts if wanted == "numeric" else 0)
    assert "mixed" in found.note


def test_declared_choices_make_numbers_levels():
    values = [8.0, 16.0, 32.0] * 5
    kinds = [read_column(column("x", values, Declared(value_type=kind, choices=("8", "16", "32")))).kind
             for kind in ("text", "bool", "mixed", "int", "float")]  # fmt: skip
    assert kinds == ["categorical"] * 5
    assert read_column(column("x", values, Declared(value_type="mixed"))).kind == "numeric"


def test_whole_numbers_are_known_as_such_unless_declared_otherwise():
    whole, parts = [1.0, 2.0, 5.0] * 5, [1.0, 2.5, 5.0] * 5
    assert [read_column(column("x", v)).is_integer for v in (whole, parts)] == [True, False]
    assert read_column(column("x", whole, Declared(value_type="float"))).is_integer  # a table that writes 5.0
    ranged = Declared(value_type="float", lower=0.0, upper=9.0)
    assert not read_column(column("x", whole, ranged)).is_integer
    assert read_column(column("x", [*whole, None])).is_integer


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1.4, 1.5, 2.9, 3.1, 5.0]), st.sampled_from(["log", "linear", "cubed"]))
def test_an_undeclared_scale_is_the_less_skewed_of_two_below_three_orders_the_clearly_less_skewed(seed, orders, shape):
    random = np.random.default_rng(seed)
    unit = random.uniform(0, 1, 40)
    unit[:2] = [0.0, 1.0]
    low, high = 1.0, 10.0**orders
    values = {"log": 10 ** (orders * unit), "linear": low + (high - low) * unit, "cubed": low + (high - low) * unit**3}
    found = read_column(column("x", values[shape].tolist()))
    mine = values[shape]
    ratio, raw, log = mine.max() / mine.min(), abs(skew(mine)), abs(skew(np.log10(mine)))
    is_log = ratio > 30 and log < (raw if ratio > 1000 else raw / 2)
    assert found.is_log is bool(is_log)
    assert found.values == pytest.approx(np.log10(mine) if is_log else mine)
    assert ("logarithm" in found.note) is found.is_log


def test_a_logarithm_needs_positive_numbers_and_no_declared_linear_range():
    wide = [10.0**i for i in range(6)] * 5
    assert read_column(column("x", wide)).is_log
    assert not read_column(column("x", [0.0, *wide])).is_log
    assert not read_column(column("x", [-1.0, *wide])).is_log
    assert not read_column(column("x", wide, Declared(value_type="float", scale="linear", lower=1.0, upper=1e5))).is_log
    assert read_column(column("x", wide, Declared(value_type="float", scale="linear"))).is_log
    narrow = [1.0, 2.0, 4.0] * 5
    assert read_column(column("x", narrow, Declared(value_type="float", scale="log", lower=1, upper=4))).is_log
    assert not read_column(
        column("x", [0.0, *narrow], Declared(value_type="float", scale="log", lower=0, upper=4))
    ).is_log


def test_missing_values_are_counted_and_filled_on_the_scale_that_is_used():
    values = [1.0, 100.0, None, float("inf"), "nan", *[10.0] * 5]
    found = read_column(column("x", values, Declared(value_type="float", scale="log", lower=1, upper=1000)))
    assert (found.present_count, found.missing_count, found.imputed_count, found.distinct_count) == (8, 3, 3, 3)
    assert found.imputed_value == pytest.approx(10.0)
    assert np.isnan(found.values[2:5]).all()
    assert "1 infinite values are taken as missing" in found.note
    assert prepare([column("x", values, Declared(value_type="float", scale="log", lower=1, upper=1000))]).codes[
        :, 0
    ] == pytest.approx([0.0, 2.0, 1.0, 1.0, 1.0, *[1.0] * 5])


def test_nothing_is_filled_in_a_column_that_is_not_used():
    found = read_column(column("seed", [1.0, None, 2.0, 3.0, 4.0, 5.0]))
    assert (found.role, found.missing_count, found.imputed_count, found.imputed_value) == ("identifier", 1, 0, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 30).map(lambda i: f"level {i // 2}")), min_size=60, max_size=90))
def test_levels_are_ordered_by_how_often_they_are_and_every_trial_has_its_own(values):
    declared = Declared(value_type="text", choices=("a",))  # whatever is declared, texts that differ are kept
    found = read_column(column("x", values, declared))
    frequency = Counter(v for v in values if v is not None)
    known = sorted(frequency, key=lambda text: (-frequency[text], text))
    assert list(found.levels) == known[:FEW] + [MISSING] * (None in values)
    assert [found.levels[int(code)] for code in found.values] == [MISSING if v is None else v for v in values]
    assert (found.missing_count, found.distinct_count) == (values.count(None), len(frequency))


@pytest.mark.parametrize(("distinct", "collected"), [(FEW, 0), (FEW + 1, 1), (FEW + 7, 7)])
def test_the_rarest_levels_beyond_a_number_are_one(distinct, collected):
    values = [f"k{i:02d}" for i in range(distinct)] * 5 + ["k00", None]
    found = read_column(column("x", values))
    assert len(found.levels) == min(distinct, FEW) + (collected > 0) + 1
    assert (found.levels[-1], found.levels[0]) == (MISSING, "k00")
    told = [found.levels[int(code)] for code in found.values]
    assert told.count(OTHER) == 5 * collected
    assert (OTHER in found.note) is (collected > 0)
    assert all(told[i] == value for i, value in enumerate(values) if value and told[i] != OTHER)


def test_some_trials_only():
    taken = column("x", [1.0, None, 3.0], Declared(value_type="int")).take(np.array([2, 1]))
    assert (taken.name, list(taken.text), taken.declared) == ("x", ["3.0", None], Declared(value_type="int"))
    assert taken.number[0] == 3.0
    assert math.isnan(taken.number[1])


def test_a_rate_drawn_over_three_decades_is_used_by_its_logarithm_and_an_even_number_is_not():
    random = np.random.default_rng(0)
    rate, even = 10 ** random.uniform(-4, -1, 80), random.uniform(1, 500, 80)
    assert rate.max() / rate.min() < 1000  # as every such sample
    assert [read_column(column("x", one.tolist())).is_log for one in (rate, even)] == [True, False]
