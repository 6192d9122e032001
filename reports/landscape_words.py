"""What a landscape's numbers mean, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.numbers import number

Values = Mapping[str, float | None]


def sentences(values: Values, importance: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the findings of one landscape; what is undefined is left out, with the reasons in the table of metrics."""
    found = [_smoothness(values), _optima(values), _basins(values), _neutrality(values), _path(values)]
    return [text for text in [*found, _importance(importance), _interactions(values)] if text]


def _smoothness(values: Values) -> str | None:
    rank, raw = values.get("assortativity_rank"), values.get("assortativity_loss")
    if rank is None:
        return None
    kind = "smooth" if rank >= 0.8 else "moderately rugged" if rank >= 0.5 else "rugged"
    text = f"It is {kind}: the ranks of neighbours correlate at {number(rank, 3)}."
    if raw is not None and rank - raw > 0.3:
        text += f" On the raw loss it is only {number(raw, 3)}, because a few diverged runs outweigh all others."
    return text


def _optima(values: Values) -> str | None:
    count, size = values.get("n_lo"), values.get("n_configurations")
    if count is None or not size:
        return None
    if count == 1:
        return "It has a single optimum: every descent ends in the best configuration."
    plateaus = values.get("n_plateau_lo") or 0
    more = f", {number(int(plateaus))} of them plateaus of equal loss" if plateaus else ""
    return f"It has {number(int(count))} local optima{more}: one for every {number(size / count, 3)} configurations."


def _basins(values: Values) -> str | None:
    share, largest, size = values.get("basin_global_share"), values.get("basin_largest"), values.get("n_configurations")
    if share is None or largest is None or not size or values.get("n_lo") == 1:
        return None
    text = f"Steepest descent reaches the global optimum from {share:.1%} of the configurations"
    return text + ("." if share * size == largest else f"; the largest basin, another one, holds {largest / size:.1%}.")


def _neutrality(values: Values) -> str | None:
    share, ndc = values.get("neutrality"), values.get("ndc_spearman")
    if share is None:
        return None
    text = f"Of all neighbour pairs {share:.1%} are neutral (they differ by no more than the threshold)"
    if ndc is None or abs(ndc) < 0.05:
        return text + "."
    return text + (", more of them near the optimum." if ndc > 0 else ", fewer of them near the optimum.")


def _path(values: Values) -> str | None:
    share, fdc = values.get("monotone_share"), values.get("fdc_spearman")
    if share is None:
        return None
    text = f"From {share:.1%} of the configurations a path that never worsens leads to the best one"
    return text + (f"; loss and distance to it correlate at {number(fdc, 3)}." if fdc is not None else ".")


def _importance(rows: Sequence[Mapping[str, Any]]) -> str | None:
    known = sorted((r for r in rows if r["total_share"] is not None), key=lambda r: -r["total_share"])
    if not known:
        return None
    parts = [f"{row['hyperparameter']} ({row['total_share']:.0%})" for row in known[:3]]
    return f"Most of the variance of ranks, interactions included, comes with {', '.join(parts)}."


def _interactions(values: Values) -> str | None:
    main, sign = values.get("variance_ranks_main"), values.get("interaction_sign")
    reciprocal = values.get("interaction_reciprocal")
    if main is None or sign is None or reciprocal is None:
        return None
    return (
        f"Main effects alone explain {main:.0%} of the variance of ranks; in {sign + reciprocal:.0%} of the squares of "
        "two hyperparameters an effect changes its sign when the other one moves."
    )
