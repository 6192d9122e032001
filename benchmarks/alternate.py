"""Measure processes in turn, A B A B …, because a machine's speed drifts between one minute and the next."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Wall seconds, seconds of the processor and peak memory (MB) of each run of one command."""

    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"median {statistics.median(self.seconds):.2f} s "
            f"(min {min(self.seconds):.2f}, max {max(self.seconds):.2f}), "
            f"processor {statistics.median(self.busy):.2f} s, peak {max(self.megabytes):,.0f} MB"
        )


def one(command: list[str]) -> tuple[float, float, float]:
    """Run a command once; return its wall seconds, its seconds of the processor and its peak memory in MB.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command}: exit {process.returncode}: {said.decode()[-2000:]}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def alternate(
    commands: dict[str, list[str]], *, rounds: int = 5, before: Callable[[], None] | None = None
) -> dict[str, Figures]:
    """Run the commands in turn, after one warm-up round that is not counted."""
    figures = {name: Figures() for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            if before:
                before()
            seconds, busy, megabytes = one(command)
            if turn:
                figures[name].seconds.append(seconds)
                figures[name].busy.append(busy)
                figures[name].megabytes.append(megabytes)
    return figures


def ratio(figures: dict[str, Figures], ours: str, theirs: str) -> str:
    """Return the ratio ours/theirs, pair by pair: median, least, most."""
    pairs = [a / b for a, b in zip(figures[ours].seconds, figures[theirs].seconds, strict=True)]
    return f"{ours} / {theirs}: median {statistics.median(pairs):.2f} (min {min(pairs):.2f}, max {max(pairs):.2f})"


def report(figures: dict[str, Figures], *ratios: tuple[str, str]) -> None:
    """Print all figures and the ratios asked for."""
    for name, figure in figures.items():
        print(f"  {name:<28} {figure}")
    for ours, theirs in ratios:
        print(f"  {ratio(figures, ours, theirs)}")
    sys.stdout.flush()
