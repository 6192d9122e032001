"""A mixed model's tables in words: the sign of differences, which test, which correction, what is not said."""

from __future__ import annotations

from hpowh.reports.verdict import against, p_value, verdict

MODEL = {
    "model": "model", "formula": "loss ~ algorithm + (1 | benchmark)", "response": "loss", "criterion": "REML",
    "row_count": 60, "excluded_count": 0, "is_converged": True, "reason": None,
}  # fmt: skip


def tables(direction: str = "min", method: str = "tukey", p_other: float | None = 0.2) -> dict:
    """B - A = 0.3 (clear), C - A = 0.1 (as given): A has the lowest loss, C the middle one, B the highest."""
    estimates = {"A": 1.0, "B": 1.3, "C": 1.1}
    order = sorted(estimates, key=estimates.get, reverse=direction == "max")
    return {
        "lmem_model": [MODEL],
        "lmem_marginal_mean": [
            {"model": "model", "setting": "", "level": name, "estimate": value} for name, value in estimates.items()
        ],
        "lmem_group": [
            {"model": "model", "setting": "", "direction": direction, "group_number": 0, "level": name, "position": at}
            for at, name in enumerate(order, start=1)
        ],
        "lmem_contrast": [
            {"model": "model", "setting": "", "first": first, "second": second, "method": method, "estimate": estimate,
             "lower": estimate - 0.1, "upper": estimate + 0.2, "t_value": 10 * estimate, "df": 12.0, "p_adjusted": p,
             "reason": None if p is not None else "no rows in common"}
            for first, second, estimate, p in (("B", "A", 0.3, 0.001), ("A", "C", -0.1, p_other), ("B", "C", 0.2, 0.01))
        ],
        "lmem_variance_component": [
            {"model": "model", "grouping_factor": "benchmark", "other_term": None, "level_count": 6},
            {"model": "model", "grouping_factor": "Residual", "other_term": None, "level_count": None},
        ],
    }  # fmt: skip


def test_differences_are_signed_from_the_best():
    found = {row["other"]: row for row in against(tables(), MODEL, "", "A")}
    assert set(found) == {"B", "C"}
    assert (found["B"]["estimate"], found["B"]["t_value"]) == (-0.3, -3.0)
    assert (found["B"]["lower"], found["B"]["upper"]) == (-0.5, -0.3 + 0.1)
    assert (found["C"]["estimate"], found["C"]["lower"]) == (-0.1, -0.2)


def test_who_is_best_depends_on_the_direction():
    assert verdict(tables())[0] == "A has the best estimated mean of loss, 1.00 (lower is better)."
    assert verdict(tables("max"))[0] == "B has the best estimated mean of loss, 1.30 (higher is better)."


def test_no_difference_is_no_equality():
    apart, tied, model, test = verdict(tables())[1:]
    assert apart.startswith("A differs from B (difference −0.300") and "C (" not in apart
    assert "t(12) = −3.00, corrected p = 0.001" in apart
    assert tied.startswith("No difference is shown between A and C (") and "no proof that they are equal" in tied
    assert model == (
        "Linear mixed model loss ~ algorithm + (1 | benchmark), by restricted maximum likelihood, on 60 rows, "
        "6 levels of benchmark."
    )
    assert "Tukey's studentised range over 3 comparisons" in test


def test_intervals_are_called_simultaneous_only_where_they_are():
    assert "p-values and intervals by Tukey" in verdict(tables())[-1]
    assert verdict(tables(method="holm"))[-1].endswith("each interval by itself at 95 %.")
    uncorrected = verdict(tables(method="none"))
    assert "corrected p" not in uncorrected[1] and "no correction" in uncorrected[-1]


def test_what_was_not_compared_is_said():
    assert "A and C could not be compared: no rows in common." in verdict(tables(p_other=None))
    without = {name: rows for name, rows in tables().items() if name != "lmem_contrast"}
    assert verdict(without)[1] == "Whether it differs from another was not asked (no contrasts)."
    assert verdict({}) == ["There is no fitted model."]


def test_p_values_are_printed_as_journals_do():
    assert [p_value(p) for p in (1e-9, 0.00029, 0.0466, 0.4)] == ["< 0.0001", "= 0.00029", "= 0.047", "= 0.40"]
