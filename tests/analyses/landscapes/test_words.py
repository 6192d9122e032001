"""Pages of landscapes and search spaces: built from a small warehouse, and what their sentences say."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.landscapes.job import analyse
from hpowh.analyses.landscapes.saying.words import Facts, findings
from hpowh.reports.charts.landscape import matrix
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.landscape.subject import about
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.ingest import Request, find_source, ingest

from ...commands import within


@pytest.fixture(scope="module")
def site(
    empty_warehouse: Path, fill_warehouse: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """All pages of a warehouse with two related benchmarks and a hostile name, by file name."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(empty_warehouse, folder / "hpowh.duckdb")
    warehouse = Warehouse(folder / "hpowh.duckdb")
    rng = np.random.default_rng(2)
    grid = np.add.outer(np.arange(5.0), np.add.outer(np.arange(4.0), np.arange(3.0))) / 12
    tables = [
        {"benchmark": "a/one", "value": grid[..., None] + 0.4 * rng.random((5, 4, 3, 2))},
        {"benchmark": "<script>two", "value": grid[::-1, ..., None] + 0.05 * rng.random((5, 4, 3, 2))},
        {"benchmark": "flat", "value": np.full((5, 4, 3), 0.5)},
    ]
    fill_warehouse(warehouse, "space", (5, 4, 3), (True, True, False), tables)
    analyse(warehouse)
    warehouse.close()
    done = within(["report", "--out", "site", "--warehouse", "hpowh.duckdb"], folder, os.environ)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text() for path in (folder / "site").glob("*.html")}


def test_every_analysed_landscape_and_space_has_its_page(site: dict[str, str]) -> None:
    names = [name for name in site if name.startswith("landscape-")]
    assert len(names) == 3
    page = next(text for name, text in site.items() if name.startswith("landscape-space-a-one"))
    for title in (
        "Map of the landscape", "How the values are spread", "How rare good configurations are",
        "Value against distance to the optimum", "Local optima network", "Sizes of the basins",
        "Importance of the hyperparameters", "Pairs of hyperparameters", "One hyperparameter at a time",
        "Two hyperparameters at a time", "Neutrality over the threshold", "Neutrality against rank",
        "Autocorrelation of random walks", "How far other benchmarks&#39; optima carry over",
        "How alike single seeds are", "All metrics",
    ):  # fmt: skip
        assert title in page, title
    assert page.index("In short") < page.index("Map of the landscape")
    assert "data:image/png;base64," in page
    space = site["search-space-space.html"]
    assert "Similarity by benchmark: val_loss valid" in space
    assert "What changes a landscape, and what does not" in space
    assert "costs another" in space and "the noise floor" in space


def test_names_from_data_are_text(site: dict[str, str]) -> None:
    for name, text in site.items():
        assert "<script>two" not in text, name


def test_a_constant_landscape_says_why_there_is_nothing(site: dict[str, str]) -> None:
    page = next(text for name, text in site.items() if name.startswith("landscape-space-flat"))
    assert "all losses are equal" in page
    assert "All 60 configurations have one loss: there is nothing to find" in page
    assert "It is smooth" not in page and "Autocorrelation of random walks" not in page


def test_the_benchmark_links_to_its_landscape(site: dict[str, str]) -> None:
    page = next(text for name, text in site.items() if name.startswith("benchmark-a-one"))
    assert "Loss landscapes of this benchmark" in page


def said(**values: float | None) -> str:
    """All findings of made-up metrics, in one text."""
    rows = [{"name": name, "value": value, "lower": None, "upper": None} for name, value in values.items()]
    return " ".join(one.sentence for one in findings(Facts(metrics=rows)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"assortativity_rank": 0.9, "assortativity_loss": 0.15}, "a few diverged runs outweigh all others"),
        ({"assortativity_rank": 0.8}, "It is smooth"),
        ({"assortativity_rank": 0.79}, "It is moderately rugged"),
        ({"assortativity_rank": 0.2, "assortativity_loss": 0.2}, "It is rugged"),
        ({"n_lo": 1.0, "n_configurations": 10.0}, "single optimum"),
        (
            {"n_lo": 1.0, "n_lo_members": 42.0, "n_configurations": 99.0},
            "one plateau of 42 equally good configurations",
        ),
        ({"n_lo": 2.0, "n_plateau_lo": 1.0, "n_configurations": 10.0}, "1 of them a plateau of equal loss"),
        ({"n_lo": 4.0, "n_configurations": 100.0, "n_plateau_lo": 2.0}, "4 local optima, 2 of them plateaus"),
        ({"n_lo": 4.0, "n_configurations": 100.0, "n_global": 3.0}, "3 of them share the best loss"),
        (
            {"basin_global_share": 0.2, "basin_largest": 50.0, "n_configurations": 100.0, "n_lo": 3.0},
            "of middling size: steepest descent reaches the global optimum from 20.0 % of the configurations, while "
            "the largest basin, another one, holds 50.0 %",
        ),
        ({"basin_global_share": 0.5, "basin_largest": 50.0, "n_configurations": 100.0, "n_lo": 3.0}, "is large"),
        ({"basin_global_share": 0.09, "basin_largest": 9.0, "n_configurations": 100.0, "n_lo": 3.0}, "is small"),
        ({"neutrality": 0.25, "ndc_spearman": 0.3}, "partly neutral: 25.0 %"),
        ({"neutrality": 0.25, "ndc_spearman": 0.3}, "flatter near the optimum"),
        ({"neutrality": 0.04, "ndc_spearman": -0.3}, "hardly neutral"),
        ({"neutrality": 0.6}, "strongly neutral"),
        ({"fdc_spearman": 0.4, "monotone_share": 0.9}, "leads to the optimum"),
        ({"fdc_spearman": 0.1}, "says little about the way"),
        ({"fdc_spearman": -0.2}, "leads away from the optimum"),
        ({"coverage": 0.3, "n_configurations": 300.0, "n_lo": None}, "Only 30.00 % of the grid were evaluated"),
        ({"loss_best": 2.0, "loss_worst": 2.0, "n_configurations": 1.0}, "Its single configuration"),
    ],
)
def test_sentences_follow_the_numbers(values: dict[str, float], expected: str) -> None:
    assert expected in said(**values)


def test_an_estimate_is_said_with_its_interval_and_pairs() -> None:
    row = {"name": "assortativity_rank", "value": 0.61, "lower": 0.55, "upper": 0.68, "pair_count": 1234}
    (one,) = findings(Facts(metrics=[row]))
    assert "0.610 (95 % interval 0.550 to 0.680, from 1,234 pairs)" in one.sentence


def test_no_neutral_pair_of_a_sample_is_said_with_its_number() -> None:
    rows = [{"name": "neutrality", "value": 0.0, "pair_count": 109}, {"name": "coverage", "value": 0.02}]
    text = " ".join(one.sentence for one in findings(Facts(metrics=rows)))
    assert "0 % of the neighbour pairs (none of 109 pairs) differ by no more than the threshold;" in text


def test_the_interval_of_a_share_is_in_percent_and_beside_it() -> None:
    rows = [
        {"name": "neutrality", "value": 0.24, "lower": 0.206, "upper": 0.349, "pair_count": 109},
        {"name": "coverage", "value": 0.4},
    ]
    text = " ".join(one.sentence for one in findings(Facts(metrics=rows, epsilon=0.001)))
    said = "24.0 % of the neighbour pairs (95 % interval 21 to 35 %, from 109 pairs) differ by no more than 0.001"
    assert said in text


def test_idle_hyperparameters_are_not_among_those_that_matter() -> None:
    shares = {"gamma": 0.8, "C": 0.3, "kernel": 0.0}
    rows = [{"hyperparameter": name, "total_share": share, "method": "exact"} for name, share in shares.items()]
    (one,) = findings(Facts(metrics=[], importance=rows))
    assert "with gamma (80 %), C (30 %) (more than 100 % together" in one.sentence
    assert "1 hyperparameter of 3 matters less than 1 %" in one.sentence


@pytest.mark.parametrize(
    ("costs", "kind"), [((0.02, 0.1, 0.9), "carry over:"), ((0.2, 0.4), "carry over in part"), ((0.6,), "do not carry")]
)
def test_what_other_optima_cost_is_judged_by_the_median(costs: tuple[float, ...], kind: str) -> None:
    rows = [{"from_benchmark": f"b{i}", "regret_relative": cost} for i, cost in enumerate(costs)]
    (one,) = findings(Facts(metrics=[], transfer=[*rows, {"from_benchmark": "none", "regret_relative": None}]))
    assert kind in one.sentence and one.anchor == "transfer"
    assert ("least from b0" in one.sentence) == (len(costs) > 1)
    assert ("taken over from b0" in one.sentence) == (len(costs) == 1)


def test_shares_of_a_model_are_said_to_be_estimates() -> None:
    row = {"hyperparameter": "lr", "total_share": 0.7, "method": "random forest, out-of-bag R2 0.8"}
    (one,) = findings(Facts(metrics=[], importance=[row]))
    assert one.sentence.startswith("As a model of it estimates (random forest, out-of-bag R2 0.8), the variance")
    (exact,) = findings(Facts(metrics=[], importance=[row | {"method": "exact: cell means"}]))
    assert exact.sentence.startswith("The variance of ranks")


def test_nothing_is_said_of_what_is_undefined() -> None:
    assert said(assortativity_rank=None, n_lo=None, neutrality=None) == ""


def test_a_matrix_has_the_same_order_on_both_axes() -> None:
    rows = [{"a": a, "b": b, "v": float(ord(a) * 10 + ord(b))} for a in "xyz" for b in "xyz" if a != b]
    heat = matrix(rows, "b", "a", "v")[0]
    assert heat["x"] == heat["y"] == ["x", "y", "z"]
    assert [heat["z"][i][i] for i in range(3)] == [None, None, None]
    assert heat["z"][0][1] == float(ord("x") * 10 + ord("y"))


def test_optima_above_the_noise_are_counted() -> None:
    rows = [{"name": "n_lo", "value": 24.0}, {"name": "n_configurations", "value": 1000.0}]
    (one,) = findings(Facts(metrics=rows, above_noise=(0.01, 24, 3)))
    assert "It has 24 local optima: one for every 41.7 configurations." in one.sentence
    assert "3 of them are above the noise: out of them one must climb more than 0.01" in one.sentence


def test_a_completed_landscape_says_what_was_imputed() -> None:
    rows = [
        {"name": "coverage", "value": 0.9}, {"name": "n_configurations", "value": 900.0},
        {"name": "imputed_share", "value": 0.1}, {"name": "n_lo", "value": 20.4, "lower": 15.2, "upper": 25.6},
    ]  # fmt: skip
    text = " ".join(one.sentence for one in findings(Facts(metrics=rows)))
    assert "90.00 % of the grid were evaluated (900 configurations); the rest was imputed several times" in text
    assert "It has about 20 local optima (95 % interval 15 to 26): one for every 49.0 configurations." in text


@pytest.mark.parametrize(("share", "said"), [(0.99995001, "more than 99.99 %"), (0.00001, "less than 0.01 %")])
def test_shares_are_rounded_to_neither_all_nor_none(share: float, said: str) -> None:
    rows = [
        {"name": "coverage", "value": share},
        {"name": "n_configurations", "value": 9.0},
        {"name": "n_lo", "value": None},
    ]
    assert f"Only {said} of the grid were evaluated" in findings(Facts(metrics=rows))[0].sentence


def test_what_is_inactive_is_called_so(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [
        (kernel, c, gamma, round(0.7 + 0.05 * c - abs((gamma or 0) - 2) / 50, 4))
        for kernel in ("linear", "rbf")
        for c in range(4)
        for gamma in (range(4) if kernel == "rbf" else [None])
    ]
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    (tmp_path / "svm.csv").write_text("\n".join(["kernel,C,gamma,accuracy", *lines]))
    ingest(warehouse, find_source("grid"), Request(str(tmp_path / "svm.csv"), "svm", {}, {}, None))
    analyse(warehouse)
    found = about(SiteContext(opened=warehouse), 1, "svm", "accuracy", "max").paragraphs[1]
    assert "gamma is active where kernel is rbf; a move that makes it active arrives at 1" in found
    setting = warehouse.sql(queries.text("landscape/setting"), {"configuration": 1, "run": 1, "space": 1}).rows()
    assert {(name, label) for name, label, _ in setting} == {("kernel", "linear"), ("C", "0"), ("gamma", "(inactive)")}
    slices = warehouse.sql(queries.text("landscape/slices"), {"run": 1, "space": 1, "sign": -1, "every": 1}).pl()
    of_gamma = slices.filter(slices["hyperparameter"] == "gamma")
    assert of_gamma["configurations"].to_list() == [4, 4, 4, 4]  # the linear ones are at none of its levels


@pytest.mark.parametrize(
    ("within", "alike", "parts"),
    [
        (89, 0.05, ("88 other configurations of 96 cannot be told", "(rank correlation 0.050): of the smoothness,")),
        (1, 0.99, ("The best is apart from all other 95 configurations", "differ by more than 0.251.")),
        (2, 0.3, ("1 other configuration of 96", "differ by more than 0.251.")),  # a mean over three: 0.56
    ],
)
def test_how_many_may_be_the_best_and_whether_there_is_an_order_is_said(within, alike, parts) -> None:
    noise = {"configuration_count": 96, "unit_count": 3, "noise_floor": 0.251, "within_count": within,
             "reliability": alike}  # fmt: skip
    (one,) = findings(Facts(metrics=[], noise=noise))
    assert all(part in one.sentence for part in parts), one.sentence
    assert ("most is noise" in one.sentence) == (alike == 0.05)


def test_what_completions_agree_on_is_said_without_an_interval():
    """It said "about 1 local optimum: one for every 60.0 configurations", and of the way to the best nothing more."""
    known = {"n_configurations": 57, "coverage": 0.9, "imputed_share": 0.1, "n_lo": 1.0, "fdc_spearman": 0.5}
    ends = {"lower": None, "upper": None, "pair_count": None, "reason": None}
    metrics = [{"name": name, "value": value, **ends} for name, value in known.items()]
    said = " ".join(one.sentence for one in findings(Facts(metrics=metrics)))
    assert "In every completion it has a single optimum; draws that agree give no interval." in said
    assert "at 0.500 (in the completions; without an interval" in said
