"""What page modules ask of the site."""

from __future__ import annotations

import pytest

from hpowh.reports.context import SiteContext


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        ("percent", "acc (%, higher is better)"),
        ("share", "acc (0 to 1, higher is better)"),
        ("s", "acc (s, higher is better)"),
        ("bytes", "acc (bytes, higher is better)"),
        ("none", "acc (higher is better)"),
        (None, "acc (higher is better)"),
    ],
)
def test_labels_of_metrics_say_unit_and_direction(warehouse, unit, label):
    with warehouse.writing() as connection:
        connection.execute("insert into core.metric values (1, 'acc', 'max', null, null, ?)", [unit])
    site = SiteContext(opened=warehouse)
    assert site.metric("acc", "max") == label
    assert site.metric("other", "min") == "other (lower is better)"
