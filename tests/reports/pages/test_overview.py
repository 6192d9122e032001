"""The overview's findings are of as many areas as there are, and its questions lead to pages."""

from __future__ import annotations

from hpowh.reports.finding import Finding
from hpowh.reports.page import Page
from hpowh.reports.pages.overview.questions import QUESTIONS, contents, spread
from hpowh.reports.registry import page_modules


class Site:
    """What `contents` looks at."""

    def __init__(self, *keys: tuple[str, ...]) -> None:
        self.pages = {key: Page(key=key, title=" ".join(key), section="x", build=lambda: []) for key in keys}


def test_the_first_of_every_area_come_first():
    found = [Finding(f"{kind}{i}", (kind,)) for kind in ("sweep", "model", "new") for i in range(3)]
    said = [one.sentence for one in spread(found)]
    assert said[:4] == ["model0", "sweep0", "new0", "model1"]
    assert sorted(said) == sorted(one.sentence for one in found)


def test_a_question_stands_once_and_counts_what_it_does_not_link():
    site = Site(*[("benchmark", f"b{i}") for i in range(5)], ("model", "x"))
    asked = contents(site).questions
    assert [(question, len(pages), more) for question, pages, more in asked] == [
        (dict(QUESTIONS)["model"], 1, 0),
        (dict(QUESTIONS)["benchmark"], 3, 2),
    ]


def test_every_kind_of_page_answers_a_question():
    """A new kind of page wants a line in `QUESTIONS`, or nobody finds it from the overview."""
    named = {"experiment": "experiment", "search_space": "search-space", "all_pages": None, "overview": None}
    kinds = {name: named.get(name, name) for name in (module.__name__.split(".")[-2] for module in page_modules())}
    assert {kind for kind in kinds.values() if kind} <= {kind for kind, _ in QUESTIONS}
