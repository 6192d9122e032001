"""The pages of evaluated grids: worked by hand, from a file of evaluations to what stands on the page."""

from __future__ import annotations

import math
import re
import shutil

import pytest
from scipy.stats import t

from hpowh.analyses.evaluate.job import evaluate, load_into, prepare
from hpowh.analyses.landscapes.job import Selection, analyse
from hpowh.analyses.statistics.intervals import wilson
from hpowh.reports.build import build_site
from hpowh.reports.pages.evaluated import findings as say
from hpowh.reports.pages.search_space.fronts import front_sentences
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.ingest import Request, find_source, ingest

ROWS = """x,fidelity,fold,time,train_loss,test_loss
1,0.5,0,1,0.1,0.4
1,0.5,1,1,0.1,0.6
1,1,0,4,0.0,0.9
1,1,1,4,0.2,0.7
2,0.5,0,1,0.3,0.3
2,0.5,1,1,0.3,0.3
2,1,0,4,0.3,0.2
2,1,1,4,0.3,0.4
3,0.5,0,1,0.5,0.7
3,0.5,1,1,0.5,0.9
3,1,0,4,0.4,0.1
3,1,1,4,0.6,0.3
"""
MAPPING = {
    "x": "hyperparameter", "fidelity": "fidelity", "fold": "fold", "time": "cost",
    "train_loss": "metric:loss@train", "test_loss": "metric:loss@test",
}  # fmt: skip


@pytest.fixture(scope="module")
def files(empty_warehouse, tmp_path_factory):
    """Three configurations, two folds; the best by the half data or by train loss is not the best. Loaded, analysed."""
    folder = tmp_path_factory.mktemp("evaluated")
    (folder / "hand.csv").write_text(ROWS)
    options = {"space": "hand", "benchmark": "made up", "direction": "min"}
    with Warehouse(shutil.copy(empty_warehouse, folder / "loaded.duckdb")) as warehouse:
        ingest(warehouse, find_source("grid"), Request(str(folder / "hand.csv"), "hand", MAPPING, options))
    with Warehouse(shutil.copy(folder / "loaded.duckdb", folder / "analysed.duckdb")) as warehouse:
        studied(warehouse)
    return folder


@pytest.fixture
def filled(files, tmp_path):
    return Warehouse(shutil.copy(files / "analysed.duckdb", tmp_path / "hpowh.duckdb"))


def studied(warehouse, **selection):
    analyse(warehouse, Selection(space="hand", metric="all", split="test", **selection))
    found = warehouse.sql("select max(analysis_run_id) from ops.analysis_run where job = 'landscapes.grids'").one()
    return {"run": found}


def rows(warehouse, query, parameters):
    return warehouse.sql(query, parameters).pl().to_dicts()


def test_fidelities_worked_by_hand(filled):
    """Half the data: 0.5, 0.3, 0.8 (ranks 2, 1, 3); all: 0.8, 0.3, 0.2 (ranks 3, 2, 1). Spearman 1 - 6 * 6 / 24."""
    (row,) = [
        row for row in rows(filled, queries.text("evaluated/fidelities"), studied(filled)) if row["split"] == "test"
    ]
    assert row["fidelity"] == 0.5
    assert row["spearman"] == pytest.approx(-0.5)
    assert row["regret"] == pytest.approx(0.1)
    assert row["top_share"] == pytest.approx(1.0)
    assert row["has_optimum"] is False
    assert row["cost_share"] == pytest.approx(0.25)
    assert row["saved_share"] == pytest.approx(0.65)
    assert row["configuration_count"] == 3


def hand(warehouse: Warehouse) -> int:
    """Return the id of the search space."""
    ((found,),) = warehouse.sql("select search_space_id from core.search_space where name = 'hand'").rows()
    return int(found)


def test_the_full_fidelity_is_the_cheapest_that_holds_the_optimum(filled):
    (row,) = [
        row for row in rows(filled, queries.text("evaluated/cheapest"), studied(filled)) if row["split"] == "test"
    ]
    assert (row["fidelity"], row["is_full"], row["saved_share"]) == (1.0, True, None)


def test_splits_worked_by_hand(filled):
    """Train 0.1, 0.3, 0.5 against test 0.8, 0.3, 0.2: opposite rankings; gaps 0.7, 0, -0.3."""
    (row,) = rows(filled, queries.text("evaluated/splits"), {"space": hand(filled), **studied(filled)})
    assert row["spearman"] == pytest.approx(-1.0)
    assert row["gap"] == pytest.approx(0.0, abs=1e-12)
    assert row["regret"] == pytest.approx(0.6)
    assert row["is_noise"] is (row["noise_floor"] >= 0.6)


def test_configurations_stand_at_both_fidelities(filled):
    values = {"space": hand(filled), "benchmarks": ["made up"], "points": 2}
    few = rows(filled, queries.text("evaluated/fidelity_scatter"), values)
    pairs = rows(filled, queries.text("evaluated/fidelity_scatter"), values | {"points": 60})
    assert len(few) == 2 * 2
    assert len(pairs) == 3 * 2
    tested = sorted(
        (row["lower_fidelity"], round(row["lower_value"], 9), round(row["full_value"], 9))
        for row in pairs if row["split"] == "test"
    )  # fmt: skip
    assert tested == [(0.5, 0.3, 0.3), (0.5, 0.5, 0.8), (0.5, 0.8, 0.2)]


def test_noise_floor_worked_by_hand(filled):
    """Test losses 0.9 0.7, 0.2 0.4, 0.1 0.3 on two folds; the fold's effect is the median difference, 0.1 up and down.

    What is left is 0.2 each way for the first configuration and nothing for the others.
    """
    (row,) = [row for row in rows(filled, queries.text("evaluated/noise"), studied(filled)) if row["split"] == "test"]
    sd = math.sqrt(2 * 0.2**2 / 3)
    assert row["residual_sd"] == pytest.approx(sd)
    assert row["noise_floor"] == pytest.approx(t.ppf(0.975, 2) * sd * math.sqrt(2 * (1 / 2 + 1 / 1)))
    assert (row["unit_count"], row["fold_count"], row["configuration_count"]) == (2, 2, 3)


def test_the_numbers_are_those_of_the_landscape_analysis(filled):
    run = studied(filled)
    theirs = dict(
        filled.sql(
            "select measure, value from result.landscape_similarity where aspect = 'fidelity' and landscape_a = '0.5' "
            "and context like '%test'"
        ).rows()
    )
    (row,) = [row for row in rows(filled, queries.text("evaluated/fidelities"), run) if row["split"] == "test"]
    for name in ("spearman", "regret", "best_overlap_10", "shake_up", "kendall"):
        assert row[name] == pytest.approx(theirs[name]), name


def test_an_analysis_is_made_once_and_again_when_evaluations_change(filled, tmp_path):
    first = studied(filled)
    assert studied(filled) == first
    more = tmp_path / "more.csv"
    more.write_text(ROWS.replace("0.9\n", "0.8\n"))
    options = {"space": "hand", "benchmark": "another", "direction": "min"}
    ingest(filled, find_source("grid"), Request(str(more), "more", MAPPING, options))
    assert studied(filled) != first
    defaults = rows(filled, queries.text("evaluated/defaults"), studied(filled))
    assert {row["benchmark"] for row in defaults} == {"made up", "another"}
    assert {row["configuration_id"] for row in defaults if row["split"] == "test"} == {2}


def test_the_pages_are_part_of_the_site(filled, tmp_path):
    studied(filled)
    build_site(filled, tmp_path / "site")
    pages = {path.name: path.read_text() for path in (tmp_path / "site").glob("*.html")}
    text = pages["evaluated-hand.html"]
    assert "<h1><bdi>Evaluated: hand</bdi></h1>" in text
    for title in (
        "In short",
        "Fidelity against full fidelity",
        "Train against test",
        "Noise floor",
        "Where",
        "A lower fidelity against the full one",
    ):
        assert title in text
    assert text.index("In short") < text.index("Agreement with the full fidelity")
    assert "arXiv 2311.14014" in pages["claims.html"]
    assert "no fidelity near a tenth was compared" in pages["claims.html"]
    assert "Across models and data sets" in pages["across.html"]


def test_without_the_analysis_the_page_says_which_command_makes_it(files, tmp_path):
    build_site(Warehouse(shutil.copy(files / "loaded.duckdb", tmp_path / "hpowh.duckdb")), tmp_path / "site")
    text = (tmp_path / "site" / "evaluated-hand.html").read_text()
    assert "hpowh analyse landscapes --space hand --metric all" in text
    assert "Train against test" in text
    assert not (tmp_path / "site" / "claims.html").exists()


def test_constant_losses_have_no_correlation(warehouse, tmp_path):
    path = tmp_path / "flat.csv"
    lines = [re.sub(r"(,[\d.]+){2}$", ",0.5,0.5", line) for line in ROWS.splitlines()[1:]]
    path.write_text("\n".join([ROWS.splitlines()[0], *lines]) + "\n")
    options = {"space": "hand", "benchmark": "made up", "direction": "min"}
    ingest(warehouse, find_source("grid"), Request(str(path), "hand", MAPPING, options))
    run = studied(warehouse)
    for row in rows(warehouse, queries.text("evaluated/fidelities"), run):
        assert (row["spearman"], row["top_share"]) == (None, None)
        assert row["reason"] == "one of the two landscapes is constant"
    assert rows(warehouse, queries.text("evaluated/splits"), {"space": hand(warehouse), **run})[0]["spearman"] is None
    assert {row["within_percent"] for row in rows(warehouse, queries.text("evaluated/noise"), run)} == {100.0}
    build_site(warehouse, tmp_path / "site")


def test_claims_are_counted_from_what_is_stored(filled):
    """One benchmark: nothing between data sets, one value for the others; the verdict follows the rule."""
    studied(filled)
    run = filled.sql("select max(analysis_run_id) from ops.analysis_run where job = 'landscapes.across'").one()
    found = {row["statement"]: row for row in rows(filled, queries.text("evaluated/claims"), {"run": run})}
    fidelity = next(row for text, row in found.items() if "median Spearman above 0.85" in text)
    # Half of the data is no tenth: the paper says nothing about it.
    assert (fidelity["median"], fidelity["value_count"], fidelity["verdict"]) == (None, 0, None)
    assert fidelity["reason"].startswith("no fidelity near a tenth was compared with a full one")
    ranks = next(row for text, row in found.items() if "above 0.7 (but for XGBoost)" in text)
    assert (ranks["value_count"], ranks["benchmark_count"]) == (1, 1)
    assert ranks["verdict"] in ("agrees", "disagrees")
    exception = next(row for text, row in found.items() if text.startswith("XGBoost is the exception"))
    assert exception["reason"] == "it is about others than these search spaces"
    between = next(row for text, row in found.items() if "above 0.65" in text)
    assert (between["verdict"], between["reason"]) == (None, "nothing of the kind was measured")
    assert "disagree" in say.claim_sentences(rows(filled, queries.text("evaluated/claims"), {"run": run}))[0]


def test_models_on_the_same_data_set_are_compared(warehouse, tmp_path):
    """From a spec to the page: a stump against a deep tree on two data sets."""
    spec = tmp_path / "two.toml"
    spec.write_text(
        'name = "two"\nfolds = 3\n[[data]]\nname = "iris"\n[[data]]\nname = "wine"\n'
        + "".join(
            f'[[model]]\nname = "{name}"\nkind = "decision_tree"\nfixed.max_depth = {depth}\n'
            "space.min_samples_leaf = [1, 2, 4]\n"
            for name, depth in (("stump", 1), ("deep", 6))
        )
    )
    evaluate(prepare(spec), tmp_path / "out", jobs=1)
    load_into(warehouse, tmp_path / "out", "two")
    for space in ("two-stump", "two-deep"):
        assert not [one for one in analyse(warehouse, Selection(space=space, split="test")) if one.error]
    sql = "select data_set, model, place, is_noise from result.landscape_model where split = 'test' order by all"
    assert warehouse.sql(sql).rows() == [
        ("iris", "deep", 1, True), ("iris", "stump", 2, False), ("wine", "deep", 1, True), ("wine", "stump", 2, False),
    ]  # fmt: skip
    reasons = warehouse.sql("select distinct reason from result.landscape_relation").rows()
    assert reasons == [("2 data sets are too few; 5 are needed",)]
    build_site(warehouse, tmp_path / "site")
    assert "belongs to deep on 2 of 2 data sets" in (tmp_path / "site" / "across.html").read_text()


def test_film_and_front_worked_by_hand(filled):
    """Half the data puts x = 2 first, one move from x = 3, the best; all cost the same: it alone is the front."""
    run = studied(filled)
    frames = [row for row in rows(filled, queries.text("evaluated/film"), run) if row["split"] == "test"]
    kept = [(one["fidelity"], one["kept_share"], one["optimum_distance"], one["best_share"]) for one in frames]
    assert kept == [(0.5, 0.0, 1, pytest.approx(1 / 3)), (1.0, 1.0, 0, pytest.approx(1 / 3))]
    (front,) = rows(filled, queries.text("landscape_methods/fronts"), {"space": "hand"})
    assert (front["cost_name"], front["front_count"], front["local_count"]) == ("cost", 1, 1)
    assert (front["component_count"], front["largest_share"], front["reason"]) == (1, 1.0, None)
    (said,) = front_sentences([front])
    assert "no configuration beats 1, no neighbour 1; 100 % of the front hang together" in said


def default_row(regret: float, held_out: float) -> dict:
    return {
        "metric": "loss", "split": "test", "configuration_id": 3, "is_noise": regret < 0.1, "regret": regret,
        "is_held_out_noise": held_out < 0.1, "held_out_regret_relative": held_out,
    }  # fmt: skip


def test_a_default_on_data_sets_left_out_has_an_interval_from_five_on():
    """Of six, two are within noise; the median of 0.05, 0.06, 0.2, 0.3, 0.4, 0.5 is a quarter."""
    rows = [default_row(0.0, held_out) for held_out in (0.05, 0.06, 0.2, 0.3, 0.4, 0.5)]
    (said,) = say.default_sentences(rows, lambda _: "x = 1")
    low, high = (float(end) for end in wilson(2 / 6, 6))
    assert f"alone, on 2 (of new ones {100 * low:.0f} % to {100 * high:.0f} %, in 95 % of cases)." in said
    assert re.search(r"it costs 25\.0 % \[5\.\d %, \d+\.\d %\] of the way .* \(median over 6 data sets\)\.$", said)
    (few,) = say.default_sentences(rows[:4], lambda _: "x = 1")
    assert few.endswith("alone, on 2.")
