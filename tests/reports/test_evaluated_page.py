"""The page of evaluated grids: worked by hand, and against the landscape analyses."""

from __future__ import annotations

import re

import pytest

from hpowh.analyses.landscapes.job import Selection, analyse
from hpowh.reports.build import build_site
from hpowh.reports.pages import evaluated
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


@pytest.fixture
def filled(warehouse, tmp_path):
    """Three configurations, two folds; the best by the half data or by train loss is not the best."""
    path = tmp_path / "hand.csv"
    path.write_text(ROWS)
    options = {"space": "hand", "benchmark": "made up", "direction": "min"}
    ingest(warehouse, find_source("grid"), Request(str(path), "hand", MAPPING, options))
    return warehouse


def one(warehouse, query, split="test"):
    frame = warehouse.sql(query, {"space": "hand"}).pl()
    return (frame.filter(split=split) if "split" in frame.columns else frame).row(0, named=True)


def test_fidelities_worked_by_hand(filled):
    """Half the data: 0.5, 0.3, 0.8 (ranks 2, 1, 3); all: 0.8, 0.3, 0.2 (ranks 3, 2, 1). Spearman 1 - 6 * 6 / 24."""
    row = one(filled, evaluated.FIDELITIES)
    assert row["fidelity"] == 0.5
    assert row["spearman"] == pytest.approx(-0.5)
    assert row["regret"] == pytest.approx(0.1)
    assert row["has_optimum"] is False
    assert row["cost_percent"] == pytest.approx(25.0)
    assert row["configuration_count"] == 3


def test_splits_worked_by_hand(filled):
    """Train 0.1, 0.3, 0.5 against test 0.8, 0.3, 0.2: opposite rankings; gaps 0.7, 0, -0.3."""
    row = one(filled, evaluated.SPLITS)
    assert row["spearman"] == pytest.approx(-1.0)
    assert row["gap"] == pytest.approx(0.0, abs=1e-12)
    assert row["regret"] == pytest.approx(0.6)


def test_noise_floor_worked_by_hand(filled):
    """Every configuration has two folds 0.2 apart: standard error 0.1, floor 2 * sqrt(2) * 0.1; 0.3 is near 0.2."""
    row = one(filled, evaluated.NOISE)
    assert row["noise_floor"] == pytest.approx(0.2 * 2**0.5)
    assert row["within_percent"] == pytest.approx(100 * 2 / 3)
    assert row["least_measurement_count"] == 2


def test_the_numbers_are_those_of_the_landscape_analysis(filled):
    analyse(filled, Selection(space="hand", metric="all", split="test"))
    theirs = dict(
        filled.sql(
            "select measure, value from result.landscape_similarity where aspect = 'fidelity' and landscape_a = '0.5' "
            "and context like '%test'"
        ).rows()
    )
    row = one(filled, evaluated.FIDELITIES)
    assert row["spearman"] == pytest.approx(theirs["spearman"])
    assert row["regret"] == pytest.approx(theirs["regret"])


def test_the_page_is_part_of_the_site(filled, tmp_path):
    build_site(filled, tmp_path / "site")
    (page,) = [path for path in (tmp_path / "site").rglob("*.html") if "Fidelity against full" in path.read_text()]
    text = page.read_text()
    assert "<h1><bdi>Evaluated: hand</bdi></h1>" in text
    for title in ("Train against test", "Noise floor"):
        assert title in text


def test_constant_losses_have_no_correlation(warehouse, tmp_path):
    path = tmp_path / "flat.csv"
    lines = [re.sub(r"(,[\d.]+){2}$", ",0.5,0.5", line) for line in ROWS.splitlines()[1:]]
    path.write_text("\n".join([ROWS.splitlines()[0], *lines]) + "\n")
    options = {"space": "hand", "benchmark": "made up", "direction": "min"}
    ingest(warehouse, find_source("grid"), Request(str(path), "hand", MAPPING, options))
    assert one(warehouse, evaluated.FIDELITIES)["spearman"] is None
    assert one(warehouse, evaluated.SPLITS)["spearman"] is None
    assert one(warehouse, evaluated.NOISE)["within_percent"] == 100.0
