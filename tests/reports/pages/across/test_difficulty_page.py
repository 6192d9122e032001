"""What the page of all search spaces says of predicted regrets: learned, or nothing."""

from __future__ import annotations

from typing import Any

from hpowh.reports.pages.across.difficulty import CHOICE, difficulty_sentences


def row(algorithm: str, skill: float | None, is_learned: bool | None, p: float = 0.2) -> dict[str, Any]:
    return {
        "algorithm": algorithm, "case_count": 9, "data_set_count": 9, "skill": skill, "lower": -0.5, "upper": 0.75,
        "p_value": p, "adjusted_p_value": p, "is_learned": is_learned, "reason": None,
    }  # fmt: skip


def test_nothing_is_learned_is_said_with_the_best_try():
    nothing, usual = difficulty_sentences([row("tpe", 0.1, False), row("random", -0.2, False), row(CHOICE, 0.0, False)])
    assert nothing.startswith("Nothing is learned from landscapes' numbers about the regrets of 2 algorithms")
    assert "for tpe, saves 10 % [−50 %, 75 %] of its squared error; p = 0.20, adjusted)" in nothing
    assert "suggest no other algorithm" in usual


def test_what_is_learned_is_said_with_its_interval():
    known, choice = difficulty_sentences(
        [row("tpe", 0.4, True, 0.01), row("random", 0.1, False), row(CHOICE, 0.3, True)]
    )
    assert "for 1 of 2 algorithms, best for tpe: 40 % [−50 %, 75 %] of the squared error" in known
    assert "2.0 times smaller" in choice


def test_without_a_prediction_there_is_no_sentence():
    assert not list(difficulty_sentences([row("tpe", None, None), row(CHOICE, None, None)]))
