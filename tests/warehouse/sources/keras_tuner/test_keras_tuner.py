"""The source `keras-tuner`, on projects as Keras Tuner 1.4 writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError

from ..stored import load, trials


def hyper(kind: str, name: str, conditions: list | None = None, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "default": None, "conditions": conditions or [], **config}}


ON = [{"class_name": "Parent", "config": {"name": "model", "values": ["net"]}}]
SPACE = [
    hyper("Choice", "model", values=["net", "tree"], ordered=False),
    hyper("Int", "units", ON, min_value=32, max_value=512, step=32, sampling="linear"),
    hyper("Float", "lr", min_value=1e-4, max_value=0.1, step=None, sampling="log"),
    hyper("Choice", "batch", values=[16, 32, 64], ordered=True),
    hyper("Boolean", "drop"),
]


def trial(number: int, values: dict[str, Any], losses: list[list[float]] | None, status: str = "COMPLETED") -> dict:
    """A trial with losses by step (several executions each); accuracy is one less the loss."""
    metrics = {}
    for name, direction, of in (("val_loss", "min", lambda v: v), ("val_accuracy", "max", lambda v: 1 - v)):
        rows = [{"value": [of(v) for v in one], "step": step} for step, one in enumerate(losses or [])]
        metrics[name] = {"direction": direction, "observations": rows}
    means = [sum(one) / len(one) for one in losses or []]
    best = means.index(min(means)) if means else None
    return {
        "trial_id": f"{number}", "hyperparameters": {"space": SPACE, "values": values},
        "metrics": {"metrics": metrics if losses else {}}, "score": 1 - means[best] if means else None,
        "best_step": best, "status": status, "message": None if losses else "Traceback: it broke",
    }  # fmt: skip


def project(folder: Path, made: list[dict], order: list[str] | None = None) -> Path:
    for one in made:
        place = folder / f"trial_{one['trial_id']}"
        place.mkdir(parents=True)
        (place / "trial.json").write_text(json.dumps(one))
    (folder / "oracle.json").write_text(json.dumps({"start_order": order or [], "seed": 3}))
    return folder


NET = {"model": "net", "units": 64, "lr": 0.01, "batch": 32, "drop": True, "tuner/epochs": 2, "tuner/bracket": 1}
TREE = {"model": "tree", "units": 32, "lr": 0.001, "batch": 16, "drop": False}


def test_trials_have_the_values_that_they_had_and_the_metric_is_that_of_the_scores(warehouse, tmp_path):
    made = [trial(0, NET, [[0.5], [0.3, 0.5]]), trial(1, TREE, [[0.9]]), trial(2, TREE, None, "FAILED")]
    load(warehouse, "keras-tuner", project(tmp_path / "p", made, ["2", "0", "1"]))
    found = {t["name"]: t for t in trials(warehouse)}
    assert [t["name"] for t in trials(warehouse)] == ["2", "0", "1"]
    assert found["0"]["parameters"] == {"model": "net", "units": 64, "lr": 0.01, "batch": 32, "drop": "true"}
    assert "units" not in found["1"]["parameters"]
    assert found["0"]["attributes"]["tuner/epochs"] == 2
    assert found["0"]["attributes"]["val_loss"] == pytest.approx(0.4)
    assert found["0"]["values"] == {("val_accuracy", 0): 0.5, ("val_accuracy", 1): pytest.approx(0.6),
                                    ("val_accuracy", None): pytest.approx(0.6)}  # fmt: skip
    assert found["2"]["status"] == "failed"
    assert found["2"]["attributes"]["error_message"] == "Traceback: it broke"
    declared = warehouse.sql(
        "select name, value_type, scale, lower, upper, step, choices from core.sweep_parameter order by name"
    ).rows()
    assert declared == [
        ("batch", "int", "linear", None, None, None, None),
        ("drop", "bool", "linear", None, None, None, "[true, false]"),
        ("lr", "float", "log", 1e-4, 0.1, None, None),
        ("model", "text", "linear", None, None, None, '["net", "tree"]'),
        ("units", "int", "linear", 32, 512, 32, None),
    ]
    assert warehouse.sql("select direction from core.metric").one() == "max"


def test_an_objective_that_cannot_be_told_is_asked_for(warehouse, tmp_path):
    same = trial(0, NET, [[0.5]])  # loss and accuracy are 0.5 both
    with pytest.raises(UsageError, match="which metric is the objective.*each of val_loss, val_accuracy"):
        load(warehouse, "keras-tuner", project(tmp_path / "a", [same]))
    load(warehouse, "keras-tuner", tmp_path / "a", options={"metric": "val_loss"})
    assert trials(warehouse)[0]["values"][("val_loss", None)] == 0.5
    with pytest.raises(UsageError, match="No trial has a metric 'f1'"):
        load(warehouse, "keras-tuner", tmp_path / "a", name="b", options={"metric": "f1"})
    (tmp_path / "c" / "trial_0").mkdir(parents=True)
    (tmp_path / "c" / "trial_0" / "trial.json").write_text("{}")
    with pytest.raises(IngestError, match="is no trial as Keras Tuner writes it"):
        load(warehouse, "keras-tuner", tmp_path / "c", name="c")


def test_of_two_values_at_one_step_the_last_counts_and_it_is_said(warehouse, tmp_path):
    """An observation without its step is taken as one at the first."""
    made = trial(0, NET, [[0.5], [0.25]])
    for one in made["metrics"]["metrics"].values():
        del one["observations"][1]["step"]
    outcome = load(warehouse, "keras-tuner", project(tmp_path / "p", [made]))
    assert trials(warehouse)[0]["values"] == {("val_accuracy", 0): 0.75, ("val_accuracy", None): 0.75}
    assert any("at a step that had one already: 1." in note for note in outcome.notes)
    assert [one.name for one in run_checks(warehouse) if one.failures] == []
