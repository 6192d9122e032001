"""A thousand parts on a hostile folder, simulated with the code that shares out: always the same end, and soon."""

from __future__ import annotations

import os

import pytest

from .parts_simulation import hostile_history, makespan_over_ideal


def check_history(seed: int, parts: int, groups: int, size: int) -> None:
    """However hostile: every unit is there in the end; undisturbed units are not trained again and again."""
    done, world, _ = hostile_history(seed, parts, groups, size)
    assert len(done) == done.layout.unit_count
    assert all((group, rank) in done for group in range(groups) for rank in range(size))
    assert set(world.trained) == {(group, rank) for group in range(groups) for rank in range(size)}


@pytest.mark.parametrize("seed", range(8))
def test_a_hostile_history_of_twelve_parts_comes_to_the_same_end(seed):
    check_history(seed, parts=12, groups=3, size=40)


@pytest.mark.slow
def test_hostile_histories_of_a_thousand_parts_come_to_the_same_end():
    """Three seconds each; $HPOWH_HISTORIES says how many (1000), or which (500:1000, so that cores can share)."""
    first, _, last = os.environ.get("HPOWH_HISTORIES", "30").rpartition(":")
    for seed in range(int(first or 0), int(last)):
        check_history(seed, parts=1000, groups=4, size=300)


def test_fifty_parts_take_little_longer_than_the_ideal():
    assert makespan_over_ideal(50, groups=4, size=8000, scale=10.0) <= 1.1


@pytest.mark.slow
def test_a_thousand_parts_take_at_most_a_tenth_longer_than_the_ideal():
    """Four million units whose times span three decades between groups, two thousand hours of one process in all."""
    assert makespan_over_ideal(1000, groups=10, size=400_000, scale=10.0) <= 1.1
