"""In which unit a response is: a logarithm's differences are ratios of geometric means."""

from __future__ import annotations

import math
import re

BASES = {"log10": 10.0, "log": 10.0, "log2": 2.0, "ln": math.e}
"""SQL's logarithms."""


def log_base(response: str) -> float | None:
    """Return the base of a response that is a logarithm (`log_regret`, `log10(…)`, `ln(…)`), else None."""
    if response == "log_regret":
        return 10.0
    called = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", response, re.DOTALL)
    if called is None or called[1].lower() not in BASES:
        return None
    depth = 0
    for letter in called[2]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return None
    return BASES[called[1].lower()]


def unlogged(response: str) -> str:
    """Return what a logarithmic response is the logarithm of, in words."""
    return "regret" if response == "log_regret" else response.strip().partition("(")[2][:-1].strip()
