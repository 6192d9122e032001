"""`hpowh analyse embed`: a landscape to the result tables, and a clear word without UMAP."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from hpowh.analyses.embeddings import job, layout
from hpowh.analyses.embeddings.job import Settings, embed
from hpowh.analyses.embeddings.layout import lay_out
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.reading.keys import Selection
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

has_umap = pytest.mark.skipif(
    importlib.util.find_spec("umap") is None, reason="umap-learn is not installed: the layout is NOT tested"
)
FAST = Settings(dimension=4, neighbours=8, epochs=20)


@pytest.fixture
def filled(warehouse: Warehouse, fill_warehouse: Callable[..., None]) -> Warehouse:
    """A slope with some noise, and a flat landscape."""
    slope = np.add.outer(np.arange(8.0), np.add.outer(np.arange(6.0), np.arange(5.0)))
    tables = [
        {"benchmark": "slope", "value": slope + 0.1 * np.random.default_rng(0).random(slope.shape)},
        {"benchmark": "flat", "value": np.full(slope.shape, 0.5)},
    ]
    fill_warehouse(warehouse, "space", slope.shape, (True, True, True), tables)
    return warehouse


@pytest.mark.slow
@has_umap
def test_two_heaps_of_vectors_stay_apart_and_a_seed_repeats():
    rng = np.random.default_rng(0)
    heaps = np.concatenate((rng.normal(0, 0.1, (60, 6)), rng.normal(3, 0.1, (60, 6))))
    first, again, other = (lay_out(heaps, neighbours=8, epochs=50, seed=seed) for seed in (5, 5, 6))
    assert first.shape == (120, 2) and np.isfinite(first).all()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    middles = first[:60].mean(axis=0), first[60:].mean(axis=0)
    spread = max(first[:60].std(axis=0).max(), first[60:].std(axis=0).max())
    assert np.linalg.norm(middles[0] - middles[1]) > 3 * spread


@pytest.mark.slow
@has_umap
def test_an_embedding_is_stored_once_and_again_after_a_change(filled: Warehouse):
    (outcome,) = embed(filled, Selection(benchmark="slope"), FAST)
    assert outcome.is_new and outcome.error is None
    run = [outcome.analysis_run_id]
    subject = filled.sql(
        "select configuration_count, dimension, decay, neighbours_kept, neighbours_kept_by_chance, share_explained "
        "from result.embedding_subject where analysis_run_id = ?", run,
    ).rows()[0]  # fmt: skip
    assert subject[:2] == (240, 4)
    assert 0 < subject[2] < 1
    assert subject[3] > subject[4]
    assert subject[5] > 0.5
    points = filled.sql(
        "select configuration_id, x, y from result.embedding_point where analysis_run_id = ? order by 1", run
    ).rows()
    assert [row[0] for row in points] == list(range(240))
    cells = filled.sql(
        "select count(*), min(place), max(place), count(distinct (column_number, row_number)) "
        "from result.embedding_cell where analysis_run_id = ?", run,
    ).rows()[0]  # fmt: skip
    assert cells[0] == cells[3] > 100
    assert 0 <= cells[1] < cells[2] <= 1
    values = filled.sql(
        "select value from result.embedding_singular_value where analysis_run_id = ? order by position", run
    ).rows()
    assert len(values) == 4 and values == sorted(values, reverse=True)
    (unchanged,) = embed(filled, Selection(benchmark="slope"), FAST)
    assert not unchanged.is_new and unchanged.analysis_run_id == outcome.analysis_run_id
    with filled.writing() as con:
        con.execute("update core.evaluation set value = value + 1 where configuration_id = 7")
    (changed,) = embed(filled, Selection(benchmark="slope"), FAST)
    assert changed.is_new


def test_one_landscape_that_cannot_be_embedded_does_not_stop_the_others(
    filled: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    # The layout itself is compiled for half a minute: it has slow tests of its own.
    monkeypatch.setattr(layout, "lay_out", lambda vectors, **settings: np.ascontiguousarray(vectors[:, :2]))
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: find("math" if name == "umap" else name))
    outcomes = {outcome.subject: outcome for outcome in embed(filled, Selection(), FAST)}
    flat = next(one for subject, one in outcomes.items() if "flat" in subject)
    slope = next(one for subject, one in outcomes.items() if "slope" in subject)
    assert flat.analysis_run_id is None and "All losses are equal" in (flat.error or "")
    assert slope.is_new


@has_umap
def test_too_many_configurations_are_refused_before_any_work(filled: Warehouse, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(job, "MAX_CONFIGURATIONS", 100)
    (outcome,) = embed(filled, Selection(benchmark="slope"), FAST)
    assert "at most 100" in (outcome.error or "")
    assert filled.sql("select count(*) from result.embedding_subject").one() == 0


def test_without_umap_the_way_out_is_named(filled: Warehouse, monkeypatch: pytest.MonkeyPatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "umap" else find(name))
    with pytest.raises(UsageError, match="umap-learn, which is not installed") as caught:
        embed(filled, Selection())
    assert "hpowh[embedding]" in caught.value.hint
    with pytest.raises(LandscapeError, match="not installed"):
        lay_out(np.ones((50, 3)))


def test_the_command_says_so_and_fails_where_nothing_can_be_embedded(filled: Warehouse):
    path = filled.path
    filled.close()
    command = [sys.executable, "-m", "hpowh.warehouse", "analyse", "embed", "-b", "flat", "--warehouse", str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=os.environ | {"COLUMNS": "200"}
    )
    assert done.returncode != 0
    assert "All losses are equal" in done.stderr or "umap-learn" in done.stderr


@pytest.mark.parametrize("settings", [{"dimension": 1}, {"neighbours": 1}, {"epochs": 0}, {"seed": -1}])
def test_settings_that_mean_nothing_are_refused(settings: dict[str, int]):
    with pytest.raises(UsageError, match="at least"):
        Settings(**settings)
