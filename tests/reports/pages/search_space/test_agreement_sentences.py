"""Sentences of agreement: who agrees, with the interval or why there is none."""

from __future__ import annotations

from typing import Any

from hpowh.reports.pages.search_space.methods import sentences


def row(
    kind: str, a: str, b: str, spearman: float | None, *ends: float | None, reason: str | None = None
) -> dict[str, Any]:
    lower, upper = ends or (None, None)
    return {
        "kind": kind, "method_a": a, "method_b": b, "spearman": spearman, "lower": lower, "upper": upper,
        "benchmark_count": 6, "reason": reason,
    }  # fmt: skip


def test_what_agrees_and_what_does_not_is_said_with_its_interval():
    rows = [
        row("methods", "fanova", "fanova_forest", 0.9, 0.7, 1.0),
        row("methods", "fanova", "local", 0.1, -0.3, 0.4),
        row("methods", "fanova", "tunability", None, reason="no data set has both"),
        row("data sets", "fanova", "fanova", 0.5, 0.2, 0.8),
        row("data sets", "local", "local", 0.3, 0.0, 0.6),
    ]
    within, across = sentences(rows)
    assert "fANOVA, main and fANOVA of a forest order the hyperparameters most alike" in within
    assert "0.90 [0.70, 1.0]" in within and "least (0.10 [−0.30, 0.40])" in within
    assert "1 of 2 pairs of methods agree beyond chance, each interval by itself" in within
    assert "0.40 (median over 2 methods), most by fANOVA, main (0.50 [0.20, 0.80])" in across


def test_without_an_interval_nothing_is_called_beyond_chance():
    (said,) = sentences([row("methods", "fanova", "local", 0.9, reason="3 data sets are too few for an interval")])
    assert "agree beyond chance" not in said
    assert "(median rank correlation 0.90)" in said
    assert said.endswith("whether beyond chance is not told: 3 data sets are too few for an interval.")
    assert not list(sentences([row("methods", "fanova", "local", None, reason="no data set has both")]))
