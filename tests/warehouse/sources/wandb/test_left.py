"""W&B run folders of which only config.yaml and wandb-summary.json are left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpowh.warehouse.errors import IngestError

from ..stored import load, trials


def run_folder(folder: Path, number: int, summary: dict | None, **metadata: str) -> Path:
    files = folder / f"run-2026010{number}_120000-run{number}aaaa" / "files"
    files.mkdir(parents=True)
    (files / "config.yaml").write_text(
        "wandb_version: 1\n_wandb:\n  desc: null\n  value: {cli_version: 0.9}\n"
        f"learning_rate:\n  desc: null\n  value: 0.0{number}\noptimizer:\n  value: {{name: adam}}\n"
    )
    if summary is not None:
        (files / "wandb-summary.json").write_text(json.dumps(summary))
    if metadata:
        (files / "wandb-metadata.json").write_text(json.dumps(metadata))
    return files


def test_configuration_and_summary_are_read_and_what_is_not_known_is_said(warehouse, tmp_path):
    ends = {"val_loss": 0.3, "_step": 9, "_runtime": 61, "_timestamp": 1767268861.0, "_wandb": {"runtime": 61}}
    run_folder(tmp_path / "wandb", 1, ends, startedAt="2026-01-01T12:00:00.000000", host="box")
    run_folder(tmp_path / "wandb", 2, ends | {"val_loss": 0.5})
    run_folder(tmp_path / "wandb", 3, None)
    outcome = load(warehouse, "wandb", tmp_path / "wandb", mapping={"val_loss": "metric"}, options={"direction": "min"})
    found = trials(warehouse)
    assert [(t["name"], t["status"]) for t in found] == [
        ("run1aaaa", "finished"), ("run2aaaa", "finished"), ("run3aaaa", "running")
    ]  # fmt: skip
    assert found[0]["parameters"] == {"learning_rate": 0.01, "optimizer.name": "adam"}
    assert found[0]["values"] == {("val_loss", None): 0.3}
    assert found[0]["duration"] == 61
    assert found[0]["attributes"]["host"] == "box"
    assert any("3 run folders hold no .wandb file" in note for note in outcome.notes)


def test_a_summary_that_is_not_whole_is_refused(warehouse, tmp_path):
    files = run_folder(tmp_path, 1, {"val_loss": 1.0})
    (files / "wandb-summary.json").write_text('{"val_loss": 1')
    with pytest.raises(IngestError, match="wandb-summary.json is not whole"):
        load(warehouse, "wandb", tmp_path, mapping={"val_loss": "metric"}, options={"direction": "min"})
