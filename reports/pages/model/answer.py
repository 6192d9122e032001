"""The answer of the page: order, tiers and level in sentences; means, ranks and differences in one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Figure, Plot
from hpowh.reports.charts.forest import height
from hpowh.reports.charts.standing import standing
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number, percent
from hpowh.reports.pages.model.result_table import result_table
from hpowh.warehouse import queries

Row = Mapping[str, Any]

MOST_DRAWN = 40
MOST_NAMED = 8
"""So many levels are named in a sentence."""
LEVEL = 0.05
HOW = (
    "One row a level, the best on top. Left: its estimated mean with a 95 % interval, over a balanced grid of all "
    "other factors; levels that share a letter do not differ at 5 %. Middle: the ranks that its contrasts leave open, "
    "all levels together at 95 %. Right: its difference from the best; an interval that crosses the dotted line "
    "holds zero."
)
ALONE = "Intervals of the differences are each by itself: only the p-values in the table are corrected."
NO_RANKS = "No ranks: they need corrected contrasts of all pairs (Tukey or Holm)."
RATIO = "On this scale a difference of 0.3 is twice the regret, one of 1 is ten times the regret."


def response_text(name: str) -> str:
    """Return what a response is called on an axis."""
    return {"log_regret": "log10 regret", "normalized_regret": "normalised regret"}.get(name, name)


def order(rows: Sequence[Row], tiers: Sequence[Sequence[str]] = (), scope: str = "") -> str | None:
    """Return the sentence on the order of the levels and on who may be first; None where no direction is better.

    Args:
        rows: of `mixed_models/standing`, of one model and setting, the best first.
        tiers: levels by tier; named where there are several, with each in a few words.
        scope: of which budget, condition and setting the means are, as the verdict has it.
    """
    if len(rows) < 2 or rows[0]["direction"] is None:
        return None
    names = [f"{row['level']} ({number(row['estimate'], 3)})" for row in rows[:MOST_NAMED]]
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    said = f"By mean {response_text(rows[0]['response'])}{scope}, the best first: {', '.join(names)}{more}"
    said += _tiers(tiers)
    if rows[0]["rank_lower"] is None:
        return f"{said}."
    first = [row["level"] for row in rows if row["rank_lower"] == 1]
    shown = ", ".join(first[:MOST_NAMED]) + (f" and {len(first) - MOST_NAMED} more" if len(first) > MOST_NAMED else "")
    if len(first) == 1:
        return f"{said}; only {shown} may be first (ranks at 95 %, all together)."
    whose = "any of them" if len(first) == len(rows) else shown
    return f"{said}; first may be {whose} (ranks at 95 %, all together)."


def _tiers(tiers: Sequence[Sequence[str]]) -> str:
    """Return the tiers of an order as a clause; nothing of a single one, or of too many to name."""
    if len(tiers) < 2 or sum(map(len, tiers)) > MOST_NAMED:
        return ""
    named = "; ".join(f"{number}: {', '.join(names)}" for number, names in enumerate(tiers, 1))
    return f". Tiers, each worse at 5 % than somebody in the one before: {named}"


def calibration(site: SiteContext, name: str) -> str:
    """Return the sentence on whether the test holds its level on this experiment's own values."""
    run = site.newest_run("mixed_models.calibrate", name)
    rows = [] if run is None else site.query(queries.text("mixed_models/calibration"), run=run).rows()
    if not rows or rows[0]["rate"] is None:
        return "Whether the test holds its level on these values was not checked: hpowh analyse calibrate."
    one = rows[0]
    word = "holds its level" if one["lower"] is None or one["lower"] <= one["level"] else "does not hold its level"
    return (
        f"The test {word} here: where labels were shuffled, some pair was significant in {percent(one['rate'], 1)} of "
        f"{one['replicate_count']:,} experiments (95 % interval {percent(one['lower'], 1)} to "
        f"{percent(one['upper'], 1)}; "
        f"{percent(one['level'])} is right)."
    )


def groups_of(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Return rows of `mixed_models/standing` by model and setting, in their order."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["model"], row["setting"]), []).append(row)
    return found


def standing_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the figure of means, ranks and differences, and the differences as a table; nothing without means."""
    query = site.query(queries.text("mixed_models/standing"), run=run)
    groups = groups_of(query.rows())
    if not groups:
        return []
    models = list(dict.fromkeys(model for model, _ in groups))
    settings = list(dict.fromkeys(setting for _, setting in groups))
    variants = {
        f"{models.index(model)},{settings.index(setting)}": standing(
            rows[:MOST_DRAWN], site.colours.token, response_text(rows[0]["response"])
        )
        for (model, setting), rows in groups.items()
    }
    first = next(iter(groups.values()))
    notes = [RATIO] if first[0]["response"] == "log_regret" else []
    notes += [ALONE] if first[0]["method"] in ("holm", "bh", "none") else []
    notes += [NO_RANKS] if first[0]["rank_lower"] is None else []
    longest = max(len(rows) for rows in groups.values())
    if longest > MOST_DRAWN:
        notes.append(f"The best {MOST_DRAWN} of {longest} are drawn; the CSV has all.")
    return [
        Figure(
            id="lmem-standing",
            title="Means, ranks and differences",
            how_to_read=HOW,
            chart=Plot(
                variants,
                {},
                (("Model", models), ("Setting", [setting or "all" for setting in settings])),
                height=height(min(longest, MOST_DRAWN)) + 30,
            ),
            query=query,
            alt="Three panels, one row a level: mean with interval, span of possible ranks, difference from the best.",
            analysis_run_id=run,
            notes=notes,
            least_width=640,
        ),
        result_table(
            site,
            run,
            "lmem-differences",
            "Every difference",
            queries.text("mixed_models/differences"),
            "First minus second, of the model that the answer rests on; corrected p-values and intervals are for all "
            "contrasts of one method together. A ratio says how many times as large the first one's regret is. The "
            "effect size is in residual standard deviations.",
        ),
    ]
