"""A ladder of models: terms enter while a likelihood-ratio test says so, and leave the full model likewise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.analyses.mixed_models.inference.compare import NotComparableError, compare_formulas
from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.fit import fit

Row = dict[str, Any]
LEVEL = 0.05


@dataclass(frozen=True)
class Ladder:
    """Every step of both directions, and the terms that each ended with."""

    rows: list[Row]
    forward: tuple[str, ...]
    backward: tuple[str, ...]


def climb(response: str, terms: Sequence[str], cells: Cells, level: float = LEVEL) -> Ladder:
    """Build the ladder on cells that hold every variable of the terms.

    Forward: from the intercept, the candidate with the smallest p-value enters while it is below `level`. Backward:
    from the full model, the term with the largest p-value leaves while it is above. Every candidate of every step
    is a row. An interaction enters after its parts and leaves before them.
    """
    rows: list[Row] = [_start(response, (), cells, "forward")]
    kept: tuple[str, ...] = ()
    step = 0
    while len(kept) < len(terms):
        step += 1
        tried = [_try(response, kept, term, cells, "forward", step) for term in terms if _may_enter(term, kept, terms)]
        usable = [row for row in tried if row["p_value"] is not None]
        best = min(usable, key=lambda row: (row["p_value"], -row["chi_square"]), default=None)
        if best is not None and best["p_value"] < level:
            best["is_kept"] = True
            kept = (*kept, best["term"])
        rows += tried
        if best is None or not best["is_kept"]:
            break
    forward = kept
    kept, step = tuple(terms), 0
    rows.append(_start(response, kept, cells, "backward"))
    while kept:
        step += 1
        tried = []
        for term in (term for term in kept if not _is_inside(term, kept)):
            others = tuple(other for other in kept if other != term)
            tried.append(_try(response, others, term, cells, "backward", step))
        usable = [row for row in tried if row["p_value"] is not None]
        worst = max(usable, key=lambda row: (row["p_value"], -row["chi_square"]), default=None)
        for row in tried:
            row["is_kept"] = row is not worst or worst["p_value"] < level
        rows += tried
        if worst is None or worst["is_kept"]:
            break
        kept = tuple(term for term in kept if term != worst["term"])
    return Ladder(rows, forward, kept)


def _parts(term: str) -> set[str]:
    return {part.strip() for part in term.split(":")}


def _may_enter(term: str, kept: Sequence[str], terms: Sequence[str]) -> bool:
    """Whether a term is not in yet and the parts of it that are candidates themselves are."""
    if term in kept:
        return False
    return "(" in term or all(other in kept for other in terms if "(" not in other and _parts(other) < _parts(term))


def _is_inside(term: str, kept: Sequence[str]) -> bool:
    """Whether an interaction that is still in the model contains the term."""
    return "(" not in term and any("(" not in other and _parts(term) < _parts(other) for other in kept)


def formula_of(response: str, terms: Sequence[str]) -> str:
    """Write the formula of a response and terms."""
    return f"{response} ~ {' + '.join(terms) or '1'}"


def end_sentences(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return which model each direction ends at as (direction, sentence), then, without one, whether they differ.

    Args:
        rows: of `lmem_ladder`.
    """
    ends: dict[str, str] = {}
    for direction, moved in (("forward", True), ("backward", False)):
        mine = sorted((row for row in rows if row["direction"] == direction), key=lambda row: int(row["step"]))
        if mine:  # a step's formula is the model with the candidate in, or out: the last that moved says where it ends
            steps = [row for row in mine if row["step"] > 0 and row["is_kept"] is moved]
            ends[direction] = str((steps or mine)[-1 if steps else 0]["formula"])
    said = [(name, f"{name.capitalize()}: {formula}") for name, formula in ends.items()]
    if len({frozenset(formula.partition(" ~ ")[2].split(" + ")) for formula in ends.values()}) > 1:
        said.append(("", APART))
    return said


APART = "The two directions end at different models: which terms matter is not settled by these data."


def _start(response: str, terms: tuple[str, ...], cells: Cells, direction: str) -> Row:
    text = formula_of(response, terms)
    row: Row = {"direction": direction, "step": 0, "action": "start", "term": "", "formula": text, "is_kept": True}
    try:
        found = fit(text, cells, is_reml=False)
    except DataError as error:
        return row | {"reason": str(error)}
    return row | {"log_likelihood": found.log_likelihood, "aic": found.aic, "bic": found.bic}


def _try(response: str, base: tuple[str, ...], term: str, cells: Cells, direction: str, step: int) -> Row:
    action = "add" if direction == "forward" else "remove"
    text = formula_of(response, (*base, term))
    row: Row = {
        "direction": direction,
        "step": step,
        "action": action,
        "term": term,
        "formula": text if action == "add" else formula_of(response, base),
        **dict.fromkeys(("log_likelihood", "aic", "bic", "chi_square", "df", "p_value", "reason")),
        "is_kept": False,
    }
    try:
        found = compare_formulas(formula_of(response, base), text, cells, is_reml=False)
    except (NotComparableError, DataError) as error:
        return row | {"reason": str(error)}
    shown = found.full if action == "add" else found.null
    return row | {
        "log_likelihood": shown.log_likelihood,
        "aic": shown.aic,
        "bic": shown.bic,
        "chi_square": found.chi_square,
        "df": float(found.df),
        "p_value": found.p_value,
    }
