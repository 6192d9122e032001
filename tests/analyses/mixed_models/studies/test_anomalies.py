"""Anomalous benchmarks: PriorBand's two are found, and none where there is none."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.studies.anomalies import find_anomalies, sentences, shift_of
from hpowh.analyses.mixed_models.studies.job import analyse_anomalies
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

NAMES = {"first": "HB", "second": "PB", "factor": "prior", "good_level": "good", "bad_level": "bad"}
TWO = {"LC-167190", "LC-168910"}


def drawn(rng, shifts, runs=50, scales=1.0):
    scales = np.broadcast_to(scales, len(shifts))
    return [
        shift_of(f"b{i}", 1.0, scale * (rng.standard_normal(runs) + shift), scale * rng.standard_normal(runs))
        for i, (shift, scale) in enumerate(zip(shifts, scales, strict=True))
    ]


def flagged(rows):
    return {row["benchmark"] for row in rows if row["is_anomalous"]}


@pytest.mark.shared
def test_priorbands_two_anomalies_are_found_in_the_published_data(priorband_warehouse):
    outcome = analyse_anomalies(priorband_warehouse, pair=("HB", "PB"), levels=("at25", "bad"))
    table = outcome.tables["lmem_anomaly"]
    assert flagged(table.to_dicts()) == TWO
    for row in table.filter(table["is_anomalous"]).to_dicts():
        assert row["shift_lower"] < row["shift"] < row["shift_upper"]
        assert row["shift"] * row["consensus_shift"] < 0
        assert row["win_shift"] * row["consensus_win_shift"] < 0


@pytest.mark.shared
def test_priorbands_two_anomalies_are_found_in_the_traces(shared, empty_warehouse, tmp_path):
    path = tmp_path / "traces.duckdb"
    shutil.copy(empty_warehouse, path)
    warehouse = Warehouse(path)
    source = str(shared / "data" / "priorband_traces.parquet")
    mapping = {"used_fidelity": "budget", "bench_prior": "ignore"}
    ingest(warehouse, find_source("runs"), Request(source, "traces", mapping, {"direction": "min"}, None))
    outcome = analyse_anomalies(warehouse, pair=("HB", "PB"), levels=("at25", "bad"))
    assert flagged(outcome.tables["lmem_anomaly"].to_dicts()) == TWO
    assert len(outcome.warnings) == 4
    why = outcome.tables["lmem_anomaly_why"]
    assert (set(why["benchmark"]), why.height) == (TWO, 8)
    assert why["p_adjusted"].is_between(0.0, 1.0).all()


def test_a_reversed_benchmark_is_found_and_a_far_one_is_not():
    rng = np.random.default_rng(3)
    shifts = [1.0, 1.1, 0.9, 1.0, 1.2, 0.8, -0.6, 6.0]
    scales = [1, 10, 0.1, 1, 3, 1, 5, 1]
    rows = find_anomalies(drawn(rng, shifts, scales=scales), NAMES)
    assert flagged(rows) == {"b6"}
    assert "b6" in sentences(rows)[0]


@pytest.mark.parametrize("shift", [0.0, 0.15, 1.0])
@pytest.mark.parametrize(
    "count", [pytest.param(200, id="reduced"), pytest.param(2000, id="full", marks=pytest.mark.slow)]
)
def test_nothing_is_flagged_without_an_anomaly(shift, count):
    """Whatever the common shift, the whole family's error stays at 5 % or below."""
    rng = np.random.default_rng(4)
    hits = sum(bool(flagged(find_anomalies(drawn(rng, [shift] * 12), NAMES))) for _ in range(count))
    assert hits <= stats.binom.ppf(0.999, count, 0.05)


def test_a_benchmark_without_variation_has_a_reason():
    rng = np.random.default_rng(5)
    still = shift_of("still", 1.0, np.zeros(10), np.zeros(10))
    rows = find_anomalies([*drawn(rng, [1.0] * 4), still], NAMES)
    assert rows[-1]["p_value"] is None
    assert "variation" in rows[-1]["reason"]
    assert shift_of("few", 1.0, np.zeros(3), np.zeros(10)) is None


@pytest.mark.shared
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factor": "nope"}, "no column 'nope'"),
        ({"levels": ("at25", "nope")}, "no level nope"),
        ({"pair": ("HB", "XX")}, "no algorithm XX"),
    ],
)
def test_wrong_names_list_the_right_ones(options, message, priorband_warehouse):
    with pytest.raises(UsageError, match=message):
        analyse_anomalies(priorband_warehouse, **options)
