"""When compiled loops are taken, where their machine code is kept, and that large and small forms agree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses import compiling
from hpowh.analyses.landscapes.grid import kernels, paying
from hpowh.analyses.landscapes.grid.engines import graph_of
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one import fanova, shares
from hpowh.analyses.landscapes.one.fanova import decompose, roughness_to_slope
from hpowh.analyses.landscapes.one.nodes import describe_nodes
from hpowh.analyses.landscapes.values import pearson
from hpowh.analyses.statistics.ranks import ranked

from ....examples import few


class TestPays:
    def test_with_machine_code_from_the_least_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paying, "is_on_disk", lambda function: True)
        assert [paying.pays("scan_range", work, 100) for work in (99, 100)] == [False, True]

    def test_without_machine_code_only_for_much_work_or_after_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paying, "is_on_disk", lambda function: False)
        monkeypatch.setattr(paying, "_done_without", {})
        assert paying.pays("scan_range", 800, 100)
        assert [paying.pays("climb", 300, 100) for _ in range(3)] == [False, False, True]

    def test_code_on_disk_is_found_and_an_older_one_is_not(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Function:
            __name__ = "climb"
            py_func = kernels.climb.py_func

            class stats:  # noqa: N801 - as numba names it
                cache_path: str | None = str(tmp_path)

        climb = Function()
        assert not compiling.is_on_disk(climb)
        index = tmp_path / "kernels.climb-7.py311.nbi"
        index.touch()
        assert compiling.is_on_disk(climb)
        os.utime(index, (0, 0))
        assert not compiling.is_on_disk(climb)
        monkeypatch.setattr(Function.stats, "cache_path", None)
        assert not compiling.is_on_disk(climb)


CHAIN = """
from hpowh_kernels import compiling
import numpy as np
@compiling.compiled
def double(x):
    return 2 * x
print(double(3.0), double.stats.cache_path)
"""


@pytest.mark.parametrize("is_writable", [True, False])
def test_read_only_installations_keep_their_code_elsewhere_or_nowhere(tmp_path: Path, is_writable: bool) -> None:
    """A package folder that cannot be written to: the user's cache takes the code; without one it still runs."""
    package = tmp_path / "site" / "hpowh_kernels"
    package.mkdir(parents=True)
    shutil.copy(compiling.__file__, package / "compiling.py")
    (package / "__init__.py").touch()
    (package / "mine.py").write_text(CHAIN)
    # A file where numba would make its folder: also root cannot write there.
    (package / "__pycache__").touch()
    home = tmp_path / "home"
    home.mkdir()
    if not is_writable:
        (home / "cache").touch()
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "PYTHONPYCACHEPREFIX")
    } | {"PYTHONPATH": str(tmp_path / "site"), "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", "import hpowh_kernels.mine"], env=environment, capture_output=True, text=True, check=True
    )
    value, _, folder = done.stdout.strip().partition(" ")
    assert value == "6.0"
    assert folder.startswith(str(home)) if is_writable else folder == "None"


@settings(max_examples=few(25), deadline=None)
@given(seed=st.integers(0, 10_000), axes=st.integers(1, 5))
def test_large_and_small_forms_of_the_decomposition_agree(seed: int, axes: int) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.normal(3, 2, rng.integers(1, 6, axes))
    with pytest.MonkeyPatch.context() as patch:
        found = []
        for cells, indicators in ((10**9, 128), (1, 0)):
            patch.setattr(fanova, "COMPILED_CELLS", cells)
            patch.setattr(fanova, "MAX_INDICATORS", indicators)
            patch.setattr(paying, "is_on_disk", lambda function: True)
            found.append(decompose(grid))
    one, other = found
    np.testing.assert_allclose(one.total, other.total, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.main, other.main, rtol=1e-9, atol=1e-12)
    assert one.pair == pytest.approx(other.pair, abs=1e-12)


def test_roughness_by_difference_equals_roughness_by_residual(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = np.random.default_rng(0).normal(size=(4, 3, 5)) + np.arange(5)
    parts = decompose(grid)
    by_difference = roughness_to_slope(grid, [True] * 3, parts)
    monkeypatch.setattr(fanova, "NEARLY_ADDITIVE", 2.0)
    assert roughness_to_slope(grid, [True] * 3, parts) == pytest.approx(by_difference)


@settings(max_examples=few(25), deadline=None)
@given(seed=st.integers(0, 10_000), limit=st.sampled_from([0, 4_000_000]))
def test_the_table_of_shares_gives_what_all_configurations_give(seed: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.integers(0, 5, (4, 3, 5)).astype(float)
    grid[rng.random(grid.shape) < 0.3] = np.nan
    grid[0, 0, 0] = 0.0
    surface = Surface.from_grid(grid, [True, False, True])
    nodes = describe_nodes(surface, graph_of(surface), 1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shares, "MAX_CODES", limit)
        table = shares.shares_by_distance(nodes)
    linked = nodes.degree > 0
    share, distance = nodes.neutrality[linked], nodes.distance[linked].astype(float)
    assert table.count.sum() == share.size
    assert table.share_median() == pytest.approx(np.median(share))
    assert table.share_sd() == pytest.approx(share.std())
    for by_rank, x, y in ((False, share, distance), (True, ranked(share), ranked(distance))):
        expected = pearson(x, y)
        assert table.correlation(by_rank=by_rank) == (None if expected is None else pytest.approx(expected))


def test_sums_do_not_depend_on_the_number_of_threads() -> None:
    grid = np.random.default_rng(0).random((12, 12, 30, 11, 12))
    surface = Surface.from_grid(grid, [True, False, True, False, True])
    one, two = (graph_of(surface, engine="compiled", threads=threads).walk(surface.loss, 3) for threads in (1, 3))
    assert one == two


def test_unlikely_starts_and_likely_ones_reach_the_same() -> None:
    """A search upwards from few known configurations, and a look down from the few that are not known."""
    rng = np.random.default_rng(2)
    grid = np.add.outer(np.arange(40.0), np.arange(30.0)) + rng.integers(0, 4, (40, 30))
    surface = Surface.from_grid(grid, [True, False])
    graph = graph_of(surface, engine="compiled")
    few = np.zeros(surface.size, dtype=bool)
    few[surface.optima] = True
    expected = graph.reachable(surface, few)
    assert 0.6 < expected.mean() < 1
    many = expected.copy()
    many[np.flatnonzero(expected)[::7]] = False
    many[surface.optima] = True
    assert many.sum() * 2 > surface.size
    np.testing.assert_array_equal(graph.reachable(surface, many), expected)
