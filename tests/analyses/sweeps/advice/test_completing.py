"""A suggestion has all that it takes to run it: also what no model sees."""

from __future__ import annotations

import numpy as np
from planted import column

from hpowh.analyses.sweeps.advice.exports import wandb_sweep
from hpowh.analyses.sweeps.advice.process import fit_process
from hpowh.analyses.sweeps.advice.suggest import suggest
from hpowh.analyses.sweeps.analysis import analyse_metric
from hpowh.analyses.sweeps.reading.prepare import prepare


def suggested(raw, loss):
    prepared = prepare(raw)
    loss = (loss - loss.mean()) / loss.std()
    process = fit_process(prepared, loss, 0)
    assert process is not None
    return prepared, [one.values for one in suggest(prepared, loss, process.start, 0)]


def test_four_layers_come_with_units_of_the_fourth_though_four_trials_alone_have_them():
    random = np.random.default_rng(0)
    layers = np.array([1] * 8 + [2] * 12 + [3] * 8 + [4] * 4)
    units = [[float(random.integers(8, 513)) if k > j else None for k in layers] for j in range(4)]
    raw = [column("layers", layers.tolist()), *(column(f"units{j}", one) for j, one in enumerate(units))]
    prepared, found = suggested(raw, (layers - 4.0) ** 2 + 0.1 * random.normal(size=layers.size))
    assert [c.role for c in prepared.columns] == ["used"] * 4 + ["sparse"]
    assert any(one["layers"][0] == 4 for one in found)
    for one in found:
        assert set(one) == {"layers"} | {f"units{j}" for j in range(int(one["layers"][0]))}


def test_what_never_varied_and_what_repeats_another_goes_with_each_suggestion():
    random = np.random.default_rng(1)
    count = random.integers(1, 10, 50)
    raw = [column("count", count.tolist()), column("device", ["gpu"] * 50), column("folds", [5] * 50),
           column("total", (50 * count).tolist()), column("x", random.uniform(size=50).tolist())]  # fmt: skip
    prepared, found = suggested(raw, (count - 6.0) ** 2 + random.normal(size=50))
    assert {c.name: c.role for c in prepared.columns if c.role != "used"} == {
        "device": "constant", "folds": "constant", "total": "duplicate",
    }  # fmt: skip
    assert found
    for one in found:
        assert one["device"] == (None, "gpu")
        assert one["folds"] == (5.0, None)
        assert one["total"] == (50 * one["count"][0], None)


def test_a_sweep_of_wandb_holds_what_never_varied():
    text = wandb_sweep("loss", "min", [], {"folds": 5, "device": "gpu"})
    assert "folds:\n    value: 5" in text
    assert "device:\n    value: gpu" in text


def test_a_grid_that_was_tried_whole_has_nothing_left_and_that_is_said():
    values = [(rate, batch, i) for rate in (1e-3, 1e-2, 1e-1) for batch in (16, 32, 64) for i in range(2)]
    raw = [column("rate", [v[0] for v in values]), column("batch", [v[1] for v in values])]
    y = np.array([np.log10(v[0]) + v[1] / 32 + 0.01 * v[2] for v in values])
    wide = [column(one.name, [*one.number.tolist()] * 2) for one in raw]
    more = column("x", [1] * 18 + [2] * 18)
    result = analyse_metric([*wide, more], np.concatenate([y, y + 0.5]), "min", 0)
    assert "sweep_suggestion" not in result.tables or not result.tables["sweep_suggestion"]
    assert any("have been tried" in one for one in result.warnings)
