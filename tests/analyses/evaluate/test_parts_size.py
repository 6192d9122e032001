"""Fifty-five million units in two gigabytes of address space."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hpowh.analyses.evaluate.storing.layout import read_layout

INSTANT = """
from sklearn.base import BaseEstimator, ClassifierMixin
import numpy as np

class Instant(ClassifierMixin, BaseEstimator):
    def __init__(self, a=0, b=0, c=0):
        self.a, self.b, self.c = a, b, c
    def fit(self, features, target):
        self.classes_ = np.unique(target)
        return self
    def predict(self, features):
        return np.zeros(len(features), dtype=int)
"""
SPEC = """
name = "huge"
folds = 5
[[data]]
name = "iris"
[[model]]
name = "instant"
import = "instant.Instant"
space.a = {from = 1, to = 224, levels = 224, integer = true}
space.b = {from = 1, to = 224, levels = 224, integer = true}
space.c = {from = 1, to = 220, levels = 220, integer = true}
"""
LIMITED = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30))
from hpowh.analyses.evaluate.job import prepare
from hpowh.analyses.evaluate.parts.collecting import collect_folder
from hpowh.analyses.evaluate.parts.job import evaluate_part
from hpowh.analyses.evaluate.parts.status import status_of
from hpowh.warehouse.packets.parts import Part
if __name__ == "__main__":
    folder, limit = Path(sys.argv[2]), float(sys.argv[3]) or None
    state = evaluate_part(prepare(Path(sys.argv[1])), folder, Part(1, 1), jobs=1, time_limit=limit)
    print(state.why, state.done, status_of(folder).done, collect_folder(folder).done_count)
"""
LEFT = 3000


@pytest.mark.slow
def test_fifty_five_million_units_in_two_gigabytes(tmp_path):
    """Begun, ended by its time limit, then all but a few units are put into shards, and a part does these and ends."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "instant.py").write_text(INSTANT)
    (tmp_path / "huge.toml").write_text(SPEC)
    (tmp_path / "go.py").write_text(LIMITED)
    folder = tmp_path / "out"

    def go(limit: float) -> list[str]:
        done = subprocess.run(
            [sys.executable, str(tmp_path / "go.py"), str(tmp_path / "huge.toml"), str(folder), str(limit)],
            capture_output=True, text=True, check=False, timeout=1500, env={**os.environ, "HPOWH_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    why, done, seen, collected = go(90.0)
    layout = read_layout(folder)
    assert layout.unit_count == 224 * 224 * 220 * 5 > 55_000_000
    assert why == "limit"
    assert int(seen) == int(collected) >= int(done) > 0
    for shard in (folder / "shards").iterdir():
        shard.unlink()
    size = layout.sizes[0]
    for group in range(5):
        last = size - (LEFT if group == 4 else 0)
        for start in range(0, last, 1_000_000):
            ranks = np.arange(start, min(start + 1_000_000, last))
            table = pa.table({"group": np.full(len(ranks), group, dtype=np.int32), "configuration_id": ranks})
            pq.write_table(table, folder / "shards" / f"part-{group}-{start:09d}.parquet")
    why, done, seen, collected = go(0.0)
    assert (why, int(done)) == ("done", LEFT)
    assert int(seen) == int(collected) == layout.unit_count
