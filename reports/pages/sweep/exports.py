"""The suggestions of a sweep as its tools take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.analyses.sweeps.advice.exports import json_text, optuna_code, typed, wandb_sweep
from hpowh.reports.blocks import Block, Code
from hpowh.reports.context import SiteContext
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

MOST_VALUES = 1000
"""So many values the texts hold: a page with hundreds of hyperparameters names fewer suggestions."""


def for_front(site: SiteContext, run: int, sweep: int) -> list[Block]:
    """Return the suggestions for the front of all metrics as Optuna code and JSON; nothing where there are none."""
    settings = _settings(site.query(queries.text("sweep/front_values"), run=run, sweep=sweep).rows())
    if not settings:
        return []
    wanted = list(settings.values())
    texts = [("For Optuna: enqueue_trial", optuna_code(wanted)), ("JSON", json_text(wanted))]
    how = f"{plural(len(wanted), 'suggestion')} for the front, to paste into a tuner."
    return [Code("sweep-front-exports", "Take them along", how, texts)]


def _settings(rows: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return each suggestion's values as its tool had them."""
    settings: dict[int, dict[str, Any]] = {}
    for row in rows:
        value = typed(row["numeric_value"], row["text_value"], row["choices"], row["value_type"])
        settings.setdefault(row["suggestion"], {})[row["hyperparameter"]] = value
    return settings


def exports(site: SiteContext, run: int, summary: Mapping[str, Any], suffix: str) -> list[Block]:
    """Return the suggestions as Optuna code and JSON, and a narrowed sweep of W&B; nothing where there are none."""
    about = {"run": run, "metric": summary["metric_id"], "sweep": summary["sweep_id"]}
    settings = _settings(site.query(queries.text("sweep/suggested_values"), **about).rows())
    narrowed = site.query(queries.text("sweep/narrowed"), **about).rows()
    texts, wanted = [], []
    if settings:
        wanted = list(settings.values())
        wanted = wanted[: max(1, MOST_VALUES // max(1, len(wanted[0])))]
        texts += [("For Optuna: enqueue_trial", optuna_code(wanted)), ("JSON", json_text(wanted))]
    if narrowed:
        fixed = {
            row["hyperparameter"]: typed(row["numeric_value"], row["text_value"], row["choices"], row["value_type"])
            for row in site.query(queries.text("sweep/constants"), **about).rows()
        }
        yaml = wandb_sweep(summary["metric"], summary["direction"], narrowed, fixed)
        texts.append(("For W&B: sweep.yaml", yaml))
    if not texts:
        return []
    how = (
        f"{plural(len(wanted), 'suggestion')} to paste into a tuner, the best first, and ranges narrowed to where the "
        "best configurations lie. A sweep of W&B knows no conditions: a hyperparameter that only some trials have is "
        "in it for all."
    )
    return [Code(f"sweep-exports{suffix}", "Take it along", how, texts)]
