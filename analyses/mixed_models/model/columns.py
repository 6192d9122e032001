"""Columns of a model matrix: treatment contrasts, with R's rule of when a factor keeps all its levels.

Source: R, `model.matrix` and `terms.formula` (a factor in a term is coded by contrasts exactly when the term without
that factor is in the model).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpowh.analyses.mixed_models.model.formula import Expression


@dataclass(frozen=True)
class ModelColumn:
    """One column: the product of indicators (`levels`: factor and level number) and of numeric variables."""

    name: str
    levels: tuple[tuple[str, int], ...]
    numeric: tuple[str, ...]


def model_columns(expression: Expression, levels: Mapping[str, Sequence[str]]) -> list[ModelColumn]:
    """Return the columns of an expression in R's order and with R's names.

    Args:
        levels: the levels of every categorical variable; a variable that is not in it is numeric.
    """
    columns = [ModelColumn("(Intercept)", (), ())] if expression.intercept else []
    present = {frozenset(term) for term in expression.terms}
    if expression.intercept:
        present.add(frozenset())
    is_constant_spanned = expression.intercept
    for term in expression.terms:
        choices: list[list[tuple[str, int]]] = []
        for name in term:
            if name not in levels:
                continue
            margin = frozenset(term) - {name}
            if margin:
                keeps_all = margin not in present
            else:
                # Without an intercept the first factor takes over its part.
                keeps_all, is_constant_spanned = not is_constant_spanned, True
            choices.append([(name, level) for level in range(0 if keeps_all else 1, len(levels[name]))])
        numeric = tuple(name for name in term if name not in levels)
        # R lets the first factor of a term vary fastest.
        for reversed_levels in itertools.product(*reversed(choices)):
            chosen = dict(reversed_levels)
            name = ":".join(f"{part}{levels[part][chosen[part]]}" if part in chosen else part for part in term)
            columns.append(ModelColumn(name, tuple(sorted(chosen.items())), numeric))
    return columns


def monomials(*groups: Sequence[ModelColumn]) -> list[tuple[str, ...]]:
    """Return the products of numeric variables that the columns need, shorter ones first, without the constant."""
    found = {column.numeric for group in groups for column in group if column.numeric}
    return sorted(found, key=lambda product: (len(product), product))
