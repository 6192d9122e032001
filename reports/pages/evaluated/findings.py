"""Sentences of the pages on evaluated grids: what the tables below them come to, with noise called noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from hpowh.analyses.landscapes.several.claims import LEAST, Value, median_interval
from hpowh.analyses.statistics.intervals import wilson
from hpowh.reports.numbers import number, percent
from hpowh.warehouse.wording import plural

Row = Mapping[str, Any]
LOOKED_AT = ("test", "valid")


def fidelity_sentences(rows: Sequence[Row], cheapest: Sequence[Row]) -> list[str]:
    """Return what a cheaper fidelity tells of the full one."""
    found = []
    mine = [row for row in rows if row["split"] in LOOKED_AT]
    for at in sorted({row["fidelity"] for row in mine}):
        here = [row for row in mine if row["fidelity"] == at]
        rho = [row["spearman"] for row in here if row["spearman"] is not None]
        known = [row for row in here if row["is_noise"] is not None]
        if not rho:
            continue
        costs = [row["cost_share"] for row in here if row["cost_share"] is not None]
        cost = f" ({percent(median(costs))} of the training time)" if costs else ""
        ceiling = [row["reliability"] for row in here if row["reliability"] is not None]
        limit = f"; two single folds at full fidelity agree at {number(median(ceiling), 2)}" if ceiling else ""
        text = (
            f"Fidelity {number(at, 3)}{cost} ranks configurations as the full one does with a median Spearman of "
            f"{number(median(rho), 2)} over {_count(len(rho), 'landscape')}{limit}."
        )
        if known:
            real = sum(not row["is_noise"] for row in known)
            text += f" Picking the best there costs more than noise on {real} of {len(known)}."
        found.append(text)
    chosen = [row for row in cheapest if row["split"] in LOOKED_AT]
    able = [row for row in chosen if not row["is_full"]]
    saved = [row["saved_share"] for row in able if row["saved_share"] is not None]
    if chosen:
        text = (
            f"A cheaper fidelity has an optimum in its best 10 % on {len(able)} of {_count(len(chosen), 'landscape')}"
        )
        if saved:
            text += (
                f"; evaluating all there and that tenth in full saves a median of {percent(median(saved))} of the time"
            )
        found.append(text + ".")
    return found


def split_sentences(rows: Sequence[Row]) -> list[str]:
    """Return how far train losses can be trusted."""
    rho = [row for row in rows if row["spearman"] is not None]
    if not rho:
        return []
    least = min(rho, key=lambda row: row["spearman"])
    text = (
        f"Train and test loss rank configurations alike with a median Spearman of "
        f"{number(median(row['spearman'] for row in rho), 2)}; least on {least['benchmark']}, {least['metric']} "
        f"({number(least['spearman'], 2)})."
    )
    known = [row for row in rows if row["is_noise"] is not None]
    if known:
        real = sum(not row["is_noise"] for row in known)
        text += f" Choosing by train loss costs more than noise on {real} of {len(known)}."
    return [text]


def default_sentences(rows: Sequence[Row], describe: Any) -> list[str]:
    """Return what one configuration for all data sets costs; `describe` puts a configuration into words."""
    found = []
    mine = [row for row in rows if row["split"] in LOOKED_AT and row["configuration_id"] is not None]
    for metric, split in dict.fromkeys((row["metric"], row["split"]) for row in mine):
        here = [row for row in mine if (row["metric"], row["split"]) == (metric, split)]
        known = [row for row in here if row["is_noise"] is not None]
        text = f"Best common default for {metric} ({split}): {describe(here[0]['configuration_id'])}."
        if known:
            within = sum(row["is_noise"] for row in known)
            unseen = sum(bool(row["is_held_out_noise"]) for row in known)
            text += (
                f" Its regret is within noise on {within} of {_count(len(known), 'data set')}; one chosen on the other "
                f"data sets alone, on {unseen}{_of_new_ones(unseen, len(known))}."
            )
        found.append(text + _held_out(here))
    return found


def _of_new_ones(count: int, of: int) -> str:
    """Return the interval of a share of data sets; nothing for fewer than five."""
    if of < LEAST:
        return ""
    low, high = (float(end) for end in wilson(count / of, of))
    return f" (of new ones {percent(low)} to {percent(high)}, in 95 % of cases)"


def _held_out(rows: Sequence[Row]) -> str:
    """Return what a default costs on data sets that had no say in it, with its interval from five on."""
    values = [
        Value(row["held_out_regret_relative"], (at,))
        for at, row in enumerate(rows)
        if row["held_out_regret_relative"] is not None
    ]
    if len(values) < LEAST:
        return ""
    low, high = median_interval(values)
    middle = median(one.value for one in values)
    ends = f"[{percent(low, 1)}, {percent(high, 1)}]"
    return (
        f" On a data set left out it costs {percent(middle, 1)} {ends} of the way from the best to the median loss "
        f"(median over {len(values)} data sets)."
    )


def noise_sentences(rows: Sequence[Row]) -> list[str]:
    """Return below which difference two configurations cannot be told apart."""
    found = []
    mine = [row for row in rows if row["split"] in LOOKED_AT and row["noise_floor"] is not None]
    for metric, split in dict.fromkeys((row["metric"], row["split"]) for row in mine):
        here = [row for row in mine if (row["metric"], row["split"]) == (metric, split)]
        low, high = (number(end(row["noise_floor"] for row in here), 2) for end in (min, max))
        floors = low if low == high else f"{low} to {high}"
        share = median(row["within_percent"] for row in here)
        each = _count(here[0]["unit_count"], "measurement")
        found.append(
            f"Differences of {metric} ({split}) below {floors} are noise ({each} each); a median of {share:.0f} % of "
            "the configurations are that near to the best."
        )
    return found


def model_sentences(rows: Sequence[Row]) -> list[str]:
    """Return which model is best on each data set, and where that is no more than noise."""
    found = []
    mine = [row for row in rows if row["split"] in LOOKED_AT]
    for metric, split in dict.fromkeys((row["metric"], row["split"]) for row in mine):
        here = [row for row in mine if (row["metric"], row["split"]) == (metric, split)]
        data = list(dict.fromkeys(row["data_set"] for row in here))
        first = [row["model"] for row in here if row["place"] == 1]
        wins = {model: first.count(model) for model in dict.fromkeys(first)}
        clear = sum(
            all(row["is_noise"] is False for row in here if row["data_set"] == name and row["place"] > 1)
            for name in data
        )  # fmt: skip
        best = ", ".join(f"{model} on {count}" for model, count in sorted(wins.items(), key=lambda item: -item[1]))
        found.append(
            f"By {metric} ({split}) the best configuration belongs to {best} of {_count(len(data), 'data set')}; "
            f"the lead over every other model is more than noise on {clear}."
        )
    return found


def relation_sentences(rows: Sequence[Row]) -> list[str]:
    """Return which relations hold after adjustment, and how many were looked at."""
    known = [row for row in rows if row["coefficient"] is not None]
    if not known:
        most = max((row["benchmark_count"] for row in rows), default=0)
        return [f"No relation of meta-features to landscapes is given: {_count(most, 'data set')} at most is too few."]
    sure = [row for row in known if row["adjusted_p_value"] < 0.05]
    found = [
        f"Of {len(known)} rank correlations of meta-features with landscapes, {len(sure)} are distinguishable from "
        f"none after adjustment (Holm, 5 %)."
    ]
    found += [
        f"{row['search_space']}: {row['feature']} goes with {row['target']} ({number(row['coefficient'], 2)}, 95 % "
        f"from {number(row['lower'], 2)} to {number(row['upper'], 2)}, {row['benchmark_count']} data sets)."
        for row in sure[:5]
    ]
    return found


def claim_sentences(rows: Sequence[Row]) -> list[str]:
    """Return how many claims agree, and which do not."""
    mine = [row for row in rows if row["scope"] == rows[0]["scope"] and row["verdict"]]
    by = {
        verdict: [row for row in mine if row["verdict"] == verdict] for verdict in ("agrees", "disagrees", "undecided")
    }
    found = [
        f"Of {plural(len(mine), 'statement')} of Huang and Li (arXiv 2311.14014) that can be tested here, what was "
        f"measured agrees with {len(by['agrees'])}, disagrees with {len(by['disagrees'])} and leaves "
        f"{len(by['undecided'])} open."
    ]
    found += [
        f"Disagrees (section {row['section']}): {row['statement']} Here: {number(row['median'], 2)}{_interval(row)}."
        for row in by["disagrees"]
    ]
    return found


def _interval(row: Row) -> str:
    if row["lower"] is None:
        return f" ({number(row['least'], 2)} to {number(row['most'], 2)} over {row['value_count']})"
    return f" (95 % from {number(row['lower'], 2)} to {number(row['upper'], 2)})"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
