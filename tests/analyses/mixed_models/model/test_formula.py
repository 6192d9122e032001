"""Formulas: what they mean, and that a bad one is pointed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.analyses.mixed_models.model.columns import model_columns
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y ~ a*b", "y ~ a + b + a:b"),
        ("y ~ (a + b)^2 - a:b", "y ~ a + b"),
        ("y ~ a/b", "y ~ a + a:b"),
        ("y ~ a:b + a", "y ~ a + a:b"),
        ("y ~ 0 + a", "y ~ 0 + a"),
        ("y ~ a - 1", "y ~ 0 + a"),
        ("y ~ 1", "y ~ 1"),
        ("y ~ a + (1|g/h)", "y ~ a + (1 | g) + (1 | g:h)"),
        ("y ~ a + (x||g)", "y ~ a + (1 | g) + (0 + x | g)"),
        ("y ~ a + (1+x|g:h)", "y ~ a + (x | g:h)"),
        ("y ~ `odd name` + log(x)", "y ~ odd name + log(x)"),
        ("log(value + 1) ~ a", "log(value + 1) ~ a"),
    ],
)
def test_reads(text, expected):
    assert str(parse_formula(text)) == expected


@pytest.mark.parametrize(
    ("text", "part", "position"),
    [
        ("y a", "needs a tilde", 3),
        ("~ a", "no response", 0),
        ("y ~", "nothing after the tilde", 3),
        ("y ~ a + (|g)", "nothing before the bar", 9),
        ("y ~ a + (1|)", "variable is expected", 11),
        ("y ~ a + (1|g", "not closed", 12),
        ("y ~ a ++ b", "variable is expected", 7),
        ("y ~ foo(a)", "no function foo", 4),
        ("y ~ a $ b", "Unexpected character '$'", 6),
        ("y ~ a * (1|g)", "stands alone", 10),
        ("y ~ a^b", "whole number", 6),
        ("y ~ 2", "Only 0 and 1", 4),
        ("y ~ a)", "Unexpected ')'", 5),
    ],
)
def test_points_at_the_place(text, part, position):
    with pytest.raises(FormulaError, match=".") as caught:
        parse_formula(text)
    message, shown, caret = str(caught.value).split("\n")
    assert part in message
    assert shown.strip() == text.strip()
    assert caught.value.position == position == len(caret) - 3


def test_columns_follow_rs_marginality_rule():
    levels = {"f": ("a", "b", "c"), "g": ("u", "v")}

    def names(text):
        return [column.name for column in model_columns(parse_formula(f"y ~ {text}").fixed, levels)]

    assert names("f") == ["(Intercept)", "fb", "fc"]
    assert names("0 + f") == ["fa", "fb", "fc"]
    assert names("0 + f + g") == ["fa", "fb", "fc", "gv"]
    assert names("f + f:x") == ["(Intercept)", "fb", "fc", "fa:x", "fb:x", "fc:x"]
    assert names("f*x") == ["(Intercept)", "fb", "fc", "x", "fb:x", "fc:x"]
    assert names("f*g") == ["(Intercept)", "fb", "fc", "gv", "fb:gv", "fc:gv"]


@given(st.text(alphabet="ab x~|+*:()01/^-", max_size=25))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        parsed = parse_formula(text)
    except FormulaError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert str(parse_formula(str(parsed))) == str(parsed)
