"""Numbers as a reader sees them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.reports.numbers import better, brief, moment, number, p_said, p_value, percent, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\u2013"),
        (float("nan"), "\u2013"),
        (float("inf"), "\u221e"),
        (0.0, "0"),
        (1234567, "1,234,567"),
        (12345.678, "12,346"),
        (0.5, "0.5000"),
        (-0.00123456, "\u22120.001235"),
        (1.5e-9, "1.500e\u22129"),
        (2.5e12, "2.500e12"),
        (True, "yes"),
        ("text", "text"),
    ],
)
def test_number(value: object, text: str):
    assert number(value) == text


def test_number_with_fewer_digits():
    assert number(0.0823456, 3) == "0.0823"


def test_moment_is_in_utc():
    assert moment(datetime(2024, 5, 1, 12, 30, 5, tzinfo=UTC)) == "2024-05-01 12:30:05 UTC"
    assert moment(None) == "\u2013"


def test_significant_leaves_nothing_that_json_lacks():
    assert significant(0.123456789) == 0.123457
    assert significant(float("nan")) is None
    assert significant(7) == 7


def test_direction_is_said_in_words():
    assert (better("min"), better("max")) == ("lower is better", "higher is better")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (-0.0980, "\u22120.098"), (12345.0, "12,345"), (1200.0, "1,200"), (100, "100"), (2e-9, "2e\u22129")],
)
def test_a_number_in_a_sentence_ends_without_zeros(value: float, text: str):
    assert brief(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "= 1.00"),
        (0.123, "= 0.12"),
        (0.0823, "= 0.082"),
        (0.05, "= 0.050"),
        (0.0496, "= 0.0496"),
        (0.0504, "= 0.0504"),
        (0.04999, "= 0.04999"),
        (0.0029, "= 0.0029"),
        (0.00076, "= 0.00076"),
        (7.6e-5, "< 0.0001"),
        (0.0, "< 0.0001"),
        (None, "unknown"),
        (float("nan"), "unknown"),
    ],
)
def test_a_p_value_is_written_in_one_way(value: float | None, text: str):
    assert p_value(value) == text


@given(st.floats(0, 1))
def test_a_p_value_never_changes_sides(p: float):
    """What is printed is below 0.05 if and only if the p-value is, without an exponent, and near it."""
    text = p_value(p)
    assert "e" not in text
    shown = float(text[2:])
    if text.startswith("<"):
        assert p < shown < 0.05
    else:
        assert (shown < 0.05) == (p < 0.05) or abs(p - 0.05) < 1e-9
        assert shown == pytest.approx(p, rel=0.051, abs=0.0051 if p >= 0.1 else 0)


def test_without_a_test_there_is_no_p_value():
    assert (p_said(0.01234), p_said(1e-9), p_said(None)) == ("p = 0.012", "p < 0.0001", "not tested")


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.05, 0, "5 %"),
        (0.1234, 1, "12.3 %"),
        (0.0, 1, "0 %"),
        (1.0, 2, "100 %"),
        (0.00001, 2, "less than 0.01 %"),
        (0.99995001, 2, "more than 99.99 %"),
        (0.001, 0, "less than 1 %"),
        (-0.12, 0, "\u221212 %"),
        (None, 1, "\u2013"),
    ],
)
def test_percent(share: float | None, decimals: int, text: str):
    assert percent(share, decimals) == text


FORMATTED = re.compile(r"\{[^{}\"]*:\.\d(%|e)\}|p [=<] ?\{|[<=] ?1e-1\d")


def test_no_sentence_writes_percent_or_p_values_by_itself():
    """In the modules that make sentences; a chart's hover text is Plotly's own language (`%{y:.0%}`)."""
    root = Path(__file__).resolve().parents[2]
    places = [*(root / "analyses").rglob("*.py"), *(root / "reports").rglob("*.py")]
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in places
        for line in path.read_text(encoding="utf-8").splitlines()
        if 'f"' in line and FORMATTED.search(line.replace("%{", "")) and "%{" not in line
    ]
    assert found == []
