"""Pages of landscapes and search spaces: built from a small warehouse, and what their sentences say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.landscapes.job import analyse
from hpowh.reports.charts.landscape import matrix
from hpowh.reports.landscape_words import sentences
from hpowh.warehouse import Warehouse


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
        {"benchmark": "a/one", "value": grid[..., None] + 0.05 * rng.random((5, 4, 3, 2))},
        {"benchmark": "<script>two", "value": grid[::-1, ..., None] + 0.05 * rng.random((5, 4, 3, 2))},
        {"benchmark": "flat", "value": np.full((5, 4, 3), 0.5)},
    ]
    fill_warehouse(warehouse, "space", (5, 4, 3), (True, True, False), tables)
    analyse(warehouse)
    warehouse.close()
    command = [sys.executable, "-m", "hpowh.warehouse", "report", "--out", "site", "--warehouse", "hpowh.duckdb"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text() for path in (folder / "site").glob("*.html")}


def test_every_analysed_landscape_and_space_has_its_page(site: dict[str, str]) -> None:
    names = [name for name in site if name.startswith("landscape-")]
    assert len(names) == 3
    page = next(text for name, text in site.items() if name.startswith("landscape-space-a-one"))
    for title in (
        "Map of the landscape", "Value against distance to the optimum", "Local optima network", "Sizes of the basins",
        "Importance of the hyperparameters", "Pairs of hyperparameters", "Neutrality over the threshold",
        "Neutrality against rank", "Autocorrelation of random walks", "How alike single seeds are", "All metrics",
    ):  # fmt: skip
        assert title in page, title
    assert page.index("Findings") < page.index("Map of the landscape")
    assert "data:image/png;base64," in page
    space = site["search-space-space.html"]
    assert "Similarity by benchmark: val_loss valid" in space
    assert "costs another" in space


def test_names_from_data_are_text(site: dict[str, str]) -> None:
    for name, text in site.items():
        assert "<script>two" not in text, name


def test_a_constant_landscape_says_why_there_is_nothing(site: dict[str, str]) -> None:
    page = next(text for name, text in site.items() if name.startswith("landscape-space-flat"))
    assert "all losses are equal" in page
    assert "single optimum" in page


def test_the_benchmark_links_to_its_landscape(site: dict[str, str]) -> None:
    page = next(text for name, text in site.items() if name.startswith("benchmark-a-one"))
    assert "Loss landscapes of this benchmark" in page


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"assortativity_rank": 0.9, "assortativity_loss": 0.15}, "a few diverged runs outweigh all others"),
        ({"assortativity_rank": 0.2, "assortativity_loss": 0.2}, "It is rugged"),
        ({"n_lo": 1.0, "n_configurations": 10.0}, "single optimum"),
        ({"n_lo": 4.0, "n_configurations": 100.0, "n_plateau_lo": 2.0}, "4 local optima, 2 of them plateaus"),
        ({"basin_global_share": 0.2, "basin_largest": 50.0, "n_configurations": 100.0, "n_lo": 3.0}, "holds 50.0%"),
        ({"neutrality": 0.25, "ndc_spearman": 0.3}, "more of them near the optimum"),
    ],
)
def test_sentences_follow_the_numbers(values: dict[str, float], expected: str) -> None:
    assert expected in " ".join(sentences(values, []))


def test_nothing_is_said_of_what_is_undefined() -> None:
    assert sentences({"assortativity_rank": None, "n_lo": None, "neutrality": None}, []) == []


def test_a_matrix_has_the_same_order_on_both_axes() -> None:
    rows = [{"a": a, "b": b, "v": float(ord(a) * 10 + ord(b))} for a in "xyz" for b in "xyz" if a != b]
    heat = matrix(rows, "b", "a", "v")[0]
    assert heat["x"] == heat["y"] == ["x", "y", "z"]
    assert [heat["z"][i][i] for i in range(3)] == [None, None, None]
    assert heat["z"][0][1] == float(ord("x") * 10 + ord("y"))
