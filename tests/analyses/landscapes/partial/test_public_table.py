"""A public table with nine of 59,049 cells missing: what is imputed takes nothing from its exact shares."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.analyses.landscapes.one.importance import measure_importance

from ....peers import Peer

SHARES = {
    "cora": {"variance_main": 0.162, "variance_pairs": 0.314, "variance_higher": 0.524},
    "citeseer": {"variance_main": 0.424, "variance_pairs": 0.302, "variance_higher": 0.274},
}
"""Of the table with its nine cells at the mean, by hand: a random forest in their place says 0.418, 0.446 and 0.136."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SHARES)
def test_every_share_is_within_a_hundredth_of_the_truth_or_covered(
    peer: Callable[[str], Peer], tmp_path: Path, name: str
):
    done = peer("graph").run(Path(__file__).parent / "make_graph_table.py", name, cwd=tmp_path, timeout=120)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    table = np.full((9,) * 5, np.nan)
    for row in rows:
        table[tuple(int(row[axis]) for axis in ("link", "op1", "op2", "op3", "op4"))] = float(row["accuracy"])
    assert np.count_nonzero(np.isnan(table)) == 9
    filled = np.where(np.isnan(table), np.nanmean(table), table)
    truth = {
        one.name: one.value
        for one in measure_importance(Surface.from_grid(-filled, False), default=None, seed=0).metrics
    }
    for share, value in SHARES[name].items():
        assert truth[share] == pytest.approx(value, abs=5e-4)
    found = characterise(Surface.from_grid(-table, False), Options(has_network=False)).tables["landscape_metric"]
    seen = 0
    for metric, value, lower, upper in zip(*(found[x] for x in ("name", "value", "lower", "upper")), strict=True):
        if metric in truth and metric.startswith(("variance", "interaction")):
            seen += 1
            assert abs(value - truth[metric]) < 0.01 or lower <= truth[metric] <= upper, metric
    assert seen >= 9
