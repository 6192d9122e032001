"""Ask on a terminal what a source needs to know."""

from __future__ import annotations

import sys
from dataclasses import replace as replace_in
from typing import TYPE_CHECKING

import typer

from hpowh.warehouse.console import note

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.declared import Declared
    from hpowh.warehouse.ingest.questions import Question

ROUNDS = 5
"""So often a source may find something more to ask."""


def with_answer(job: Declared, question: Question, answer: str) -> Declared:
    """Return the source with one more thing said of it."""
    value = question.form.format(answer)
    if question.flag == "--map":
        return replace_in(job, mapping={**job.mapping, **dict([value.rpartition("=")[::2]])})
    if question.flag == "--set":
        constants = dict(job.options.get("constants") or {}) | dict([value.partition("=")[::2]])
        return replace_in(job, options={**job.options, "constants": constants})
    return replace_in(job, options={**job.options, question.flag.removeprefix("--"): value})


def is_answered_here() -> bool:
    """Whether somebody sits at a terminal and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(location: str, question: Question) -> str:
    """Ask on the terminal; a number chooses from the list, anything else is the answer itself."""
    note(f"{location}: {question.text}")
    for number, choice in enumerate(question.choices, start=1):
        note(f"  {number}  {choice}")
    answer = str(typer.prompt("Number or name", err=True)).strip()
    if answer.isdigit() and 0 < int(answer) <= len(question.choices):
        return question.choices[int(answer) - 1]
    return answer
