"""`hpowh evaluate` as a user calls it, and what is in the warehouse afterwards."""

from __future__ import annotations

import json

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest, preview

SPEC = """
name = "study"
folds = 2
metrics = ["accuracy", "log_loss"]
[[data]]
name = "iris"
[[data]]
name = "wine"
[[model]]
name = "tree"
kind = "decision_tree"
fidelities = [0.5, 1.0]
space.max_depth = {levels = [1, 2, "None"], ordinal = true}
space.min_samples_leaf = [1, 4]
"""


def test_from_a_spec_to_the_warehouse_and_again(tmp_path, hpowh, read, spec):
    path = spec(SPEC)
    hpowh("init")
    first = hpowh("evaluate", str(path), "--json", "--jobs", "1")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == {
        "folder": "study-evaluated", "units": 24, "resumed": 0, "ok": 24, "session": {"ok": 24},
    }  # fmt: skip
    shards = read(tmp_path / "study-evaluated")
    with Warehouse(tmp_path / "hpowh.duckdb") as warehouse:
        stored = warehouse.sql(
            "select b.name as benchmark, configuration_id, fidelity, seed, fold, split, m.name as metric, value, cost "
            "from core.evaluation join core.benchmark as b using (benchmark_id) "
            "join core.metric as m using (metric_id) "
            "order by all"
        ).pl()
        assert stored.equals(shards.select(stored.columns).sort(stored.columns))
        assert warehouse.sql(
            "select distinct max_depth, min_samples_leaf from space.study_tree where configuration_id = 5"
        ).rows() == [("None", 4)]
        assert dict(warehouse.sql("select name, direction from core.metric").rows()) == {
            "accuracy": "max", "log_loss": "min",
        }  # fmt: skip
        features = dict(
            warehouse.sql(
                "select f.name, f.text_value from core.benchmark_feature as f "
                "join core.benchmark as b using (benchmark_id) "
                "where b.name = 'study-tree/wine'"
            ).rows()
        )
    assert features["data_set"] == "wine"
    assert float(features["feature_count"]) == 13
    assert hpowh("check").returncode == 0
    again = hpowh("evaluate", str(path), "--json", "--jobs", "1")
    assert json.loads(again.stdout)["resumed"] == 24
    assert "nothing to do" in again.stderr


def test_without_a_warehouse_it_says_so_before_it_begins(tmp_path, hpowh, spec):
    done = hpowh("evaluate", str(spec(SPEC)))
    assert done.returncode == 1
    assert "There is no warehouse" in done.stderr
    assert not (tmp_path / "study-evaluated").exists()


@pytest.mark.slow
def test_no_ingest_leaves_the_warehouse_alone_and_ingest_loads_it_later(tmp_path, hpowh, spec):
    assert hpowh("evaluate", str(spec(SPEC)), "--no-ingest", "--jobs", "1").returncode == 0
    hpowh("init")
    loaded = hpowh("ingest", "evaluated", "study-evaluated", "--as", "study")
    assert loaded.returncode == 0, loaded.stderr
    assert "Complete: all 24" in loaded.stderr


def test_every_evaluation_failed_is_an_error(hpowh, spec):
    hpowh("init")
    done = hpowh("evaluate", str(spec(SPEC.replace('1, 2, "None"', '"a", "b"'))), "--jobs", "1")
    assert done.returncode == 1
    assert "Every evaluation failed" in done.stderr
    assert "max_depth" in done.stderr


def test_the_source_refuses_what_it_cannot_read(tmp_path, warehouse):
    source = find_source("evaluated")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Exception, match=r"no plan\.json"):
        ingest(warehouse, source, Request(str(tmp_path / "empty"), "x"))
    with pytest.raises(UsageError, match="no mapping"):
        source.fingerprint(Request(str(tmp_path / "empty"), "x", {"a": "b"}))


def test_a_grown_folder_replaces_what_was_loaded(tmp_path, run, warehouse):
    """A folder of which a shard is still missing is loaded as it is, and again when it is whole."""
    text = SPEC.replace("folds = 2", "folds = 2\nseeds = [0, 1]")
    run(text)
    folder = tmp_path / "out"
    (shard,) = (folder / "shards").glob("*.parquet")
    import polars as pl

    whole = pl.read_parquet(shard)
    whole.filter(pl.col("seed") == 0).write_parquet(shard)
    source, request = find_source("evaluated"), Request(str(folder), "study")
    first = ingest(warehouse, source, request)
    assert "24 of 48" in first.notes[0]
    whole.write_parquet(shard)
    second = ingest(warehouse, source, request)
    assert (first.action, second.action) == ("load", "update")
    assert second.row_count == 2 * first.row_count == warehouse.sql("select count(*) from core.evaluation").one()
    assert preview(source, request).row_count == second.row_count
