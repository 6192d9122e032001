"""Numbers as a reader sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hpowh.reports.numbers import better, moment, number, significant


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
