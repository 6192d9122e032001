"""Means over equal units: a configuration whose hard folds are missing is not the best for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hpowh.analyses.landscapes.job import Selection, analyse
from hpowh.analyses.landscapes.reading import rows
from hpowh.analyses.landscapes.reading.keys import read_keys
from hpowh.analyses.landscapes.reading.rows import read_default, read_seeds, read_surface, rows_of
from hpowh.warehouse import Warehouse

SHAPE = (3, 4)
EFFECT = np.array([-0.18, 0.05, 0.06, 0.03, 0.04])
"""Of five units: the first is easy."""
TRUE = np.random.default_rng(4).permutation(12).reshape(SHAPE) / 100 + 0.2


def additive(effect: np.ndarray = EFFECT) -> np.ndarray:
    return TRUE[..., None] + effect


def by_view(warehouse: Warehouse, benchmark: str = "b") -> dict[int, float | None]:
    query = "select configuration_id, loss from mart.landscape_node where benchmark = ?"
    return dict(warehouse.sql(query, [benchmark]).rows())


def by_analysis(warehouse: Warehouse, benchmark: str = "b") -> dict[int, float]:
    reader = rows_of(warehouse)
    key = next(key for key in read_keys(reader) if key.benchmark == benchmark)
    space = read_surface(warehouse, key)
    return dict(zip(space.ranks.tolist(), space.loss.tolist(), strict=True))


@pytest.fixture
def filled(warehouse: Warehouse, fill_warehouse: Callable[..., None]) -> Callable[..., Warehouse]:
    def fill(**values: np.ndarray) -> Warehouse:
        tables = [{"benchmark": name, "value": value} for name, value in values.items()]
        fill_warehouse(warehouse, "grid", SHAPE, (True, True), tables)
        return warehouse

    return fill


def test_units_that_were_not_measured_change_no_loss(filled: Callable[..., Warehouse]) -> None:
    """-inf marks what is not there: with additive effects of units the losses are those of all units, exactly."""
    value = additive()
    value[1, 2, 1:] = -np.inf
    value[2, 0, :2] = -np.inf
    store = filled(b=value)
    expected = {i: pytest.approx(x, abs=1e-12) for i, x in enumerate(TRUE.ravel())}
    assert by_view(store) == expected
    assert by_analysis(store) == expected
    warnings = analyse(store)[0].warnings
    assert any("Only 10 configurations" in text and "the other 2" in text for text in warnings), warnings


@pytest.mark.parametrize("units", [1, 2, 3, 7])
@pytest.mark.parametrize("hole", [None, "absent", "failed"])
def test_means_of_equal_units_are_those_of_the_query_to_the_last_digit(filled, monkeypatch, units, hole):
    """Read row by row they take a tenth of the time; summed in another order they would differ, and with them ties."""
    rng = np.random.default_rng(units)
    value = np.round(rng.random((*SHAPE, units)), 2) * np.pi
    value[0, :2] = rng.permutation(value[0, 0])  # a tie, whatever the order of the units
    if hole:
        value[1, 1] = -np.inf if hole == "absent" else np.nan
    store = filled(b=value)
    quick = by_analysis(store)
    monkeypatch.setattr(rows, "_even", lambda *_: None)
    assert quick == by_analysis(store)
    assert len(quick) == (11 if hole else 12)
    assert quick[0] == quick[1]


def test_as_many_units_are_not_the_same_units(filled: Callable[..., Warehouse]) -> None:
    """Every other configuration lacks another unit: all have four values, and no plain means are formed."""
    value, other = additive(), additive()
    value[..., 4] = -np.inf
    other.reshape(12, 5)[np.arange(12), np.arange(12) % 5] = -np.inf
    store = filled(a=value, b=other)
    even, uneven = (rows._even(store, key) for key in sorted(read_keys(rows_of(store)), key=lambda k: k.benchmark))
    assert even is not None and even[1] == pytest.approx(value[..., :4].mean(axis=-1).ravel(), abs=1e-12)
    assert uneven is None


def test_rows_with_the_same_units_are_seen_in_whatever_order() -> None:
    units = np.array([7, 1, 4, 1, 4, 7, 4, 7, 1], dtype=np.uint32)
    assert rows._are_alike(units, 3)
    assert rows._are_alike(units[:3], 3)
    for other in ([7, 1, 4, 1, 4, 8], [7, 1, 1, 7, 1, 1]):
        assert not rows._are_alike(np.array(other, dtype=np.uint32), 3)
    assert [column.tolist() for column in rows._sorted_columns(np.array([[3.0, 1.0, 2.0], [5.0, 5.0, -1.0]]))] == [
        [1.0, -1.0],
        [2.0, 5.0],
        [3.0, 5.0],
    ]


def test_configurations_in_any_order_have_their_own_means(filled, monkeypatch):
    store = filled(b=additive())
    with store.writing() as connection:
        connection.execute(
            "create temp table turned as select * from core.evaluation order by hash(configuration_id, fold)"
        )
        connection.execute("delete from core.evaluation")
        connection.execute("insert into core.evaluation from turned")
    assert by_analysis(store) == {i: pytest.approx(x, abs=1e-12) for i, x in enumerate(TRUE.ravel())}


def test_who_failed_on_some_units_has_no_loss_and_is_counted(filled: Callable[..., Warehouse]) -> None:
    value = additive()
    value[1, 2, 1:] = np.nan
    store = filled(b=value)
    assert by_view(store)[6] is None
    assert 6 not in by_analysis(store) and len(by_analysis(store)) == 11
    outcome = analyse(store)[0]
    assert any("failed on some of the 5 seeds and folds have no loss, 1 in all" in text for text in outcome.warnings)
    best = store.sql("select min(loss) from result.landscape_node").one()
    assert best == pytest.approx(TRUE.min(), abs=1e-12)


def test_a_unit_that_gave_no_value_at_all_takes_nobody_out(filled: Callable[..., Warehouse]) -> None:
    value = additive()
    value[..., 3] = np.nan
    store = filled(b=value)
    expected = additive()[..., [0, 1, 2, 4]].mean(axis=-1)
    assert by_view(store) == {i: pytest.approx(x, abs=1e-12) for i, x in enumerate(expected.ravel())}
    assert store.sql("select count(*) from mart.landscape_unit").one() == 0


def test_equal_units_give_the_plain_mean_to_the_last_digit(filled: Callable[..., Warehouse]) -> None:
    value = np.random.default_rng(1).random((*SHAPE, 5))
    value[0, 0] = np.nan
    store = filled(b=value)
    plain = store.sql("select configuration_id, favg(value) from core.evaluation group by 1").rows()
    assert by_view(store) == dict(plain)


def test_without_enough_whole_configurations_it_is_said_that_means_differ(filled: Callable[..., Warehouse]) -> None:
    value = np.full((*SHAPE, 2), -np.inf)
    value[:2, :, 0], value[2, :, 1] = TRUE[:2], TRUE[2]
    warnings = analyse(filled(b=value))[0].warnings
    assert any("means over different seeds and folds (0 configurations" in text for text in warnings), warnings


def test_defaults_and_seeds_follow_the_same_rule(warehouse: Warehouse, filled: Callable[..., Warehouse]) -> None:
    """The survivor of the easy unit would be everybody's best on both data sets."""
    value = additive()
    lucky = int(np.argmax(TRUE))
    value.reshape(12, 5)[lucky, 1:] = -np.inf
    store = filled(b=value, c=value.copy())
    key = next(key for key in read_keys(rows_of(store)) if key.benchmark == "b")
    assert read_default(store, key) == int(np.argmin(TRUE))
    with store.writing() as connection:  # seed 0 with the five units as folds
        connection.execute("update core.evaluation set fold = seed, seed = 0")
    surface = read_seeds(store, key, read_surface(store, key).space)[0]
    assert surface.loss == pytest.approx(TRUE.ravel(), abs=1e-12)
    found = {o.subject: o.warnings for o in analyse(store, Selection(space="grid"))}
    compared = next(warnings for subject, warnings in found.items() if "benchmark" in subject)
    assert sum("the effects of their seeds and folds are taken out" in text for text in compared) == 2, found
