"""Parts of a piece of work that several processes share: `3/40`, or what a scheduler says of a task of its array."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hpowh.warehouse.errors import UsageError

AUTO = "auto"
SCHEDULERS = (
    ("Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"),
    ("Grid Engine", "SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE"),
    ("LSF", "LSB_JOBINDEX", "", "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP"),
    ("PBS", "PBS_ARRAY_INDEX", "", "", ""),
    ("Torque", "PBS_ARRAYID", "", "", ""),
)
"""Scheduler; the variables of the task's number, the array's first, last and step; empty: it has no such variable."""


@dataclass(frozen=True)
class Part:
    """One of `count` parts of a piece of work."""

    number: int
    """1 to `count`."""
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def has(self, position: int) -> bool:
        """Return whether the unit at a position (0, 1, …) is this part's, where units are dealt out in turn."""
        return position % self.count == self.number - 1


def part_of(text: str, environment: Mapping[str, str] | None = None) -> Part:
    """Read `I/N` (part I of N, I from 1), `auto` or `auto/N` (from the variables of Slurm, Grid Engine, LSF, PBS).

    PBS says which task of an array this is, but not how many there are: `auto/N` says that, and counts from 1.

    Args:
        environment: by default this process's.

    Raises:
        UsageError: it is no part, or no scheduler speaks; says what would be.
    """
    head, slash, tail = (piece.strip() for piece in text.partition("/"))
    if head == AUTO:
        return _of_scheduler(tail if slash else None, os.environ if environment is None else environment)
    if not (re.fullmatch(r"\d{1,9}", head) and re.fullmatch(r"\d{1,9}", tail)):
        raise UsageError(f"--part {text!r} is no part.", "Give I/N, such as 3/40, or auto within an array job.")
    return _checked(int(head), int(tail), f"--part {text}")


def _of_scheduler(count: str | None, environment: Mapping[str, str]) -> Part:
    for name, task, first, last, step in SCHEDULERS:
        number = _number(environment, task)
        if number is None:
            continue
        begin, stride = _number(environment, first), _number(environment, step) or 1
        end = _number(environment, last)
        if count is not None:
            if not re.fullmatch(r"\d{1,9}", count):
                raise UsageError(f"--part auto/{count} is no part.", "Give auto/N, N the number of tasks in the array.")
            total = int(count)
            begin = 1 if begin is None else begin
        elif end is not None and end > 0:
            # LSF does not say where an array begins; its own count from 1.
            begin = 1 if begin is None else begin
            total = (end - begin) // stride + 1
        else:
            raise UsageError(
                f"{name} says that this is task {number} ({task}), but not of how many.", "Give --part auto/N."
            )
        if (number - begin) % stride:
            raise UsageError(f"{name}: task {number} is none of {begin}, {begin + stride}, … ({task}).")
        return _checked((number - begin) // stride + 1, total, f"{name}: {task} = {number}")
    raise UsageError(
        "--part auto reads a scheduler's variables, and there are none here.",
        f"Within an array job one of {', '.join(one[1] for one in SCHEDULERS)} is set; elsewhere give I/N.",
    )


def _number(environment: Mapping[str, str], name: str) -> int | None:
    """Return a variable's whole number; None where it is unset or says something else (`undefined`)."""
    text = environment.get(name, "").strip() if name else ""
    return int(text) if re.fullmatch(r"\d{1,9}", text) and (text != "0" or not name.startswith("LSB")) else None


def _checked(number: int, count: int, what: str) -> Part:
    if not 1 <= number <= count:
        raise UsageError(f"{what}: there is no part {number} of {count}.", "Parts are 1/N to N/N.")
    return Part(number, count)
