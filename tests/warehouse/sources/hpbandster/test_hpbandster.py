"""The source `hpbandster`, on folders as its json_result_logger writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpowh.analyses.sweeps.job import analyse
from hpowh.analyses.sweeps.options import Options
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import RowsRefusedError

from ..stored import counts, load, trials


def write(folder: Path, configs: list, results: list, tail: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configs.json").write_text("".join(json.dumps(one) + "\n" for one in configs))
    (folder / "results.json").write_text("".join(json.dumps(one) + "\n" for one in results) + tail)
    return folder


def result(
    key: tuple[int, int, int], budget: float, loss: float | None, error: str | None = None, at: float = 0
) -> list:
    times = {"submitted": 1.7e9 + at, "started": 1.7e9 + at + 1, "finished": 1.7e9 + at + 4}
    found = None if loss is None else {"loss": loss, "info": {"test": 1 - loss}}
    return [list(key), budget, times, found, error]


CONFIGS = [
    [[0, 0, 0], {"lr": 0.1, "kind": "a"}, {"model_based_pick": False}],
    [[0, 0, 1], {"lr": 0.2, "kind": "b"}, {"model_based_pick": True}],
    [[0, 0, 2], {"lr": 0.3}, {}],
    [[0, 0, 3], {"lr": 0.4}, {}],
]
RESULTS = [
    result((0, 0, 0), 3.0, 0.9),
    result((0, 0, 1), 3.0, 0.7, at=1),
    result((0, 0, 1), 9.0, 0.5, at=10),
    result((0, 0, 2), 3.0, None, "Traceback: no memory"),
]


def test_budgets_are_steps_and_what_became_of_a_configuration_is_kept(warehouse, tmp_path):
    outcome = load(warehouse, "hpbandster", write(tmp_path / "bohb", CONFIGS, RESULTS))
    found = trials(warehouse)
    assert [(t["name"], t["status"]) for t in found] == [
        ("0.0.0", "pruned"), ("0.0.1", "finished"), ("0.0.2", "failed"), ("0.0.3", "waiting")
    ]  # fmt: skip
    assert found[0]["values"] == {("loss", 3): 0.9}
    assert found[1]["values"] == {("loss", 3): 0.7, ("loss", 9): 0.5, ("loss", None): 0.5}
    assert found[2]["values"] == {("loss", 3): "failed"}
    assert found[1]["parameters"] == {"lr": 0.2, "kind": "b"}
    assert found[1]["duration"] == 6
    assert found[1]["attributes"]["info.model_based_pick"] is True
    assert found[2]["attributes"]["error"] == "Traceback: no memory"
    assert "Budgets are steps; what was not run on the largest one is pruned." in outcome.notes
    assert "1 configurations have no result yet." in outcome.notes


def test_every_evaluation_of_a_hyperband_run_can_be_asked_about(warehouse, tmp_path):
    configs = [[[0, 0, i], {"x": i / 30}, {}] for i in range(30)]
    results = [result((0, 0, i), 1 / 3, i / 30 + 0.01 * (i % 3), at=i) for i in range(30)]
    results += [result((0, 0, i), 1.0, i / 40, at=50 + i) for i in range(4)]
    load(warehouse, "hpbandster", write(tmp_path / "run", configs, results), options={"metric": "val"})
    analyse(warehouse)
    used = "select used_count, step from result.sweep_summary order by analysis_run_id desc"
    assert warehouse.sql(used).rows()[0] == (30, 1)
    analyse(warehouse, options=Options(step=2))
    assert warehouse.sql(used).rows()[0] == (4, 2)


def test_a_line_that_is_being_written_is_left_out_and_others_are_refused(warehouse, tmp_path):
    load(warehouse, "hpbandster", write(tmp_path / "live", CONFIGS, RESULTS, tail='[[0, 0, 3], 3.0, {"subm'))
    assert counts(warehouse)["trial"] == 4
    bad = write(tmp_path / "bad", CONFIGS, [["x"], *RESULTS, result((9, 9, 9), 3.0, 0.1)])
    with pytest.raises(RowsRefusedError, match="row 1, column 'results.json'.*row 6"):
        load(warehouse, "hpbandster", bad, name="bad")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match=r"There is no configs.json with a results.json below"):
        load(warehouse, "hpbandster", tmp_path / "empty", name="none")
    with pytest.raises(UsageError, match="no columns to map"):
        load(warehouse, "hpbandster", bad, name="bad", mapping={"loss": "metric"})
