"""The tables of a sweep's page that say what failed, where the best trials lie, and what to try next."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Table
from hpowh.reports.pages.sweep.asked import ROWS, Asked, Heading
from hpowh.warehouse import queries


def failures(asked: Asked) -> list[Block]:
    """Return which settings separate trials that failed, and what these say; nothing where none did."""
    rules = asked.query(queries.text("sweep/failures"))
    reasons = asked.query(queries.text("sweep/failure_reasons"))
    if not rules.frame.height and not reasons.frame.height:
        return []
    blocks: list[Block] = [
        asked.table(
            "sweep-failures",
            "What failed, and where",
            "Settings in which trials failed, ended without a finite value (diverged) or were pruned more often than "
            "elsewhere: a list of rules, each among the trials that those above it leave. Exact tests, adjusted for "
            "every setting and pair that was looked at.",
            rules,
            [
                ("outcome", "Outcome"),
                ("setting", "Setting"),
                ("bad_count", "Trials of that outcome"),
                ("trial_count", "of"),
                ("other_bad_count", "elsewhere"),
                ("other_count", "of"),
                ("p_adjusted", "p", 2, "Fisher's exact test, Bonferroni"),
            ],
            empty="No setting separates them: they failed anywhere.",
        )
    ]
    if reasons.frame.height:
        headings: list[Heading] = [("outcome", "Outcome"), ("reason", "Reason"), ("trial_count", "Trials")]
        how = "What the trials themselves give as the reason."
        blocks.append(asked.table("sweep-reasons", "Reasons given", how, reasons, headings, is_folded=True))
    return blocks


def next_tables(asked: Asked) -> list[Block]:
    """Return where the best trials lie, the corners not tried, and ten suggestions."""
    return [
        *_ranges(asked),
        *_shares(asked),
        asked.table(
            "sweep-untried",
            "Combinations not tried",
            "Thirds of the tried range (or levels) of two hyperparameters that no trial combines.",
            queries.text("sweep/untried"),
            [
                ("hyperparameter_a", "Hyperparameter"),
                ("part_a", "in"),
                ("hyperparameter_b", "with"),
                ("part_b", "in"),
                ("expected", "Trials to be expected", 2),
            ],
            empty="Every combination of two that was to be expected has been tried.",
        ),
        asked.table(
            "sweep-next",
            "What to try next",
            "The first has the best prediction of the model; each further one promises the largest expected "
            "improvement, as if those before it had been tried, which also rewards uncertainty: they are for finding "
            "out. All lie inside the declared space (or the range that was tried), differ from every trial, and keep "
            "away from settings that failed. A prediction is a mean: it may lie behind the best trial, whose value was "
            "also luck.",
            queries.text("sweep/suggestions"),
            [
                ("suggestion", "No."),
                ("configuration", "Configuration"),
                ("predicted", "Predicted", 4),
                ("deviation", "SD", 2, "Of one trial there, with its noise"),
                ("success", "Finishes", 2,
                 "Probability that a trial there finishes with a value; empty where no trial failed"),
            ],
            empty="Nothing is suggested: no model could be believed, or all combinations of tried values were tried.",
        ),
    ]  # fmt: skip


def _ranges(asked: Asked) -> list[Table]:
    """Return where the best trials lie, of numbers."""
    numbers = asked.query(queries.text("sweep/ranges"), is_level=False)
    if not numbers.frame.height:
        return []
    headings: list[Heading] = [
        ("hyperparameter", "Hyperparameter"),
        ("lower", "From", 3, "10 % quantile of the best trials"),
        ("upper", "To", 3, "90 % quantile of the best trials"),
        ("tried_lower", "Tried from", 3, "Least value that a trial with a value of the metric has"),
        ("tried_upper", "Tried to", 3, "Greatest value that a trial with a value of the metric has"),
        ("lower_from", "From, at least", 3, "95 % bootstrap interval of the lower end"),
        ("lower_to", "at most", 3),
        ("upper_from", "To, at least", 3, "95 % bootstrap interval of the upper end"),
        ("upper_to", "at most", 3),
    ]
    if any(row["reason"] for row in numbers.rows()):
        headings.insert(1, ("reason", "Why not"))
    how = (
        "The range that holds the middle 80 % of the best trials, the range that was tried, and how far each end "
        "of the former is certain (95 % bootstrap interval)."
    )
    return [asked.table("sweep-ranges", "Where the best trials lie", how, numbers, headings, limit=ROWS)]


def _shares(asked: Asked) -> list[Table]:
    """Return how often the best trials have each level, of categories."""
    levels = asked.query(queries.text("sweep/ranges"), is_level=True)
    if not levels.frame.height:
        return []
    how = "How often the best trials have each level, beside how often all trials with a value have it."
    headings: list[Heading] = [
        ("hyperparameter", "Hyperparameter"),
        ("level", "Level"),
        ("share", "Share of the best", 2),
        ("share_from", "at least", 2, "95 % interval: the wider of bootstrap and Wilson's"),
        ("share_to", "at most", 2, "95 % interval: the wider of bootstrap and Wilson's"),
        ("tried_share", "Share of all", 2, "Of the trials that finished with a value"),
    ]
    return [asked.table("sweep-levels", "Which levels the best trials have", how, levels, headings, limit=ROWS)]


def column_table(asked: Asked) -> Table:
    """Return what became of every column."""
    return asked.table(
        "sweep-columns",
        "What was used",
        "Every column that was found: whether models use it, what was imputed, and why the others are left out.",
        queries.text("sweep/columns"),
        [
            ("name", "Hyperparameter"),
            ("role", "Role"),
            ("kind", "Kind"),
            ("is_log", "Logarithm"),
            ("present_count", "Trials with it"),
            ("missing_count", "without"),
            ("distinct_count", "Distinct values"),
            ("imputed_count", "Imputed"),
            ("imputed_value", "by", 4),
            ("note", "Note"),
        ],
        limit=ROWS,
        is_folded=True,
    )
