"""The static views: their order, and the mark by which a warehouse knows whose views it has."""

from __future__ import annotations

import os
import subprocess
import sys

from hpowh.warehouse.views import static_views, views_fingerprint


def test_the_fingerprint_is_the_same_in_every_process():
    """Sets of names have another order in each process; a warehouse just made must not be called out of date."""
    code = "from hpowh.warehouse.views import views_fingerprint; print(views_fingerprint())"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    assert seen == {views_fingerprint()}


def test_a_view_comes_after_those_that_it_reads():
    seen: set[str] = set()
    views = static_views()
    for view in views:
        reads = {other.name for other in views if f"mart.{other.name} " in f"{view.select} "}
        assert reads - {view.name} <= seen, view.name
        seen.add(view.name)
