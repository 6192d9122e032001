"""The overview's table of contents by question, and which findings stand on it."""

from __future__ import annotations

from collections.abc import Sequence

from hpowh.reports.blocks import Contents
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.page import Page

QUESTIONS = (
    ("model", "Which algorithm is better, by how much, and may one say so?"),
    ("experiment", "How do the algorithms do over the budget?"),
    ("sweep", "What mattered in a sweep, and what should be tried next?"),
    ("sweeps", "How do the sweeps compare?"),
    ("benchmark", "What is known of one benchmark?"),
    ("search-space", "Which hyperparameters matter in a search space, and on which benchmarks alike?"),
    ("landscape", "How hard is a benchmark to search: how rugged, how flat, how many optima?"),
    ("evaluated", "What do cheap fidelities, other splits and defaults say of a model?"),
    ("across", "Which model does better on which data?"),
    ("claims", "Do statements of the literature hold here?"),
    ("coverage", "What was run, and what is missing?"),
    ("provenance", "Where does every number come from?"),
    ("methods", "How is it computed, and what may one conclude?"),
)
"""Kinds of pages and what they answer, in the order in which a reader asks."""
MOST_LINKED = 3
"""So many pages of a kind are linked; the list of all pages has the others."""


def contents(site: SiteContext) -> Contents:
    """Return links by question, for the kinds of pages that this site has."""
    kinds: dict[str, list[Page]] = {}
    listed = (page for page in site.pages.values() if page.is_listed)
    for page in sorted(listed, key=lambda page: (page.order, page.title.casefold())):
        kinds.setdefault(page.key[0], []).append(page)
    return Contents(
        "What do you want to know?",
        [
            (
                question,
                [(page.title, page.file) for page in kinds[kind][:MOST_LINKED]],
                max(0, len(kinds[kind]) - MOST_LINKED),
            )
            for kind, question in QUESTIONS
            if kind in kinds
        ],
    )


def spread(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings so that the first of every area come first, areas in the order of `QUESTIONS`.

    Who reads only the first five has then read of as many areas as there are.
    """
    order = [kind for kind, _ in QUESTIONS]
    areas: dict[str, list[Finding]] = {}
    for one in findings:
        areas.setdefault(one.key[0] if one.key else "", []).append(one)
    kinds = sorted(areas, key=lambda kind: order.index(kind) if kind in order else len(order))
    longest = max((len(some) for some in areas.values()), default=0)
    return [areas[kind][place] for place in range(longest) for kind in kinds if place < len(areas[kind])]
