"""Why a benchmark is anomalous: its distributions, a second mode, another spread."""

from __future__ import annotations

import numpy as np

from hpowh.analyses.mixed_models.studies.odd import why_rows, why_sentences


def runs(rng: np.random.Generator) -> dict:
    """30 runs of A and B at two levels on four benchmarks; on b0 the bad runs of A fall into two groups."""
    found: dict = {"algorithm": [], "benchmark": [], "level": [], "losses": []}
    for benchmark in ("b0", "b1", "b2", "b3"):
        for algorithm in ("A", "B"):
            for level in ("good", "bad"):
                values = rng.normal(1.0, 0.1, 30)
                if (benchmark, algorithm, level) == ("b0", "A", "bad"):
                    values[:15] += 2.0
                found["losses"] += [[value, value] for value in values]
                for name, value in (("algorithm", algorithm), ("benchmark", benchmark), ("level", level)):
                    found[name] += [value] * 30
    return found


def flagged(is_anomalous: bool) -> list[dict]:
    names = {"first": "A", "second": "B", "factor": "prior", "good_level": "good", "bad_level": "bad"}
    return [{**names, "benchmark": "b0", "budget": 2.0, "p_value": 0.01, "is_anomalous": is_anomalous}]


def test_a_second_mode_and_a_wider_spread_are_named():
    rows = why_rows(flagged(True), runs(np.random.default_rng(3)), [1.0, 2.0])
    assert [(row["algorithm"], row["level"]) for row in rows] == [
        ("A", "good"), ("A", "bad"), ("B", "good"), ("B", "bad"),
    ]  # fmt: skip
    odd = rows[1]
    assert odd["p_adjusted"] < 0.05 and odd["spread_ratio"] > 5
    assert (odd["run_count"], odd["budget"]) == (30, 2.0)
    (sentence,) = why_sentences(rows)
    assert "the runs of A under prior bad have two modes, near 1" in sentence
    assert "times as much as on the other benchmarks" in sentence


def test_nothing_is_explained_where_nothing_is_anomalous():
    assert why_rows(flagged(False), runs(np.random.default_rng(3)), [1.0, 2.0]) == []
    rng = np.random.default_rng(4)
    same = runs(rng) | {"losses": [[value, value] for value in rng.normal(1.0, 0.1, 480)]}
    (sentence,) = why_sentences(why_rows(flagged(True), same, [1.0, 2.0]))
    assert "no distribution has two modes" in sentence
