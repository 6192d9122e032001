"""What an analysis says of a metric, in sentences. None rests on one model; their tests share one level."""

from __future__ import annotations

from dataclasses import replace

from hpowh.analyses.sweeps.result import Result
from hpowh.analyses.sweeps.saying import hyperparameters, trials
from hpowh.analyses.sweeps.saying.found import Found, Statement
from hpowh.analyses.sweeps.saying.headline import important

__all__ = ["Statement", "statements"]


def statements(result: Result, metric: str) -> list[Statement]:
    """Return the sentences on one metric, the most important first.

    Args:
        result: of the metric's analysis, complete.
        metric: its name.
    """
    if result.reason:
        said = Statement(kind="reason", sentence=f"{metric} was not analysed: {result.reason}.", figure="sweep-columns")
        return [said, *trials.failures(result)]
    found = Found(result)
    parts = (
        important(found, metric),
        trials.best(result, metric),
        trials.noise(result, metric),
        trials.sampling(result, found, metric),
        trials.drift(result, metric),
        trials.failures(result),
        hyperparameters.turned(found, metric),
        hyperparameters.together(found, metric),
        hyperparameters.near_best(found, metric),
        hyperparameters.ranges(found, metric),
        hyperparameters.levels(found, metric),
        hyperparameters.shapes(found, metric),
        hyperparameters.little(found, metric),
        trials.early(found, metric),
        trials.untried(found),
        trials.next_to_try(found, metric),
    )
    found_all = [one for part in parts for one in part]
    if found_all and result.code:
        first = found_all[0]
        found_all[0] = replace(first, sentence=f"{first.sentence} {trials.code(result.code, metric)}")
    return found_all
