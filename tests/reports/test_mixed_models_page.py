"""The page of mixed models and rankings: its charts, and that it is built from stored results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import (
    analyse_anomalies,
    analyse_comparison,
    analyse_ladder,
    analyse_lmem,
    analyse_power,
    analyse_presets,
)
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.reports.charts.critical import critical_difference
from hpowh.reports.charts.intervals import bars_and_expected, intervals
from hpowh.warehouse.ingest import Request, find_source, ingest


def groups(estimates: dict[str, float], bars: list[list[str]]) -> list[dict]:
    order = sorted(estimates, key=estimates.get)
    rows = [{"group_number": 0, "name": n, "position": i + 1, "estimate": estimates[n]} for i, n in enumerate(order)]
    for number, members in enumerate(bars, start=1):
        rows += [row | {"group_number": number} for row in rows[: len(order)] if row["name"] in members]
    return rows


def test_the_diagram_has_every_name_once_and_a_bar_a_group():
    rows = groups({"A": 1.0, "B": 1.4, "C": 2.0, "<b>": 2.2}, [["A", "B"], ["C", "<b>"]])
    drawn = critical_difference(rows, better="lower is better").markup
    assert drawn.count("no difference seen") == 2
    assert "no difference seen: A, B" in drawn
    assert "&lt;b&gt; (2.2)" in drawn
    assert "<b>" not in drawn


def test_the_best_is_on_the_left_in_both_directions():
    from re import search

    for sign in (1.0, -1.0):
        rows = [
            {"group_number": 0, "name": name, "position": i + 1, "estimate": sign * value}
            for i, (name, value) in enumerate((("best", 1.0), ("worst", 3.0)))
        ]
        drawn = critical_difference(rows, better="").markup
        x = {name: float(search(rf'x="([\d.]+)"[^>]*>{name} ', drawn)[1]) for name in ("best", "worst")}
        assert x["best"] < x["worst"]


def test_equal_estimates_and_nothing_at_all_can_be_drawn():
    assert "A (1)" in critical_difference(groups({"A": 1.0, "B": 1.0}, [["A", "B"]]), better="").markup
    assert "nothing to compare" in critical_difference([], better="").markup


def test_intervals_leave_out_what_is_not_estimable():
    rows = [
        {"level": "A", "estimate": 1.0, "lower": 0.5, "upper": 2.0},
        {"level": "B", "estimate": None, "lower": None, "upper": None},
    ]
    trace = intervals(rows, "level", lambda _: "@0")[0]
    assert (trace["x"], trace["error_y"]["array"], trace["error_y"]["arrayminus"]) == (["A"], [1.0], [0.5])


def test_open_bins_are_drawn_beside_their_neighbours():
    rows = [
        {"lower": None, "upper": -5.5, "row_count": 1, "expected_count": 0.0},
        {"lower": 0.0, "upper": 0.5, "row_count": 5, "expected_count": 4.0},
        {"lower": 5.5, "upper": None, "row_count": 2, "expected_count": 0.0},
    ]
    assert bars_and_expected(rows)[0]["x"] == [-5.75, 0.25, 5.75]


@pytest.fixture
def analysed(warehouse, tmp_path: Path):
    rng = np.random.default_rng(0)
    lines = ["algorithm,benchmark,seed,budget,value,prior"]
    for i, algorithm in enumerate("AB<"):
        for b in range(6):
            for seed in range(6):
                for prior in ("good", "bad"):
                    value = i + b + 0.2 * rng.standard_normal()
                    lines.append(f"{algorithm},b{b},{seed},1,{value:.5f},{prior}")
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), "study", {"prior": "factor"}, {"direction": "min"}, None))
    analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")
    analyse_rankings(warehouse, response="value")
    analyse_presets(warehouse, response="value")
    analyse_ladder(warehouse, response="value", terms=("algorithm", "(1|benchmark)"))
    analyse_anomalies(warehouse, pair=("A", "B"))
    analyse_power(warehouse, response="value", count=200)
    analyse_comparison(
        warehouse, "value ~ 1 + (1|benchmark)", "value ~ algorithm + (1|benchmark)", bootstrap=20, permutations=20
    )
    warehouse.close()
    return warehouse


def test_the_page_shows_every_analysis(analysed, hpowh, tmp_path):
    done = hpowh("report", "--out", "site", "--only", "model")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "model-study.html").read_text(encoding="utf-8")
    for anchor in (
        "lmem-models",
        "lmem-means",
        "lmem-cd-0-0",
        "lmem-contrast-plot",
        "lmem-contrasts",
        "lmem-variances",
        "lmem-modes",
        "lmem-residuals",
        "lmem-spread",
        "lmem-coverage",
        "ranking-cd-nemenyi",
        "ranking-methods",
        "ranking-bayes",
        "ranking-agreement",
        "lmem-preset-seed",
        "lmem-presets",
        "lmem-ladder-plot",
        "lmem-ladder",
        "lmem-anomaly-plot",
        "lmem-anomalies",
        "lmem-comparison-plot",
        "lmem-comparisons",
        "lmem-power",
    ):
        assert f'id="{anchor}"' in page, anchor
    assert "Not run yet" not in page
