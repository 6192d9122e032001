"""Seeds and names in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpowh.analyses.traces.wording import listed, seed_ranges, winner_sentence
from hpowh.warehouse.wording import plural, ratio


def test_seed_ranges_join_neighbours():
    assert seed_ranges([4, 0, 1, 2, 9]) == "0-2, 4, 9"
    assert seed_ranges([]) == ""
    assert seed_ranges([7]) == "7"


@given(st.lists(st.integers(0, 60)))
def test_seed_ranges_can_be_read_back(seeds: list[int]):
    back: set[int] = set()
    for part in filter(None, seed_ranges(seeds).split(", ")):
        first, _, last = part.partition("-")
        back |= set(range(int(first), int(last or first) + 1))
    assert back == set(seeds)


def test_listed_says_how_many_more():
    assert listed(["a", "b", "c"], limit=2) == "a, b and 1 more"
    assert listed(["a", "b"]) == "a, b"


def test_plural():
    assert plural(1, "run") == "1 run"
    assert plural(1200, "run") == "1,200 runs"


def test_a_ratio_is_not_rounded_to_the_one_that_it_is_tested_against():
    assert [ratio(value) for value in (0.99968, 1.00004, 1.0, 0.943, 52.19)] == [
        "0.9997",
        "1.00004",
        "1",
        "0.943",
        "52.2",
    ]


def test_who_ends_lowest_goes_with_what_may_stand_for_failures_and_one_benchmark_with_no_advice():
    row = {"setting": "", "metric": "loss", "algorithm": "b", "mean": 0.1, "low": None, "high": None,
           "next_algorithm": "a", "next_mean": 0.2, "benchmark_count": 1}  # fmt: skip
    code = {"metric": "loss", "value": 1e9, "run_count": 4, "benchmark_count": 1, "algorithms": ["a"]}
    said = winner_sentence("study", row, [code])
    assert "One benchmark says nothing of others. loss is 1000000000 at the end of 4 runs (a; 1 benchmark)," in said
    assert "hpowh analyse lmem" not in said
    assert "hpowh analyse lmem" in winner_sentence("study", row | {"benchmark_count": 2}, [code | {"metric": "f1"}])
