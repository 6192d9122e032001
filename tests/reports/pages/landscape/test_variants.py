"""One landscape a benchmark stands in the navigation; the others are one click away by what differs."""

from __future__ import annotations

from hpowh.reports.page import Page
from hpowh.reports.pages.landscape.variants import first_of, variants


class Site:
    """What `variants` looks at."""

    def __init__(self, keys):
        self.pages = {key: Page(key=key, title="x", section="Landscapes", build=list) for key in keys}

    def href(self, key):
        return "/".join(key)


ONE = [
    ("landscape", "s", "b", "loss", "train"),
    ("landscape", "s", "b", "loss", "valid"),
    ("landscape", "s", "b", "loss", "valid", "10"),
    ("landscape", "s", "b", "time", "train"),
]


def test_the_first_is_of_full_fidelity_and_not_of_training():
    assert first_of(ONE) == ONE[1]
    assert first_of(ONE[:1] + ONE[3:]) == ONE[0]
    assert first_of(ONE[2:3]) == ONE[2]


def test_every_choice_leads_to_the_nearest_landscape_that_has_it():
    (block,) = variants(Site([*ONE, ("landscape", "s", "other", "loss", "train"), ("overview",)]), ONE[1])
    assert block.choices == [
        ("Metric", [("loss", "/".join(ONE[1]), True), ("time", "/".join(ONE[3]), False)]),
        ("Split", [("train", "/".join(ONE[0]), False), ("valid", "/".join(ONE[1]), True)]),
        ("Fidelity", [("full", "/".join(ONE[1]), True), ("10", "/".join(ONE[2]), False)]),
    ]


def test_a_benchmark_with_one_landscape_has_no_choices():
    assert variants(Site(ONE[:1]), ONE[0]) == []
