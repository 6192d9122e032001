"""What a landscape's page is of: which values, of how many evaluations, over which grid."""

from __future__ import annotations

from typing import Any

from hpowh.analyses.landscapes.reading.findings import setting
from hpowh.reports.blocks import Prose
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural


def default(site: SiteContext, run: int, space_id: int) -> list[str]:
    """Return the note that says which configuration gains are measured from; nothing where there is none."""
    (configuration,) = site.rows(
        "select default_configuration_id from result.landscape_subject where analysis_run_id = $run", run=run
    )[0]
    if configuration is None:
        return []
    is_given = '"default": null' not in site.provenance(run).parameters
    whose = "as it was given" if is_given else "the configuration with the best mean rank over the space's benchmarks"
    return [f"The default is {setting(site.warehouse, run, space_id, configuration)}: {whose}."]


def about(site: SiteContext, run: int, space: str, metric: str, direction: str) -> Prose:
    """Return what the page's values and terms are."""
    one = site.query(queries.text("landscape/subject"), run=run).rows()[0]
    hyperparameters = site.query(queries.text("search_space/hyperparameters"), space=one["search_space_id"]).rows()
    values = (
        f"Every configuration's value is its {site.metric(metric, direction)} on the {one['split']} split of "
        f"{one['benchmark']}{_where(one)}: {plural(one['evaluations'], 'evaluation')} of "
        f"{plural(one['configuration_count'], 'configuration')}{_unusable(one)}."
    )
    loss = f"minus {metric}" if direction == "max" else f"the {metric} itself"
    ways = [
        f"{what} {', '.join(names)}"
        for what, kind in (("by one level of", "ordinal"), ("to any other level of", "categorical"))
        if (names := [row["name"] for row in hyperparameters if row["kind"] == kind and row["cardinality"] > 1])
    ]
    fixed = [row["name"] for row in hyperparameters if row["cardinality"] == 1]
    moves = "; ".join(ways) or "here none can move"
    terms = (
        f"Neighbours differ in one hyperparameter of {space}: {moves}."
        + (f" {', '.join(fixed)} has one level and never moves." if len(fixed) == 1 else "")
        + (f" {', '.join(fixed)} have one level each and never move." if len(fixed) > 1 else "")
        + "".join(
            f" {row['name']} is active where {row['active_where']}; a move that makes it active arrives at "
            f"{row['default_label']}, and where it is inactive it makes no difference."
            for row in hyperparameters
            if row["active_where"]
        )
        + f" What is called the loss is {loss}: less is better. A local optimum has no better neighbour; its basin is "
        "all from which steepest descent (always to the best neighbour) ends there. Distances are counted in moves."
    )
    return Prose("What is measured", [values, terms], id="subject")


def _where(one: dict[str, Any]) -> str:
    fidelity = "" if one["fidelity"] is None else f" at fidelity {number(one['fidelity'])}"
    over = [plural(one[f"{name}_count"], name) for name in ("seed", "fold") if one[f"{name}_count"] > 1]
    return fidelity + (f", the mean over {' and '.join(over)}" if over else "")


def _unusable(one: dict[str, Any]) -> str:
    lost = one["evaluations"] - one["usable"]
    return f"; {plural(lost, 'evaluation')} without a usable value {'is' if lost == 1 else 'are'} left out" * (lost > 0)
