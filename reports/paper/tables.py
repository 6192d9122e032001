"""The tables of a paper: algorithms with means, letters, ranks and differences from the best; LaTeX and Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.names import visible
from hpowh.reports.paper.study import Study
from hpowh.reports.paper.words import caption, response
from hpowh.reports.verdict import p_value
from hpowh.warehouse.output.latex import escaped

Row = Mapping[str, Any]
DASH = "--"


def decimals(values: Sequence[float | None], digits: int = 3) -> int:
    """Return how many decimals show the largest of some values to so many digits, at least one and at most six."""
    largest = max((abs(one) for one in values if one is not None and math.isfinite(one)), default=1.0)
    if largest == 0:
        return 1
    return min(6, max(1, digits - 1 - math.floor(math.log10(largest))))


def cells(study: Study) -> tuple[list[str], list[list[str]]]:
    """Return headings and one row of texts an algorithm, the best first; numbers with a plain minus."""
    rows = study.levels
    places = decimals([row[end] for row in rows for end in ("estimate", "lower", "upper")])
    has_ranks, has_letters = rows[0]["rank_lower"] is not None, any(row["letters"] for row in rows)
    heads = ["Algorithm", f"Mean {response(study)}", "95 % CI"]
    heads += ["Letters"] if has_letters else []
    heads += ["Ranks"] if has_ranks else []
    heads += ["Ratio to the best" if study.is_log else "Difference from the best", "95 % CI", "p"]
    return heads, [_cells(study, row, places, has_letters=has_letters, has_ranks=has_ranks) for row in rows]


def _cells(study: Study, row: Row, places: int, *, has_letters: bool, has_ranks: bool) -> list[str]:
    found = [str(row["level"]), f"{row['estimate']:.{places}f}", _span(row["lower"], row["upper"], places)]
    found += [row["letters"] or DASH] if has_letters else []
    if has_ranks:
        low, high = row["rank_lower"], row["rank_upper"]
        found.append(f"{low}" if low == high else f"{low}-{high}")
    if row["difference"] is None:
        return [*found, DASH, DASH, DASH]
    values = [row[one] for one in ("difference", "difference_lower", "difference_upper")]
    if study.is_log:
        values = [None if one is None else 10.0**one for one in values]
    many = decimals(values)
    p = DASH if row["difference_p"] is None else p_value(row["difference_p"]).removeprefix("= ")
    return [*found, f"{values[0]:.{many}f}", _span(values[1], values[2], many), p]


def _span(low: float | None, high: float | None, places: int) -> str:
    return DASH if low is None or high is None else f"{low:.{places}f} to {high:.{places}f}"


def latex(study: Study, label: str) -> str:
    r"""Return `results.tex`: a `table` for a document with `\usepackage{booktabs}`, the best algorithm in bold."""
    heads, rows = cells(study)
    lines = [
        r"\begin{table}",
        r"\centering\small\setlength{\tabcolsep}{4pt}",
        rf"\caption{{{_tex(caption(study))}}}",
        rf"\label{{{label}}}",
        r"\begin{tabular}{l" + "r" * (len(heads) - 1) + "}",
        r"\toprule",
        " & ".join(_tex(one) for one in heads) + r" \\",
        r"\midrule",
    ]
    for place, row in enumerate(rows):
        shown = [escaped(row[0]), *(_tex(one) for one in row[1:])]
        lines.append(" & ".join(rf"\textbf{{{one}}}" if place == 0 and i < 2 else one for i, one in enumerate(shown)))
        lines[-1] += r" \\"
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def _tex(text: str) -> str:
    """Return a text as LaTeX prints it; a number's minus is a minus, and a range has a dash."""
    if text.replace(".", "", 1).lstrip("-").isdigit():
        return f"${text}$"
    parts = [f"${one}$" if one.replace(".", "", 1).lstrip("-").isdigit() else one for one in text.split(" to ")]
    if len(parts) == 2 and all(one.startswith("$") for one in parts):
        return " to ".join(parts)
    first, _, last = text.partition("-")
    if first.isdigit() and last.isdigit():
        return f"{first}--{last}"
    return DASH if text == DASH else escaped(text)


def markdown(study: Study) -> str:
    """Return `results.md`: the same table, with its caption."""
    heads, rows = cells(study)
    lines = [f"| {' | '.join(heads)} |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for place, row in enumerate(rows):
        shown = [_md(one) for one in row]
        shown[:2] = [f"**{one}**" for one in shown[:2]] if place == 0 else shown[:2]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join([*lines, "", _md(caption(study))]) + "\n"


def _md(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
