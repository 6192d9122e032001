"""Seeds of one's own are no missing runs; a missing run stays one."""

from __future__ import annotations

from hpowh.analyses.traces.seeds import by_own_seeds


def rows(seeds: dict[str, list[list[int]]]) -> list[dict]:
    """Rows of `coverage/runs`: of every algorithm the seeds on each benchmark."""
    found = []
    for at in range(len(next(iter(seeds.values())))):
        every = sorted({seed for mine in seeds.values() for seed in mine[at]})
        found += [
            {"benchmark": f"b{at}", "setting": "", "algorithm": name, "run_count": len(mine[at]),
             "expected_seed_count": len(every), "missing_seeds": [s for s in every if s not in mine[at]]}
            for name, mine in seeds.items()
        ]  # fmt: skip
    return found


def missing(seeds: dict[str, list[list[int]]]) -> tuple[int, int, list[str]]:
    found, own = by_own_seeds(rows(seeds))
    return sum(r["expected_seed_count"] for r in found), sum(len(r["missing_seeds"]) for r in found), own


def test_seeds_of_another_meaning_are_not_missing_elsewhere():
    """Of 12 runs all are there; by the union of all seeds 18 of 30 were missing."""
    assert missing({"a": [[0, 1], [0, 1]], "b": [[100, 101], [100, 101]], "c": [[0, 1], [0, 1]]}) == (12, 0, ["b"])
    assert missing({"a": [[0, 1]], "b": [[7, 8]]}) == (4, 0, ["a", "b"])
    # What is really missing beside them is counted still.
    assert missing({"a": [[0, 1], [0, 1]], "b": [[8, 9], [8, 9]], "c": [[0, 1], [0]]}) == (12, 1, ["b"])


def test_fewer_or_shared_seeds_are_no_own_ones():
    assert missing({"a": [[0, 1, 2]], "b": [[7]]}) == (8, 4, [])
    assert missing({"a": [[0, 1, 2]], "b": [[4, 5, 6]], "c": [[9]]})[1:] == (14, [])
    assert missing({"a": [[0, 1, 2]], "b": [[2, 3, 4]]}) == (10, 4, [])
    assert missing({"a": [[0, 1]], "b": [[0, 1]]}) == (4, 0, [])
    assert missing({"a": [[0, 1]]}) == (2, 0, [])


def test_runs_without_seeds_have_none_of_their_own():
    bare = [row | {"run_count": 3, "missing_seeds": None} for row in rows({"a": [[], []], "b": [[], []]})]
    found, own = by_own_seeds(bare)
    assert own == [] and [row["missing_seeds"] for row in found] == [[]] * 4
