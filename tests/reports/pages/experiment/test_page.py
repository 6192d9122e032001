"""Pages of experiments that are not tidy: many algorithms, holes, one algorithm, few budgets."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.traces.job import analyse
from hpowh.reports.build import build_site
from hpowh.reports.charts.coverage import coverage_matrix
from hpowh.reports.charts.curves import ALL, BEST, curves, dots
from hpowh.reports.charts.palette import Colours
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.ingest import Request, find_source, ingest


def load(folder: Path, rows: list[tuple[str, str, int, int, float]]) -> Warehouse:
    """A warehouse with these rows of (algorithm, benchmark, seed, budget, value), analysed."""
    columns = ["algorithm", "benchmark", "seed", "budget", "value"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(folder / "study.csv")
    warehouse = Warehouse.create(folder / "w.duckdb")
    ingest(warehouse, find_source("runs"), Request(str(folder / "study.csv"), "study", {}, {"direction": "min"}))
    analyse(warehouse)
    return warehouse


def holes(folder: Path) -> Warehouse:
    """Three algorithms on b1, c with one seed of two; c was never run on b2, where a and b are far apart."""
    finals = {("a", "b1"): 1.0, ("b", "b1"): 2.0, ("c", "b1"): 3.0, ("a", "b2"): 5.0, ("b", "b2"): 1.0}
    return load(
        folder,
        [
            (a, b, seed, t, 9.0 if t == 1 else value)
            for (a, b), value in finals.items()
            for seed in ((0,) if a == "c" else (0, 1))
            for t in (1, 2)
        ],
    )


def test_the_final_table_compares_on_common_benchmarks_only(tmp_path):
    with holes(tmp_path) as warehouse:
        rows = warehouse.sql(queries.text("experiment/final"), {"run": 1}).pl().sort("algorithm")
    # On b1 the best known is 1 and the worst incumbent 9: (1 - 1) / 8, (2 - 1) / 8, (3 - 1) / 8. b2 does not count.
    assert rows["final_regret"].to_list() == [0.0, 0.125, 0.25]
    assert rows["mean_rank"].to_list() == [1.0, 2.0, 3.0]
    assert rows["blocks"].to_list() == [1, 1, 1]
    assert rows["wins"].to_list() == [1, 0, 0]
    assert rows["benchmarks"].to_list() == [1, 1, 1]
    assert rows["benchmarks_run"].to_list() == [2, 2, 1]
    assert rows["runs"].to_list() == [4, 4, 1]


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL))


def test_a_page_with_holes_says_what_they_cost(tmp_path):
    with holes(tmp_path) as warehouse:
        build_site(warehouse, tmp_path / "site")
    said = text_of(tmp_path / "site" / "experiment-study.html")
    assert "6 runs of 9 without a final rank: an algorithm has no run in the block (6)." in said
    assert "Left out of the mean over benchmarks, because an algorithm has no defined regret there: b2." in said
    assert "study: a ends with the lowest mean normalised regret by value, 0 (95 % band 0 to 0, 1 benchmark)" in said


@pytest.mark.parametrize("budgets", [(1,), (30,), (1, 30)])
def test_where_all_values_stand_at_one_budget_there_are_dots_and_no_curves(tmp_path, budgets):
    values = {"a": 3.0, "b": 1.0, "c": 2.0}
    rows = [
        (n, f"b{b}", s, t, v + 0.1 * s + b) for n, v in values.items() for b in (1, 2) for s in (0, 1) for t in budgets
    ]
    with load(tmp_path, rows) as warehouse:
        analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark)", with_residuals=False)
        build_site(warehouse, tmp_path / "site")
    page = (tmp_path / "site" / "experiment-study.html").read_text()
    said, has_budgets = text_of(tmp_path / "site" / "experiment-study.html"), len(budgets) > 1
    for words in ("over the budget", "At the end of the budget", "Anytime normalised regret", "Ask it yourself"):
        assert (words in said) == has_budgets, words
    assert ("Final values, benchmark by benchmark" in said) != has_budgets
    assert ("the best on top" in page) != has_budgets
    assert ("how near the best value so far comes" in text_of(tmp_path / "site" / "benchmark-b1.html")) == has_budgets
    assert ("hpowh analyse anytime" in text_of(tmp_path / "site" / "model-study.html")) == has_budgets


def test_dots_stand_in_order_with_their_intervals():
    rows = [
        {"algorithm": "x", "m": 2.0, "low": 1.5, "high": 3.0},
        {"algorithm": "y", "m": 1.0, "low": None, "high": None},
        {"algorithm": "z", "m": None, "low": None, "high": None},
    ]
    drawn = dots(rows, Colours(["x", "y", "z"]), middle="m", band_of=("low", "high"))
    assert drawn["layout"]["yaxis"]["categoryarray"] == ["y", "x"]
    assert drawn["layout"]["yaxis"]["autorange"] == "reversed"
    first, second = drawn["data"]
    assert (first["x"], first["y"], "error_x" in first) == ([1.0], ["y"], False)
    assert (second["error_x"]["arrayminus"], second["error_x"]["array"]) == ([0.5], [1.0])


def test_one_algorithm_is_not_called_too_few_runs(tmp_path):
    with load(tmp_path, [("mine", "b", seed, t, 9.0 / t + seed) for seed in range(3) for t in (1, 2, 3)]) as warehouse:
        build_site(warehouse, tmp_path / "site")
    said = text_of(tmp_path / "site" / "experiment-study.html")
    assert "There is one algorithm only" in said
    assert "1 algorithm 1 benchmark 3 seeds 3 runs" in re.sub(r"(\d+) (\w+)", r"\1 \2", swapped(said))
    assert "one algorithm only: nothing to rank (3)" in said
    assert "No analysis has been run yet" not in text_of(tmp_path / "site" / "index.html")


def swapped(said: str) -> str:
    """The page has the word before its count."""
    return re.sub(r"\b(algorithms?|benchmarks?|seeds?|runs?) (\d+)\b", r"\2 \1", said)


def traces(count: int, budgets: int = 20, *, direction: int = 1):
    rows = [
        {"algorithm": f"a{place:02d}", "x": t, "y": direction * (place + 1 / t)}
        for place in range(count)
        for t in range(1, budgets + 1)
    ]
    return curves(rows, Colours([f"a{i:02d}" for i in range(count)]), x="x", middle="y", highest=direction < 0)


@pytest.mark.parametrize("direction", [1, -1])
def test_of_many_algorithms_the_best_are_in_colour(direction):
    crowd, *lines = traces(ALL + 4, direction=direction)
    assert [one["name"] for one in lines] == [f"a{i:02d}" for i in range(BEST)]
    assert crowd["name"] == f"the {ALL + 4 - BEST} others"
    assert crowd["x"].count(None) == ALL + 4 - BEST
    assert len(crowd["x"]) == len(crowd["y"]) == (ALL + 4 - BEST) * 21
    assert crowd["line"]["color"].startswith("@muted")


def test_up_to_a_limit_all_algorithms_are_in_colour():
    assert [one["name"] for one in traces(ALL)] == [f"a{i:02d}" for i in range(ALL)]


def test_few_budgets_are_points_too():
    assert {one["mode"] for one in traces(2, budgets=6)} == {"lines+markers"}
    assert {one["mode"] for one in traces(2, budgets=60)} == {"lines"}
    assert {one["mode"] for one in traces(2, budgets=1)} == {"markers"}


def cells(*algorithms: str) -> list[dict[str, object]]:
    given = {
        "benchmark": "b",
        "setting": "",
        "run_count": 1,
        "expected_seed_count": 1,
        "missing": "",
        "missing_count": 0,
    }
    return [given | {"algorithm": name} for name in algorithms]


@pytest.mark.parametrize(
    "names", [("a", "b"), ("RandomSearch", "TPE (ours)", "Hyper<b>Band</b>"), ("DEHB", "BOHB-MULTIFIDELITY-XL")]
)
def test_names_above_the_coverage_matrix_are_whole_and_apart(browse, tmp_path, names):
    svg = coverage_matrix(cells(*names)).markup
    (tmp_path / "page.html").write_text(f"<!doctype html><meta charset=utf-8><body style='margin:0'>{svg}")
    page = browse().open((tmp_path / "page.html").as_uri(), draw=False)
    outside, corners = page.evaluate(
        """names => {
          const frame = document.querySelector('svg').getBoundingClientRect();
          const found = names.map(name => [...document.querySelectorAll('text')].find(t => t.textContent === name));
          const boxes = found.map(t => t.getBoundingClientRect());
          return [boxes.filter(b => b.top < frame.top || b.right > frame.right).length,
                  found.map(t => { const b = t.getBBox(); return [b.x, b.width, !!t.getAttribute('transform')]; })];
        }""",
        list(names),
    )
    assert outside == 0
    for (x, width, is_slanted), (next_x, _, _) in zip(corners, corners[1:], strict=False):
        assert is_slanted or x + width < next_x


def test_provenance_shows_what_an_ingest_noted_as_sentences(tmp_path):
    (tmp_path / "study.csv").write_text("algorithm,benchmark,sead,loss\na,b,0,1\na,b,1,2\n")
    warehouse = Warehouse.create(tmp_path / "w.duckdb")
    ingest(warehouse, find_source("runs"), Request(str(tmp_path / "study.csv"), "study"))
    with warehouse:
        build_site(warehouse, tmp_path / "site", only=("provenance",))
    said = text_of(tmp_path / "site" / "provenance.html")
    assert "to be sure). No column is a seed; sead: a factor (say --map COLUMN=seed if one is). No column is" in said
