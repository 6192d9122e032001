"""An analysis is stale when something it rests on changes, and only then."""

from __future__ import annotations

from hpowh.analyses.mixed_models.reading.experiment import fingerprint
from hpowh.warehouse.ingest import Request, find_source, ingest


def load(warehouse, tmp_path, kind, name, text, **options):
    path = tmp_path / f"{name}.csv"
    path.write_text(text)
    ingest(warehouse, find_source(kind), Request(str(path), name, {}, options))


def test_only_what_the_experiment_rests_on_counts(warehouse, tmp_path):
    runs = "algorithm,benchmark,seed,budget,value\nA,b1,0,1,0.5\nB,b1,0,1,0.4\n"
    load(warehouse, tmp_path, "runs", "mine", runs)
    first = fingerprint(warehouse, 1)
    load(warehouse, tmp_path, "features", "far", "benchmark,dim\nelsewhere,3\n")
    load(warehouse, tmp_path, "runs", "others", runs.replace("b1", "b2"))
    assert fingerprint(warehouse, 1) == first
    load(warehouse, tmp_path, "features", "near", "benchmark,size\nb1,100\n")
    with_features = fingerprint(warehouse, 1)
    assert with_features != first
    load(warehouse, tmp_path, "grid", "table", "lr,value\n0.1,0.3\n0.2,0.2\n", benchmark="b1", direction="min")
    assert fingerprint(warehouse, 1) != with_features
