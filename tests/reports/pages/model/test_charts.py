"""Charts of the page of models: order of rows, references, edges."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from hpowh.reports.charts.forest import LEAST_P, MOST_ROWS, clearest, forest, left_out, p_values, shares
from hpowh.reports.charts.intervals import curves_of_power, quantiles, spread_by_fit
from hpowh.reports.charts.ladder import ladder
from hpowh.reports.pages.model.checks import MOST_BUDGETS, shown_budgets


def test_a_forest_keeps_the_order_of_its_rows_and_leaves_out_what_is_not_known():
    rows = [
        {"name": "b - a", "estimate": 2.0, "lower": 1.0, "upper": 4.0},
        {"name": "c - a", "estimate": None, "lower": None, "upper": None},
        {"name": "<b>", "estimate": -1.0, "lower": -1.5, "upper": None},
    ]
    reference, points = forest(
        rows, "name", middle="estimate", lower="lower", upper="upper", tokens=["@0", "@1", "@2"], reference=0.0
    )
    assert points["y"] == ["b - a", "&lt;b&gt;"]
    assert (points["error_x"]["array"], points["error_x"]["arrayminus"]) == ([2.0, 0], [1.0, 0.5])
    assert points["marker"]["color"] == ["@0", "@2"]
    # Plotly orders categories by their first mention, so the reference names all of them, in order.
    assert (reference["x"], reference["y"]) == ([0.0, 0.0], points["y"])


def test_equal_names_get_lines_of_their_own():
    rows = [{"name": "same", "p": 0.5}, {"name": "same", "p": 0.01}]
    _, points = p_values(rows, "name", {"p": "p"})
    assert len(set(points["y"])) == 2
    assert points["marker"]["color"] == ["@muted", "@accent"]


def test_p_values_that_are_too_small_are_drawn_at_the_edge_and_said_as_a_bound():
    _, points = p_values([{"name": "x", "p": 0.0}, {"name": "y", "p": None}], "name", {"p": "p"})
    assert (points["x"], points["y"]) == ([LEAST_P], ["x"])
    assert points["marker"]["symbol"] == ["triangle-left"]
    assert points["customdata"] == [["< 0.0001"]]


def test_of_many_rows_the_clearest_are_drawn_in_their_order():
    rows = [{"name": str(i), "p": None if i == 3 else 1 - i / 200} for i in range(200)]
    kept = clearest(rows, lambda row: row["p"])
    assert [row["name"] for row in kept] == [str(i) for i in range(200 - MOST_ROWS, 200)]
    assert clearest(rows[:5], lambda row: row["p"]) == rows[:5]
    assert left_out(200, "pairs") == (f"Of 200 pairs the {MOST_ROWS} clearest are drawn; the table has all.",)
    assert left_out(MOST_ROWS, "pairs") == ()


def test_shares_are_stacked_in_the_order_given():
    rows = [{"pair": "A - B", "p": 0.2, "q": 0.8}]
    first, second = shares(rows, "pair", {"first": ("p", "@0"), "second": ("q", "@1")})
    assert (first["name"], first["x"], second["x"]) == ("first", [0.2], [0.8])


def step(direction, number, action, term, aic, is_kept):
    return {"direction": direction, "step": number, "action": action, "term": term, "aic": aic, "is_kept": is_kept}


def test_a_ladder_follows_what_was_kept_going_up_and_what_left_going_down():
    up = [
        step("forward", 0, "start", "", 100.0, True),
        step("forward", 1, "add", "a", 90.0, True),
        step("forward", 1, "add", "b", 95.0, False),
        step("forward", 2, "add", "b", 91.0, False),
        step("forward", 2, "add", "c", None, False),
    ]
    taken, tried = ladder(up)
    assert taken["y"] == ["0: constant", "1: + a"]
    assert taken["x"] == [11.0, 1.0]
    assert tried["y"] == ["1: + a", "2: no further"]
    down = [
        step("backward", 0, "start", "", 91.0, True),
        step("backward", 1, "remove", "a", 95.0, True),
        step("backward", 1, "remove", "b", 90.0, False),
    ]
    taken, tried = ladder(down)
    assert taken["y"] == ["0: all terms", "1: - b"]
    assert tried["x"] == [6.0]


def test_quantiles_of_a_normal_sample_lie_on_the_line():
    edges = [-2.0, -1.0, 0.0, 1.0, 2.0, None]
    shares_below = [NormalDist().cdf(edge) if edge is not None else 1.0 for edge in edges]
    rows, before = [], 0.0
    for i, (edge, below) in enumerate(zip(edges, shares_below, strict=True)):
        rows.append({"lower": edges[i - 1] if i else None, "upper": edge, "row_count": 1000 * (below - before)})
        before = below
    points, line = quantiles(rows)
    assert points["x"] == pytest.approx(points["y"], abs=1e-9)
    assert line["x"] == line["y"] == pytest.approx([-2.0, 2.0])


def test_spread_is_a_standard_deviation_beside_the_models():
    rows = [
        {"cell": "a", "fitted": 1.0, "variance": 4.0, "row_count": 9, "sigma": 1.5},
        {"cell": "b", "fitted": 2.0, "variance": None, "row_count": 1, "sigma": 1.5},
    ]
    points, line = spread_by_fit(rows)
    assert (points["x"], points["y"], line["y"]) == ([1.0], [2.0], [1.5, 1.5])
    assert spread_by_fit([])[0]["x"] == []


def test_power_has_the_wanted_line_last():
    rows = [
        {"benchmark_count": n, "seed_count": 5, "power": 0.1 * n, "lower": 0.09 * n, "upper": 0.11 * n} for n in (2, 4)
    ]
    traces = curves_of_power(rows)
    assert traces[-1]["y"] == [0.8, 0.8]
    assert traces[-2]["name"] == "5 seeds"


def test_budgets_with_anomalies_are_shown_first_and_no_more_than_fit():
    rows = [{"budget": float(b), "is_anomalous": b in (7, 9)} for b in range(30)]
    shown = shown_budgets(rows)
    assert shown[:2] == [7.0, 9.0]
    assert len(shown) == len(set(shown)) == MOST_BUDGETS
    assert shown_budgets(rows[:3]) == [0.0, 1.0, 2.0]
