"""Names from data: safe in file names, in Plotly's markup, and to the eye."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hpowh.reports.names import file_stem, plot_text, shorten, visible


def test_plain_names_stay_as_they_are():
    assert file_stem("benchmark", "digits") == "benchmark-digits"


@given(st.text(max_size=600), st.text(max_size=600))
def test_file_stems_are_harmless_and_differ_with_the_name(one: str, other: str):
    stem = file_stem("benchmark", one)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", stem) and len(stem) < 80
    assert (file_stem("benchmark", other) == stem) == (one == other)


def test_names_that_differ_in_case_or_punctuation_have_different_files():
    names = ["a b", "a-b", "A-b", "a/b", "a.b", "../a-b", "a\u202eb"]
    assert len({file_stem("x", name) for name in names}) == len(names)


def test_the_parts_of_a_key_are_not_confused():
    assert file_stem("landscape", "A", "b-c") != file_stem("landscape", "A-b", "c")


def test_direction_and_control_characters_are_shown_as_replaced():
    assert visible("a\u202egnp\x00\x1b[1m\nb") == "a\ufffdgnp\ufffd\ufffd[1m b"
    assert visible("\u05d0 ordinary Hebrew and \u00e9 stay") == "\u05d0 ordinary Hebrew and \u00e9 stay"


@given(st.text(max_size=300), st.integers(3, 60))
def test_shortened_names_fit(name: str, limit: int):
    assert len(shorten(name, limit)) <= limit
    if len(name) <= limit:
        assert shorten(name, limit) == visible(name)


def test_the_middle_is_left_out():
    assert shorten("abcdefghij", 5) == "ab\u2026ij"


def test_plot_text_has_no_markup():
    assert plot_text("<b>x</b> & 'y'") == "&lt;b&gt;x&lt;/b&gt; &amp; 'y'"
