"""What a landscape's numbers mean, in plain sentences with the thresholds that their words rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.analyses.wording import brief, number, percent, plural

Values = Mapping[str, float | None]
Row = Mapping[str, Any]

SMOOTH, RUGGED = 0.8, 0.5
"""Correlation of neighbours' ranks from which a landscape is called smooth, and below which rugged."""
LARGE_BASIN, SMALL_BASIN = 0.5, 0.1
STRONGLY_NEUTRAL, HARDLY_NEUTRAL = 0.5, 0.05
LEADING = 0.15
"""Jones and Forrest (1995): above it distance leads to the optimum, below its negative it misleads."""
IDLE = 0.01
"""Share of the variance below which a hyperparameter counts as idle."""
ENOUGH = 0.05
"""Share of better configurations up to which a search one at a time has found enough."""
CARRIES, COSTLY = 0.1, 0.5
"""Median cost of another benchmark's optimum, as a share of the way from best to median."""
OPTIMA = ("n_lo", "n_plateau_lo", "n_global", "n_lo_members")
BASINS = ("basin_global_share", "basin_largest")
ALONE = ("pass_better_share", "pass_optimal_share", "pass_regret_relative", "gamma")
"""Metrics that one sentence puts into words."""
HALF = 0.5
"""Reliability of a mean over seeds and folds (Spearman and Brown) below which most of its variance is noise."""
OUTLIERS = 0.3
"""Raw correlation this far below that of ranks: a few values outweigh the rest."""


@dataclass(frozen=True)
class Said:
    """One sentence, the id of the figure that shows it, what it is about, and the metrics that it puts into words."""

    sentence: str
    anchor: str
    kind: str = "landscape"
    metrics: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a landscape; nothing but `metrics` need be there."""

    metrics: Sequence[Row]
    """Rows of `landscape_metric`: `name`, `value`, `lower`, `upper`, `pair_count`, `reason`."""
    importance: Sequence[Row] = ()
    transfer: Sequence[Row] = ()
    runs: Sequence[Row] = ()
    epsilon: float | None = None
    best: str = ""
    """The sentence on the best configuration."""
    above_noise: tuple[float, int, int] | None = None
    """Noise floor, optima, and how many are deeper than the floor; None where the floor is unknown."""
    noise: Row | None = None
    """Row of `landscape/noise_of`; None where every configuration was measured once."""

    @property
    def values(self) -> dict[str, float | None]:
        """Metric -> value."""
        return {row["name"]: row["value"] for row in self.metrics}

    def interval(self, name: str, digits: int = 3, *, is_share: bool = False) -> str:
        """Return a metric's interval and number of pairs in brackets, where it is an estimate; shares in percent."""
        row = next((row for row in self.metrics if row["name"] == name), None)
        if row is None:
            return ""
        if row.get("lower") is None or row.get("upper") is None:
            counted = row.get("pair_count") and (self.values.get("coverage") or 1.0) < 1 and row["value"] == 0
            return f" (none of {plural(row['pair_count'], 'pair')})" if counted else ""
        ends = [f"{row[end]:,.0f}" if digits == 0 else number(row[end], digits) for end in ("lower", "upper")]
        if is_share:
            ends = [number(100 * row["lower"], 2), f"{number(100 * row['upper'], 2)} %"]
        if _is_completed(self.values):
            return f" (95 % interval {ends[0]} to {ends[1]})"
        what = "configurations" if name.startswith("fdc") else "pairs"  # an estimate over configurations counts those
        pairs = f", from {row['pair_count']:,} {what}" if row.get("pair_count") else ""
        return f" (95 % interval {ends[0]} to {ends[1]}{pairs})"


def findings(facts: Facts) -> list[Said]:
    """Return the findings of one landscape; what is undefined is left out, or said to be so where it matters."""
    values = facts.values
    if _is_flat(values):
        size = int(values["n_configurations"] or 0)
        what = "Its single configuration is all there is" if size == 1 else f"All {size:,} configurations have one loss"
        return [
            Said(
                f"{what}: there is nothing to find, and most measures are undefined.", "metrics", "flat", ("loss_best",)
            )
        ]
    found = [
        _coverage(values), Said(facts.best, "subject", "best", ("loss_best",)) if facts.best else None,
        _noise(facts.noise), _smoothness(facts), _optima(facts),
        _basins(values), _neutrality(facts), _distance(facts), _importance(facts.importance), _interactions(facts),
        _alone(values),
        _transfer(facts.transfer), _runs(facts.runs),
    ]  # fmt: skip
    return [one for one in found if one]


def _noise(noise: Row | None) -> Said | None:
    """Say how many configurations may be the best, and whether seeds and folds agree on an order at all."""
    if noise is None:
        return None
    count, units, within = noise["configuration_count"], noise["unit_count"], noise["within_count"]
    which = f"{plural(within - 1, 'other configuration')} of {count:,}"
    text = (
        f"The best is apart from all other {count - 1:,} configurations by the noise of its {units} seeds and folds"
        if within == 1
        else f"On its {units} seeds and folds {which} cannot be told from the best"
    )
    text += f": two must differ by more than {number(noise['noise_floor'], 3)}"
    alike = noise["reliability"]
    if alike is not None and units * max(alike, 0.0) / (1 + (units - 1) * max(alike, 0.0)) < HALF:
        text += (
            f". The order on one of these says little of that on another (rank correlation {number(alike, 2)}): of the "
            "smoothness, importances and optima of their means most is noise"
        )
    return Said(text + ".", "metrics", "noise")


def _is_flat(values: Values) -> bool:
    best, worst = values.get("loss_best"), values.get("loss_worst")
    return best is not None and best == worst and bool(values.get("n_configurations"))


def _is_completed(values: Values) -> bool:
    return values.get("imputed_share") is not None


def _cells(values: Values) -> float | None:
    """Return the number of configurations that counts of optima and basins are about."""
    size = values.get("n_configurations")
    return size / (values.get("coverage") or 1.0) if size and _is_completed(values) else size


def _coverage(values: Values) -> Said | None:
    share, size = values.get("coverage"), values.get("n_configurations")
    if share is None or not size or share >= 1:
        return None
    text = f"Only {percent(share, 2)} of the grid were evaluated ({int(size):,} configurations): "
    if _is_completed(values):
        text = (
            f"{percent(share, 2)} of the grid were evaluated ({int(size):,} configurations); the rest was imputed "
            "several "
            "times: measures are means over these completions, with intervals between them, and lists of optima, maps "
            "and figures of single configurations show what was evaluated."
        )
    elif values.get("n_lo") is None:
        text += (
            "measures are estimates with intervals, and optima, basins and paths, which need half of it, are left out."
        )
    else:
        text += "measures are estimates with intervals; optima, basins and paths describe what was evaluated only."
    return Said(text, "metrics", "coverage", ("coverage", "n_configurations"))


def smoothness(rank: float) -> str:
    """Return what a correlation of neighbours' ranks is called."""
    return "smooth" if rank >= SMOOTH else "moderately rugged" if rank >= RUGGED else "rugged"


def _smoothness(facts: Facts) -> Said | None:
    rank, raw = facts.values.get("assortativity_rank"), facts.values.get("assortativity_loss")
    if rank is None:
        return None
    text = (
        f"It is {smoothness(rank)}: the ranks of neighbours correlate at {number(rank, 3)}"
        f"{facts.interval('assortativity_rank')}; {SMOOTH:g} and more is called smooth, less than {RUGGED:g} rugged."
    )
    if raw is not None and rank - raw > OUTLIERS:
        text += f" On the raw loss it is only {number(raw, 3)}, because a few diverged runs outweigh all others."
    return Said(text, "autocorrelation", "smoothness", ("assortativity_rank", "assortativity_loss"))


def _optima(facts: Facts) -> Said | None:
    values = facts.values
    count, size = values.get("n_lo"), _cells(values)
    if count is None or not size:
        return None
    if _is_completed(values) and count == 1:
        every = "In every completion it has a single optimum; draws that agree give no interval."
        return Said(every, "metrics", "optima", OPTIMA)
    if _is_completed(values):
        return Said(
            f"It has about {number(round(count))} local {'optimum' if round(count) == 1 else 'optima'}"
            f"{facts.interval('n_lo', 0)}: one for every {number(size / count, 3)} configurations."
            f"{_above(facts.above_noise)}",
            "network",
            "optima",
            OPTIMA,
        )
    if count == 1:
        members = int(values.get("n_lo_members") or 1)
        where = (
            f"on one plateau of {members:,} equally good configurations" if members > 1 else "in the best configuration"
        )
        return Said(f"It has a single optimum: every descent ends {where}.", "metrics", "optima", OPTIMA)
    plateaus = values.get("n_plateau_lo") or 0
    what = "a plateau" if plateaus == 1 else "plateaus"
    more = f", {number(int(plateaus))} of them {what} of equal loss" if plateaus else ""
    best = values.get("n_global") or 1
    tied = f" {number(int(best))} of them share the best loss." if best > 1 else ""
    return Said(
        f"It has {number(int(count))} local optima{more}: one for every {number(size / count, 3)} "
        f"configurations.{tied}{_above(facts.above_noise)}",
        "network",
        "optima",
        OPTIMA,
    )


def _above(above_noise: tuple[float, int, int] | None) -> str:
    """Return how many optima are more than noise, where the noise is known."""
    if above_noise is None:
        return ""
    floor, _, above = above_noise
    verb = "is" if above == 1 else "are"
    return (
        f" {number(above)} of them {verb} above the noise: out of them one must climb more than "
        f"{number(floor, 3)}, by which two configurations must differ to be told apart."
    )


def _basins(values: Values) -> Said | None:
    share, largest, size = values.get("basin_global_share"), values.get("basin_largest"), _cells(values)
    if share is None or largest is None or not size or values.get("n_lo") == 1:
        return None
    kind = "large" if share >= LARGE_BASIN else "small" if share < SMALL_BASIN else "of middling size"
    several = (values.get("n_global") or 1) > 1
    whose, where = ("basins of the global optima together are", "a global optimum") if several else (
        "basin of the global optimum is", "the global optimum")  # fmt: skip
    text = f"The {whose} {kind}: steepest descent reaches {where} from {percent(share, 1)} of the configurations"
    if share * size < largest - 0.5:
        text += f", while the largest basin, another one, holds {percent(largest / size, 1)}"
    return Said(
        f"{text} (large: {percent(LARGE_BASIN)} and more, small: less than {percent(SMALL_BASIN)}).",
        "basins",
        "basins",
        BASINS,
    )


def _neutrality(facts: Facts) -> Said | None:
    share, ndc = facts.values.get("neutrality"), facts.values.get("ndc_spearman")
    if share is None:
        return None
    kind = "strongly" if share >= STRONGLY_NEUTRAL else "hardly" if share < HARDLY_NEUTRAL else "partly"
    threshold = "the threshold" if facts.epsilon is None else brief(facts.epsilon)
    text = (
        f"It is {kind} neutral: {percent(share, 1)} of the neighbour pairs"
        f"{facts.interval('neutrality', is_share=True)} differ by no more than {threshold}; "
        f"{percent(STRONGLY_NEUTRAL)} is called strongly, less than "
        f"{percent(HARDLY_NEUTRAL)} "
        "hardly"
    )
    if ndc is not None and abs(ndc) >= 0.05:
        text += ", and it is flatter near the optimum" if ndc > 0 else ", and it is less flat near the optimum"
    return Said(text + ".", "neutrality", "neutrality", ("neutrality", "ndc_spearman"))


def _distance(facts: Facts) -> Said | None:
    fdc, share = facts.values.get("fdc_spearman"), facts.values.get("monotone_share")
    if fdc is None:
        return None
    kind = "leads to" if fdc >= LEADING else "leads away from" if fdc <= -LEADING else "says little about the way to"
    is_whole = (facts.values.get("coverage") or 1.0) >= 1 or _is_completed(facts.values)
    whose = "the optimum" if is_whole else "the best configuration that was evaluated"
    ends = facts.interval("fdc_spearman")
    if _is_completed(facts.values) and not ends:
        ends = " (in the completions; without an interval, as a better one may be missing than these foresee)"
    text = (
        f"The loss {kind} {whose}: it correlates with the distance at {number(fdc, 3)}{ends}, where "
        f"{LEADING:g} and more counts as leading there"
    )
    if share is not None:
        text += f"; from {percent(share, 1)} of the configurations a path that never worsens ends in the best one"
    return Said(text + ".", "distance", "distance", ("fdc_spearman", "monotone_share"))


def _importance(rows: Sequence[Row]) -> Said | None:
    known = sorted((r for r in rows if r["total_share"] is not None), key=lambda r: -r["total_share"])
    if not known:
        return None
    parts = [
        f"{row['hyperparameter']} ({percent(row['total_share'])})" for row in known[:3] if row["total_share"] >= IDLE
    ]
    text = f"{_source(rows)}he variance of ranks, interactions included, comes mostly with {', '.join(parts)}"
    if sum(row["total_share"] for row in known[:3]) > 1.005:
        text += " (more than 100 % together: an interaction counts for each of its hyperparameters)"
    idle = [row for row in known if row["total_share"] < IDLE]
    if idle:
        text += f"; {plural(len(idle), 'hyperparameter')} of {len(known)} matter{'s' * (len(idle) == 1)} less than 1 %"
    return Said(text + ".", "importance", "importance")


def _source(rows: Sequence[Row]) -> str:
    """Return how a sentence on shares begins: a model's estimate is said to be one."""
    method = next((row["method"] for row in rows if row.get("method")), "")
    if "Jansen" in method:
        return "From pairs of configurations that differ in it alone, t"
    return "T" if not method or method.startswith("exact") else f"As a model of it estimates ({method}), t"


def _interactions(facts: Facts) -> Said | None:
    values, rows = facts.values, facts.importance
    main, sign = values.get("variance_ranks_main"), values.get("interaction_sign")
    reciprocal = values.get("interaction_reciprocal")
    if main is None or sign is None or reciprocal is None:
        return None
    squares = next((row.get("pair_count") for row in facts.metrics if row["name"] == "interaction_sign"), None)
    begin = "Main" if _source(rows) == "T" else "By the same estimate main"
    return Said(
        f"{begin} effects alone explain {percent(main)} of the variance of ranks; in {percent(sign + reciprocal)} of "
        "the "
        f"{f'{squares:,} ' if squares else ''}squares (two neighbouring levels of each of two hyperparameters, all "
        "else fixed) moving one changes whether moving the other is better or worse.",
        "pairs",
        "interactions",
        ("variance_ranks_main", "interaction_sign", "interaction_reciprocal"),
    )


def _alone(values: Values) -> Said | None:
    better, optimal = values.get("pass_better_share"), values.get("pass_optimal_share")
    regret, gamma = values.get("pass_regret_relative"), values.get("gamma")
    if better is None or optimal is None or regret is None:
        return None
    is_enough = better <= ENOUGH and regret <= CARRIES
    text = (
        f"Tuning one hyperparameter at a time is {'enough' if is_enough else 'not enough'}: a single pass over them, "
        f"from a random start and in random order, ends in the median where {percent(better, 1)} of the "
        "configurations are "
        f"better and {percent(regret)} of the way from the best to the median loss are lost (enough: at most "
        f"{percent(ENOUGH)} "
        f"and {percent(CARRIES)}); {percent(optimal)} of such passes end in the optimum"
    )
    if gamma is not None:
        text += f". The effect of a move carries over to other settings at {number(gamma, 2)} (1: wholly)"
    return Said(text + ".", "metrics", "one_at_a_time", ALONE)


def _transfer(rows: Sequence[Row]) -> Said | None:
    known = sorted((row for row in rows if row["regret_relative"] is not None), key=lambda r: r["regret_relative"])
    if not known:
        return None
    costs = [row["regret_relative"] for row in known]
    middle = costs[len(costs) // 2] if len(costs) % 2 else (costs[len(costs) // 2 - 1] + costs[len(costs) // 2]) / 2
    kind = "carry over" if middle <= CARRIES else "do not carry over" if middle >= COSTLY else "carry over in part"
    whose = f"one of {len(known)} others" if len(known) > 1 else str(known[0]["from_benchmark"])
    text = (
        f"Optima of other benchmarks {kind}: taken over from {whose}, the best configuration costs"
        f"{', at the median,' * (len(known) > 1)} {percent(middle, 1)} of the way from best to median loss "
        f"(up to {percent(CARRIES)}: carries over, from {percent(COSTLY)}: does not)"
    )
    if len(known) > 1:
        text += (
            f"; least from {known[0]['from_benchmark']} ({percent(costs[0], 1)}), most from "
            f"{known[-1]['from_benchmark']} "
            f"({percent(costs[-1], 1)})"
        )
    return Said(text + ".", "transfer", "transfer")


def _runs(rows: Sequence[Row]) -> Said | None:
    known = [row for row in rows if row["global_basin_share"] is not None]
    if not known:
        return None
    total = sum(row["runs"] for row in rows)
    best = max(known, key=lambda row: row["global_basin_share"])
    lead = [row for row in rows if row["median_regret"] is not None]
    text = f"Of {total:,} optimiser runs on it, those of {best['algorithm']} spent the largest share of their "
    text += f"evaluations in the basin of a global optimum ({percent(best['global_basin_share'], 1)})"
    if lead:
        first = min(lead, key=lambda row: row["median_regret"])
        text += f"; {first['algorithm']} has the lowest median regret ({number(first['median_regret'], 3)})"
    return Said(text + ".", "runs-share", "runs")
