"""The page of mixed models and rankings: its charts, and that it is built from stored results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.studies.job import (
    analyse_anomalies,
    analyse_comparison,
    analyse_ladder,
    analyse_power,
    analyse_presets,
)
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.reports.charts.critical import critical_difference
from hpowh.reports.charts.intervals import bars_and_expected, intervals
from hpowh.reports.pages.model.asked import asked
from hpowh.warehouse import Warehouse, queries
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
    analyse_lmem(warehouse, "value ~ algorithm + (1|seed)", where="prior = 'good'", budget=1)
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


def test_an_unbalanced_experiment_with_long_names_is_drawn_whole(warehouse, hpowh, tmp_path, browse):
    rng = np.random.default_rng(0)
    algorithms = ["Random Search (baseline)", "超参数优化算法超参数优化算法", "hyper<band>", "TPE"]
    lines = ["algorithm,benchmark,seed,budget,val accuracy"]
    for i, algorithm in enumerate(algorithms):
        for b in range(6):
            for seed in range(3 + (i + b) % 3):
                lines.append(f"{algorithm},openml/{b},{seed},1,{0.5 + 0.05 * i + 0.01 * b + 0.01 * rng.random():.5f}")
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    request = Request(str(path), "study", {"val accuracy": "metric"}, {"direction": "max"}, None)
    ingest(warehouse, find_source("runs"), request)
    analyse_lmem(warehouse, "1 - `val accuracy` ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")
    analyse_rankings(warehouse, response="val accuracy")
    warehouse.close()
    done = hpowh("report", "--out", "site", "--only", "model")
    assert done.returncode == 0, done.stderr
    page = browse().open((tmp_path / "site" / "model-study.html").as_uri())
    assert page.locator("#lmem-coverage .xtick text").all_text_contents() == [f"openml/{b}" for b in range(6)]
    assert page.locator("#lmem-coverage .ytick text").count() == len(algorithms)
    assert page.locator("#lmem-coverage .hm image").get_attribute("height")
    diagrams = page.locator("#lmem-cd-0-0 svg, #ranking-cd-nemenyi svg")
    for i in range(diagrams.count()):
        outside = diagrams.nth(i).evaluate(
            "svg => [...svg.querySelectorAll('text')].filter(t => { const box = t.getBBox();"
            " return box.x < 0 || box.x + box.width > svg.viewBox.baseVal.width; }).map(t => t.textContent)"
        )
        assert outside == []
    assert "best on the left (lower is better)" in page.locator("#lmem-cd-0-0").inner_text()
    first, *_ = page.locator("#lmem-cd-0-0 svg text").filter(has_text="TPE").all()
    assert first.get_attribute("text-anchor") == "end"  # the best is on the left


def test_the_page_shows_every_analysis(analysed, hpowh, tmp_path):
    done = hpowh("report", "--out", "site", "--only", "model")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "model-study.html").read_text(encoding="utf-8")
    for anchor in (
        "lmem-models",
        "findings",
        "lmem-standing",
        "lmem-differences",
        "trust",
        "numbers",
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
        "lmem-others",
        "asked-rankings",
    ):
        assert f'id="{anchor}"' in page, anchor
    ranks_are_what_the_contrasts_leave_open(analysed.path)
    open_ = page[page.index("Not run yet") :].partition("</section>")[0]
    assert set(re.findall(r"hpowh analyse (\w+)", open_)) == {"calibrate", "tiers"}  # all stand at one budget
    assert "value ~ algorithm + (1 | benchmark) + (1 | benchmark:algorithm), fitted by REML." in page
    others = page[page.index('id="lmem-others"') :]
    assert "value ~ algorithm + (1 | seed)" in others
    assert "prior = &#39;good&#39;" in others


def ranks_are_what_the_contrasts_leave_open(path: Path) -> None:
    """Count again, pair by pair, who is certainly better and worse, and compare with the query behind the figure."""
    with Warehouse(path) as opened:
        (run,) = opened.sql("select max(analysis_run_id) from ops.analysis_run where job = 'mixed_models.fit'").rows()[
            0
        ]
        shown = opened.sql(queries.text("mixed_models/standing"), {"run": run}).pl().to_dicts()
        pairs = opened.sql(
            'select model, "first", "second", estimate, p_adjusted from result.lmem_contrast '
            "where analysis_run_id = ? and method = 'tukey'",
            [run],
        ).rows()
    assert {row["level"] for row in shown} == {"A", "B", "<"}
    for row in shown:
        mine = [pair for pair in pairs if pair[0] == row["model"] and row["level"] in pair[1:3] and pair[4] < 0.05]
        gains = [estimate if first == row["level"] else -estimate for _, first, _, estimate, _ in mine]
        assert row["rank_lower"] == 1 + sum(gain > 0 for gain in gains)
        assert row["rank_upper"] == 3 - sum(gain < 0 for gain in gains)
    assert shown[0]["difference"] is None and shown[0]["best"] == shown[0]["level"] == "A"


@pytest.mark.parametrize(
    ("job", "given", "sentences"),
    [
        (
            "mixed_models.fit",
            {"formula": "y ~ a", "is_reml": False, "budget": 2000.0, "where": "p = 'x'", "metric": "loss"},
            [
                "y ~ a, fitted by maximum likelihood.",
                "Rows: each run's best value until budget 2,000 of loss, where p = 'x'.",
            ],
        ),
        (
            "rankings",
            {"response": "regret", "block": "seed", "budget": "final"},
            [
                "Response: regret, blocks by seed.",
                "Rows: each run's best value at the largest budget that all runs reach.",
            ],
        ),
        (
            "mixed_models.presets",
            {"response": "value", "as_published": True},
            ["Response: value, with the published tool's tests.", "Rows: every recorded point."],
        ),
        (
            "mixed_models.anomalies",
            {"pair": ["A", "B"], "levels": ["good", "bad"], "budgets": [1.0, 2.5]},
            [
                "Does the difference of A and B move the same way between good and bad on every benchmark?",
                "Rows: each run's best value until budget 1, 2.500.",
            ],
        ),
        (
            "mixed_models.compare",
            {"null": "y ~ 1", "full": "y ~ a"},
            ["y ~ 1, against y ~ a.", "Rows: every recorded point."],
        ),
    ],
)
def test_every_part_says_what_it_was_asked(job, given, sentences):
    assert asked(job, json.dumps(given)) == sentences
