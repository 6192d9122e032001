"""What a source needs to know and cannot see in the file: all of it asked at once."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from hpowh.warehouse.errors import IngestError, UsageError

ASKING: ContextVar[bool] = ContextVar("asking", default=False)


@contextmanager
def asking() -> Iterator[None]:
    """Within, a source asks where it would otherwise assume and say so: there is somebody who can answer."""
    token = ASKING.set(True)
    try:
        yield
    finally:
        ASKING.reset(token)


@dataclass(frozen=True)
class Question:
    """One question, what can be answered, and the option that says so."""

    text: str
    choices: Sequence[str]
    """Answers that are likely, the likeliest first; empty where nothing is."""
    flag: str
    """`--map` or `--set` or `--direction` or `kind`."""
    form: str
    """The option's value, in which {} stands for the answer."""

    def option(self, answer: str) -> str:
        """Return the option that gives an answer, as it is written in a shell."""
        value = self.form.format(answer)
        return value if self.flag == "kind" else f"{self.flag} {shlex.quote(value)}"


class QuestionsError(UsageError, IngestError):
    """A source cannot be loaded before some questions are answered; nothing of it was stored."""

    def __init__(self, location: str, questions: Sequence[Question], columns: Sequence[str] = ()) -> None:
        self.location, self.questions = location, list(questions)
        asked = " ".join(_sentence(question) for question in self.questions)
        more = f" and {len(columns) - 40:,} more" if len(columns) > 40 else ""
        known = f" Its columns: {', '.join(columns[:40])}{more}." if columns else ""
        options = " ".join(q.option(answer) for q, answer in _likeliest(self.questions))
        super().__init__(f"{location}: {asked}{known}", f"Say so, such as: {options}")


def _likeliest(questions: Sequence[Question]) -> Iterator[tuple[Question, str]]:
    """Yield each question with its likeliest answer; a column is the answer to one of them only."""
    taken: set[str] = set()
    for question in questions:
        free = [choice for choice in question.choices if question.flag != "--map" or choice not in taken]
        answer = free[0] if free else "NAME" if question.flag == "--set" else "COLUMN"
        taken.add(answer)
        yield question, answer


def _sentence(question: Question) -> str:
    likely = ", ".join(question.choices[:12]) + (" …" if len(question.choices) > 12 else "")
    return f"{question.text}{f' ({likely})' if likely else ''}"
